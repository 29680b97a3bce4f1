import { tableToIPC, type Table } from "apache-arrow";
import { expect, test } from "vitest";
import { col, readCsv, size } from "../../lib/index.ts";
import { writeTarget } from "../../lib/collections/dataframe/write.ts";
import { stackWith } from "./cloud-run.ts";

/** All functions as they are, while S3, SQS, Lambda and the functions' machines fail by chance: whatever happens, the bits are those of this machine. */
const RATES = {
  slowDown: 0.03,
  writeAnswerLost: 0.02,
  messageTwice: 0.1,
  messageLate: 0.02,
  sendFails: 0.05,
  receiveThrottled: 0.05,
  deleteSwallowed: 0.05,
  deleteFails: 0.03,
  collectDies: 0.003,
  workDies: 0.005,
  throttled: 0.05,
  functionError: 0.03,
  answerLost: 0.05,
  startLost: 0.1,
};
const SEEDS = Array.from({ length: Number(process.env["RUNS"] ?? 2) }, (_, i) => i + 1);

const text = (rows: number) =>
  Array.from({ length: rows }, (_, i) =>
    i % 40 === 9 ? `k${i % 5},"a\n${"1,x\n".repeat(60)}",${i / 7}` : `k${i % 5},b,${i / 7}`,
  ).join("\n");
const FILES = { "in/a.csv": `k,t,x\n${text(200)}\n`, "in/b.csv": `k,t,x\n${text(90)}\n` };
const rows = () => readCsv("s3://bucket/in/*.csv", { blockSize: 400 });
const bitsOf = (table: unknown) => Buffer.from(tableToIPC(table as Table, "stream")).toString("base64");

test.each(SEEDS)("a group by, a sort and a write come out as they should, seed %i", async (seed) => {
  const stack = stackWith(FILES, { seed, rates: RATES });
  const grouped = rows()
    .groupBy("k")
    .agg({ x: col("x").sum(), rows: size() });
  const sorted = rows().sort(["x", "t"]).select("k", "x");
  expect(bitsOf(await stack.compute(grouped, {}, "group"))).toBe(bitsOf(await stack.computeHere(grouped)));
  expect(bitsOf(await stack.compute(sorted, {}, "sort"))).toBe(bitsOf(await stack.computeHere(sorted)));
  const write = writeTarget("csv", "s3://bucket/out/", {});
  const files = (await stack.compute(rows(), { write }, "write")) as { path: string }[];
  expect(await stack.keys("out/")).toEqual(files.map(({ path }) => path.slice("s3://bucket/".length)));
  const back = readCsv("s3://bucket/out/*.csv")
    .groupBy("k")
    .agg({ x: col("x").sum(), rows: size() });
  expect(bitsOf(await stack.computeHere(back))).toBe(bitsOf(await stack.computeHere(grouped)));
  expect(stack.simulation.happened.size).toBeGreaterThan(5);
});
