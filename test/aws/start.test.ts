import { expect, test } from "vitest";
import { PlanError, type Json } from "../../lib/errors.ts";
import { advance } from "../../lib/runtime/aws/advance.ts";
import { start } from "../../lib/runtime/aws/start.ts";
import { filled } from "../../lib/runtime/aws/placeholders.ts";
import { requestOf } from "../../lib/runtime/aws/run-objects.ts";
import { col, readCsv } from "../../lib/index.ts";
import { callOf, failureOf, planOf } from "../runtime/plans.ts";
import { stackWith } from "./cloud-run.ts";

const plainOf = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;
const perProduct = (paths: string) =>
  plainOf(
    readCsv(paths)
      .groupBy("p")
      .agg({ n: col("n").sum() }),
  );

/** What EventBridge tells of an object. */
const dropped = (key: string, sequencer = "005", bucket = "bucket") => ({
  version: "0",
  source: "aws.s3",
  "detail-type": "Object Created",
  detail: { bucket: { name: bucket }, object: { key, size: 10, etag: "e", sequencer }, reason: "PutObject" },
});

const PIPELINES = {
  "pipelines/daily.json": JSON.stringify({ match: "incoming/*.csv", collection: perProduct("{{url}}") }),
  "pipelines/team/both.json": JSON.stringify({
    match: ["incoming/{may,june}.csv", "other/**"],
    collection: plainOf(readCsv("{{url}}")),
    write: { format: "parquet", path: "s3://{{bucket}}/clean/{{stem}}-*.parquet", overwrite: true },
    notify: false,
    maxCost: 5,
  }),
  "incoming/may.csv": "p,n\na,1\nb,2\na,3\n",
};

test("a dropped file starts every pipeline that waits for it, each once, however often that is told", async () => {
  const stack = stackWith(PIPELINES);
  await stack.ready;
  const begun: string[] = [];
  stack.simulation.onStartRun = (run) => void begun.push(run);
  const { runs } = await start(dropped("incoming/may.csv"), stack.services);
  expect(runs.map(({ pipeline }) => pipeline)).toEqual(["daily", "team/both"]);
  expect(await start(dropped("incoming/may.csv"), stack.services)).toEqual({ runs });
  expect(new Set(begun)).toEqual(new Set(runs.map(({ run }) => run)));
  expect((await start(dropped("incoming/may.csv", "006"), stack.services)).runs[0].run).not.toBe(runs[0].run);
  expect((await start(dropped("incoming/july.csv"), stack.services)).runs).toHaveLength(1);
  expect((await start(dropped("incoming/deep/may.csv"), stack.services)).runs).toEqual([]);
  const [daily, both] = runs;
  const { what, notify, maxCost } = await requestOf(stack.services, both.run);
  expect({ notify, maxCost }).toEqual({ notify: false, maxCost: 5 });
  const write = { format: "parquet", path: "s3://bucket/clean/may-*.parquet", overwrite: true, encoding: {} };
  expect(what).toMatchObject({
    name: "team/both",
    write,
    collection: { frame: { paths: ["s3://bucket/incoming/may.csv"] } },
  });
  expect(await stack.execute(daily.run)).toMatchObject({ ok: true });
  const csv = await stack.services.store.get(`s3://bucket/results/${daily.run}/table.csv`);
  expect(new TextDecoder().decode(csv)).toBe("p,n\na,4\nb,2\n");
  const notices = stack.simulation.queue("queue/results").take(() => 0);
  expect(notices.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { run: daily.run, name: "daily", ok: true, results: `s3://bucket/results/${daily.run}/` },
  ]);
  expect(await stack.execute(both.run)).toMatchObject({ ok: true });
  expect(await stack.keys("clean/")).toEqual(["clean/may-00000.parquet"]);
});

test("what the stack writes itself starts nothing", async () => {
  const all = JSON.stringify({ match: "**", collection: perProduct("{{url}}") });
  const stack = stackWith({ "pipelines/all.json": all });
  await stack.ready;
  for (const key of ["results/r/table.csv", "runs/r/request.json", "pipelines/x.json", "bundles/b.mjs"])
    expect((await start(dropped(key), stack.services)).runs).toEqual([]);
  expect((await start(dropped("results/x.csv", "1", "elsewhere"), stack.services)).runs).toHaveLength(1);
});

test("a pipeline that is wrong says in which file and where, and does not keep others from their files", async () => {
  const stack = stackWith({
    ...PIPELINES,
    "pipelines/a.json": JSON.stringify({ match: "**", collection: { abanico: 1, frame: { kind: "cvs" } } }),
  });
  await stack.ready;
  const begun: string[] = [];
  stack.simulation.onStartRun = (run) => void begun.push(run);
  const error = await failureOf(start(dropped("incoming/may.csv"), stack.services));
  expect(error).toMatchObject({ tag: "Plan", fields: { path: "collection.frame.kind", pipeline: "pipelines/a.json" } });
  expect(error.message).toMatch(/pipelines\/a\.json.*"csv"/s);
  expect(begun).toHaveLength(2);
});

test("plain JSON starts a run: a collection, a plan, a pipeline by name", async () => {
  const stack = stackWith(PIPELINES);
  await stack.ready;
  const { services } = stack;
  const begin = async (event: object) => (await start(event, services)).runs[0].run;
  const collection = perProduct("s3://bucket/incoming/may.csv");
  expect(await requestOf(services, await begin({ collection, notify: true, deadlineMs: 1_000 }))).toMatchObject({
    what: { kind: "collection", collection },
    notify: true,
    deadlineMs: 1_000,
  });
  expect(await begin({ ...(collection as object), run: "mine" })).toBe("mine");
  expect(await requestOf(services, "mine")).toMatchObject({ what: { collection } });
  const plan = planOf({ work: callOf("one"), tasks: 2 });
  expect(await requestOf(services, await begin({ plan, run: "plan" }))).toMatchObject({ what: { kind: "plan", plan } });
  expect(await requestOf(services, await begin({ pipeline: "daily", key: "incoming/may.csv" }))).toMatchObject({
    what: { name: "daily", collection: { frame: { input: { paths: ["s3://bucket/incoming/may.csv"] } } } },
  });
  expect(await failureOf(start({ pipeline: "daily" }, services))).toMatchObject({ tag: "Plan" });
  expect(await failureOf(start({ pipeline: "nightly" }, services))).toMatchObject({ tag: "NotFound" });
});

test("an execution may be started by plain JSON without anything before it", async () => {
  const stack = stackWith(PIPELINES);
  await stack.ready;
  const { services } = stack;
  const run = "0f0e8a4c-7f0a-4b1e-9a51-5f6f2c1a4f3e";
  const asked = { pipeline: "daily", key: "incoming/may.csv" };
  expect(await advance({ run, asked }, services)).toMatchObject({ action: "stage", run, stage: "scan" });
  expect(await requestOf(services, run)).toMatchObject({ run, what: { name: "daily" } });
  // Once there is a request the input does not count.
  expect(await advance({ run, asked: { pipeline: "other" } }, services)).toMatchObject({ run });
  expect(await failureOf(advance({ run: "x", asked: { run: "x" } }, services))).toMatchObject({ tag: "NotFound" });
  expect(await failureOf(advance({ run: "x", asked: { collection: 1 } }, services))).toMatchObject({
    fields: { path: "collection" },
  });
});

const collection = perProduct("s3://bucket/x.csv");
test.each<[unknown, string]>([
  ["text", ""],
  [{}, "collection"],
  [{ colection: collection }, "colection"],
  [{ collection: 5 }, "collection"],
  [{ collection: { abanico: 2, frame: {} } }, "collection.abanico"],
  [{ collection: { abanico: 1, frame: { kind: "csv", paths: [] } } }, "collection.frame.paths"],
  [{ abanico: 1, frame: { kind: "csv", paths: "x" } }, "frame.paths"],
  [{ collection, notify: "yes" }, "notify"],
  [{ collection, maxCost: -1 }, "maxCost"],
  [{ collection, write: { format: "xls", path: "s3://b/x" } }, "write.format"],
  [{ collection, write: { format: "csv" } }, "write.path"],
  [{ collection, write: { format: "csv", path: "s3://b/x/", overwrite: 1 } }, "write.overwrite"],
  [{ collection: { abanico: 1, delayed: { calls: [], root: 0 } } }, "collection.delayed.root"],
  [{ collection, plan: { abanico: 1 } }, "collection"],
  [{ plan: { abanico: 1, stages: [], notes: [] } }, "plan.stages"],
  [{ collection, run: "no such/name" }, "run"],
  [{ pipeline: 3 }, "pipeline"],
  [{ pipeline: "daily", url: "x" }, "url"],
  [{ "detail-type": "Object Deleted" }, "detail-type"],
  [{ "detail-type": "Object Created", detail: {} }, "detail.object"],
  [{ "detail-type": "Object Created", detail: { object: { key: "x" }, bucket: { name: 1 } } }, "detail.bucket.name"],
])("wrong JSON is refused with its place (%#)", async (event, path) => {
  const error = await failureOf(start(event, stackWith().services));
  expect(error).toBeInstanceOf(PlanError);
  expect(error).toMatchObject({ fields: { path } });
  expect(error.message).toMatch(/fix:/);
});

test("placeholders stand wherever a text is, and nowhere else", () => {
  const json = {
    "{{key}}": ["{{name}} {{stem}} {{run}}", 5, null, { kind: "inline", source: "{{url}}" }],
    x: "{{other}}",
  };
  expect(filled(json, { bucket: "b", key: "in/a.b.csv" }, "r")).toEqual({
    "{{key}}": ["a.b.csv a.b r", 5, null, { kind: "inline", source: "{{url}}" }],
    x: "{{other}}",
  });
});
