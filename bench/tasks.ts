import { createLocalRuntime } from "../lib/runtime/local/local.ts";
import { callOf, planOf } from "../test/runtime/plans.ts";

/** Trivial independent tasks a second through a local runtime: prints one JSON line. */
const count = Number(process.argv[2] ?? 200_000);
const workers = Number(process.argv[3] ?? 2);
const startedAt = performance.now();
const runtime = createLocalRuntime({ workers });
await runtime.run(planOf({ work: callOf("one"), tasks: 2 }));
const firstMs = performance.now() - startedAt;
const rates: number[] = [];
for (let round = 0; round < 5; round++) {
  const begin = performance.now();
  const { partial } = await runtime.run(planOf({ work: callOf("one"), tasks: count }));
  if (partial !== count) throw new Error(`wrong sum: ${String(partial)}`);
  rates.push(Math.round(count / ((performance.now() - begin) / 1_000)));
}
rates.sort((a, b) => a - b);
await runtime.close();
console.log(
  JSON.stringify({
    job: "tiny tasks",
    workers,
    tasks: count,
    tasksPerSecond: rates[2],
    best: rates[4],
    firstResultMs: Math.round(firstMs),
  }),
);
