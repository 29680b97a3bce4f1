/**
 * How fast Collect folds, and in how much memory: 100,000 partials of a group by in messages, in three orders of arrival; and partials of a megabyte that lie
 * in S3. Queue and bucket are in this process and answer at once, so this is what Collect itself takes; each variant is a process of its own.
 *
 *     node bench/cloud-collect.ts [--partials 100_000]
 */
import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { parseArgs } from "node:util";
import { col, readCsv, size } from "../lib/index.ts";
import { lowerFrame } from "../lib/plan/lower/frame.ts";
import type { Plan, Stage } from "../lib/plan/plan.ts";
import { taskAt, taskCount } from "../lib/plan/rules.ts";
import { collect } from "../lib/runtime/aws/collect.ts";
import { planKey, requestKey } from "../lib/runtime/aws/keys.ts";
import { checksumOf } from "../lib/runtime/aws/outputs.ts";
import type { PartOf, WorkMessage } from "../lib/runtime/aws/protocol.ts";
import { doneOf, partialOf, putJson } from "../lib/runtime/aws/run-objects.ts";
import type { Message, Services } from "../lib/runtime/aws/services.ts";
import { runTask } from "../lib/runtime/task.ts";
import { memoryStore } from "../lib/store/memory.ts";
import { peakRss } from "./measure.ts";

const PLACE = { run: "run", part: 0, stage: "only" };
/** Workers at a time: so far apart may arrive what was started together. */
const WINDOW = 10_000;
const ORDERS = ["in order", `within ${WINDOW}`, "any order"] as const;

interface Subject {
  readonly plan: Plan;
  /** The output of task i. */
  part(index: number): PartOf;
  /** Objects that are not in the bucket's memory: they are made as they are read. */
  object?(key: string): Uint8Array | undefined;
}

/** Partials of a real group by: 200 of them, again and again. */
async function groupBy(count: number): Promise<Subject> {
  const rows = Array.from({ length: 40_000 }, (_, i) => `k${(i * 7_919) % 97},${i % 13},${(i % 1_001) / 8}`);
  const store = memoryStore();
  await store.put("memory://bench/rows.csv", new TextEncoder().encode(`k,n,x\n${rows.join("\n")}\n`));
  const frame = readCsv("memory://bench/rows.csv", { blockSize: 2_600 })
    .groupBy("k")
    .agg({ n: col("n").sum(), x: col("x").mean(), most: col("x").max(), rows: size() });
  const { plan } = await lowerFrame(frame.node, { store });
  const stage = plan.stages[plan.stages.length - 1];
  const bodies: Omit<PartOf, "first">[] = [];
  for (let index = 0; index < taskCount(stage.tasks); index++) {
    const fetch = () => Promise.reject(new Error("nothing is fetched"));
    const context = { store, fetch, signal: new AbortController().signal, attempt: 1 };
    const { body, span } = await runTask(stage, taskAt(stage, index), context);
    if (span?.doubt !== undefined) continue;
    const encoded = Buffer.from(body).toString("base64");
    bodies.push({ level: 0, size: body.byteLength, checksum: checksumOf(body), body: encoded });
  }
  return { plan: planOver(stage, count), part: (index) => ({ first: index, ...bodies[index % bodies.length] }) };
}

/** Vectors of a megabyte in S3. */
async function large(count: number): Promise<Subject> {
  const bytes = new Uint8Array(2 ** 20);
  randomFillSync(bytes.subarray(0, 1_000));
  const checksum = checksumOf(bytes);
  const module = new URL("../test/runtime/kernels.ts", import.meta.url).href;
  const call = (name: string) => ({ op: "call", params: { module, name } });
  const stage: Stage = {
    id: "only",
    work: call("one"),
    tasks: { kind: "count", count },
    output: { kind: "fold", fold: call("vectorSum") },
    estimate: { bytesIn: 0, peakBytes: { task: 1 } },
  };
  return {
    plan: planOver(stage, count),
    part: (first) => ({ first, level: 0, size: bytes.byteLength, checksum, key: `out/${first}` }),
    object: (key) => (key.startsWith("out/") ? bytes.slice() : undefined),
  };
}

function planOver(stage: Stage, count: number): Plan {
  return { abanico: 1, stages: [{ ...stage, id: PLACE.stage, tasks: { kind: "count", count } }], notes: [] };
}

function* orderOf(order: (typeof ORDERS)[number], count: number): Generator<number> {
  const width = order === "in order" ? 1 : order === "any order" ? count : Math.min(count, WINDOW);
  const waiting = Uint32Array.from({ length: width }, (_, i) => i);
  let [left, state] = [width, 1];
  for (let given = 0, next = width; given < count; given++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const at = Math.floor((state / 2 ** 32) * left);
    yield waiting[at];
    waiting[at] = next < count ? next++ : waiting[--left];
  }
}

async function measure(what: string, order: (typeof ORDERS)[number], count: number): Promise<void> {
  const subject = await (what === "large" ? large(count) : groupBy(count));
  const objects = memoryStore();
  const inside = (url: string) => url.replace(/^s3:/, "memory:");
  let spilled = 0;
  let largest = 0;
  const store: Services["store"] = {
    ...objects,
    get: async (url) => subject.object?.(url.slice("s3://bucket/".length)) ?? objects.get(inside(url)),
    put: (url, bytes, options) => {
      if (url.includes("/spill/")) spilled += bytes.byteLength;
      return objects.put(inside(url), bytes, options);
    },
    // Checkpoints: S3 would have them, this process has not.
    putStream: async (url, chunks) => {
      let bytes = 0;
      for await (const chunk of chunks) bytes += chunk.byteLength;
      largest = Math.max(largest, bytes);
      return { url, size: bytes, etag: "" };
    },
    async *list(prefix, options) {
      for await (const info of objects.list(inside(prefix), options))
        yield { ...info, url: info.url.replace(/^memory:/, "s3:") };
    },
  };
  const indices = orderOf(order, count);
  let exhausted = 0;
  const messageOf = (index: number): string => {
    const part = subject.part(index);
    const tasks = [{ index, recordsIn: 200, recordsOut: 97, bytesOut: part.size, ms: 5 }];
    const batch = { first: index, count: 1 };
    const outcome = { kind: "done", parts: [part], tasks } as const;
    const message: WorkMessage = { ...PLACE, round: 0, queue: "q", batch, ms: 5, worker: "w", outcome };
    return JSON.stringify(message);
  };
  const services: Services = {
    store,
    bucket: "bucket",
    resultsQueue: "",
    taskBytes: 2 ** 30,
    queues: {
      create: async () => "q",
      remove: async () => {},
      send: async () => {},
      receive: async () => {
        const messages: Message[] = [];
        for (let step = indices.next(); step.done !== true; step = indices.next()) {
          messages.push({ body: messageOf(step.value), receipt: "r" });
          if (messages.length === 10) return messages;
        }
        if (messages.length === 0 && exhausted++ > 100) throw new Error("all messages were received, and it waits");
        return messages;
      },
      delete: async () => {},
    },
    startWork: async () => {},
    startRun: async () => {},
    clock: { now: () => Date.now(), remaining: () => Infinity, sleep: async () => {} },
    log: () => {},
  };
  const request = { abanico: 1, run: "run", createdAt: Date.now(), what: { kind: "plan", plan: subject.plan } };
  await putJson(services, requestKey("run"), request);
  await putJson(services, planKey("run", 0), subject.plan);
  const before = process.cpuUsage();
  const began = performance.now();
  await collect({ ...PLACE, round: 0, queue: "q" }, services);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const done = await doneOf(services, PLACE);
  const partial = await partialOf(services, PLACE);
  if (done?.tasks !== count || done.recordsIn !== 200 * count || partial === undefined)
    throw new Error(`wrong: ${JSON.stringify(done)}`);
  const cpu = (user + system) / 1e6;
  const figures = [
    `${Math.round(count / seconds).toLocaleString("en")} messages/s`,
    `${((cpu / count) * 1e6).toFixed(0)} µs of CPU each`,
    `peak RSS ${(peakRss() / 1e6).toFixed(0)} MB`,
    `${(spilled / 1e6).toFixed(0)} MB spilled`,
    `largest checkpoint ${(largest / 1e6).toFixed(1)} MB`,
    `partial ${(subject.part(0).size / 1e3).toFixed(1)} kB`,
  ];
  console.log(`${what}, ${count.toLocaleString("en")} partials, ${order}: ${figures.join(", ")}`);
}

const { values } = parseArgs({
  options: { partials: { type: "string", default: "100000" }, what: { type: "string" }, order: { type: "string" } },
});
const partials = Number(values.partials.replaceAll("_", ""));
const chosen = ORDERS.find((order) => order === values.order);
if (values.what !== undefined && chosen !== undefined) await measure(values.what, chosen, partials);
else
  for (const what of ["group by", "large"])
    for (const order of ORDERS) {
      const count = what === "large" ? Math.ceil(partials / 50) : partials;
      const args = [import.meta.filename, "--what", what, "--order", order, "--partials", String(count)];
      const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
      if (status !== 0) process.exitCode = 1;
    }
