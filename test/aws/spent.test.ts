import { expect, test } from "vitest";
import type { Json } from "../../lib/errors.ts";
import { col, readCsv } from "../../lib/index.ts";
import { projectedBill } from "../../lib/runtime/aws/cost.ts";
import { planOf } from "../../lib/runtime/aws/run-objects.ts";
import { stackWith } from "./cloud-run.ts";

/** Types turn out wider behind the sample: so the frame is planned twice. */
const CSV = `k,x\n${Array.from({ length: 200 }, (_, i) => `k${i % 3},${i === 90 ? "1.5" : i}`).join("\n")}\n`;
const what = () => ({
  kind: "collection" as const,
  collection: JSON.parse(
    JSON.stringify(
      readCsv("s3://bucket/in/*.csv", { blockSize: 100, sampleRows: 5 })
        .groupBy("k")
        .agg({ x: col("x").sum() }),
    ),
  ) as Json,
});

test("maxCost bounds the sum of a run's parts, as far as they are billed or projected", async () => {
  const run = async (maxCost?: number) => {
    const stack = stackWith({ "in/a.csv": CSV });
    await stack.request("run-1", what(), maxCost === undefined ? {} : { maxCost });
    return { stack, outcome: await stack.execute("run-1") };
  };
  const free = stackWith({ "in/a.csv": CSV }, {}, { finish: async () => undefined });
  await free.request("run-1", what());
  await free.ready;
  await free.simulation.run(free.machine.execute("run-1"));
  const memory = { workMemoryMb: 2_048 };
  const [first, second] = [
    projectedBill(await planOf(free.services, "run-1", 0), memory).dollars,
    projectedBill(await planOf(free.services, "run-1", 1), memory).dollars,
  ];
  // Enough for each of them, and not for both.
  const most = Math.max(first, second);
  const refused = (await run(most + Math.min(first, second) / 2)).outcome;
  expect(refused).toMatchObject({ ok: false, error: { tag: "Cost", fields: { before: first } } });
  expect(refused.ok ? "" : refused.error.message).toMatch(/has cost about \$.* its next plan is projected to cost \$/);
  expect((await run(first + second)).outcome).toMatchObject({ ok: true, part: 1 });
  expect((await run(first / 2)).outcome).toMatchObject({ ok: false, error: { fields: { before: 0 } } });
});
