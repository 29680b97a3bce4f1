/**
 * On paper: what large runs take in a stack, by the planner's own projections and the table of prices: `node bench/cloud-scale.ts`. docs/scale.md has its tables.
 *
 * The plans are made as the client makes them, over a store that lists files nobody has. Nothing here was measured in an account of AWS's.
 */
import { NotFoundError } from "../lib/errors.ts";
import { col, fromSequence, readCsv, readImages } from "../lib/index.ts";
import { lowerBag } from "../lib/plan/lower/bag.ts";
import { lowerFrame } from "../lib/plan/lower/frame.ts";
import { lowerImages } from "../lib/plan/lower/images.ts";
import type { Plan } from "../lib/plan/plan.ts";
import { taskCount } from "../lib/plan/rules.ts";
import { money, projectedBill } from "../lib/runtime/aws/cost.ts";
import { lanesOf } from "../lib/runtime/aws/lanes.ts";
import { PRICES } from "../lib/runtime/aws/prices.ts";
import { batching, type Batching } from "../lib/runtime/aws/manifest.ts";
import { workerTaskBytes } from "../lib/runtime/aws/services.ts";
import type { ObjectInfo, Store } from "../lib/store/store.ts";

const WORK_MEMORY_MB = 1_769;
/** New execution environments of a function, in ten seconds (Lambda's scaling rate). */
const RAMP_PER_S = 100;
/** Children of a map that start in a second. */
const STARTS_PER_S = { EXPRESS: 1_000, STANDARD: 100 };
const CONCURRENCIES = [1_000, 5_000];

const SALES = "product,quantity,price\n" + "screwdriver,12,9.99\n".repeat(20_000);

/** A store that lists `count` files of `bytes` each. */
function listing(count: number, bytes: number, extension: string): Store {
  const sample = new TextEncoder().encode(SALES);
  const infoOf = (url: string): ObjectInfo => ({ url, size: bytes, etag: "paper" });
  const refuse = () => Promise.reject(new Error("there are no such files"));
  return {
    head: async (url) => {
      if (url.includes("*")) throw new NotFoundError(`there is no ${url}`);
      return infoOf(url);
    },
    open: async (url) => ({
      info: infoOf(url),
      read: async (start, end) => sample.subarray(start, Math.min(end, sample.length)),
      close: async () => undefined,
    }),
    get: refuse,
    put: refuse,
    putStream: refuse,
    async *list(prefix) {
      for (let i = 0; i < count; i++) yield infoOf(`${prefix}${String(i).padStart(7, "0")}.${extension}`);
    },
    delete: refuse,
  };
}

/** Between stages: Advance, the last messages, the partial. In seconds. */
const STAGE_S = 3;

/** Seconds until the last batch has ended, where environments and children start as fast as quotas let them, up to `concurrency` at once. */
function wallSeconds(plan: Plan, concurrency: number): number {
  return plan.stages.map((stage) => stageSeconds(batching(stage), concurrency)).reduce((sum, wall) => sum + wall, 0);
}

function stageSeconds({ batches, seconds, children }: Batching, concurrency: number): number {
  // Batches all take as long, so whoever began first is free first.
  const ends: number[] = [];
  let free = 0;
  for (let batch = 0; batch < batches; batch++) {
    const newcomer = batch - free < concurrency ? (batch - free) / RAMP_PER_S : Infinity;
    const begins = Math.max(Math.min(newcomer, ends[free] ?? Infinity), batch / STARTS_PER_S[children]);
    if ((ends[free] ?? Infinity) <= newcomer) free++;
    ends.push(begins + seconds);
  }
  return STAGE_S + (ends.at(-1) ?? 0);
}

async function plans(): Promise<Record<string, Plan>> {
  const taskBytes = workerTaskBytes(WORK_MEMORY_MB);
  const csv = listing(1_000, 1e9, "csv");
  const sales = readCsv("s3://bucket/sales/*.csv")
    .groupBy("product")
    .agg({ revenue: col("price").mul(col("quantity")).sum() });
  const images = readImages("s3://bucket/images/*.png").grayscale().write("s3://bucket/gray/{name}.png");
  const tasks = fromSequence(
    Array.from({ length: 1_000_000 }, (_, i) => i),
    { partitions: 1_000_000 },
  )
    .map((n) => n * 2)
    .sum();
  if (tasks.node.kind === "keptValue") throw new Error("a sum is computed");
  return {
    "1 TB of CSV, grouped": (await lowerFrame(sales.node, { store: csv, taskBytes })).plan,
    "100,000 images of 400 kB to gray": await lowerImages(images.node, { store: listing(100_000, 400_000, "png") }),
    "1,000,000 small tasks": await lowerBag(tasks.node.input, { to: "item", node: tasks.node }, { store: csv }),
  };
}

const row = (cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);
const heads = [
  "",
  "tasks",
  "batches",
  "children",
  "lanes",
  "a batch",
  ...CONCURRENCIES.map((n) => `wall at ${n.toLocaleString("en-US")}`),
];
row([...heads, "GB-seconds", "Lambda", "transitions", "Express", "S3 and SQS", "in all"]);
row(Array.from({ length: heads.length + 6 }, () => "---"));
for (const [name, plan] of Object.entries(await plans())) {
  const bill = projectedBill(plan, { workMemoryMb: WORK_MEMORY_MB });
  const [stage] = plan.stages;
  const planned = batching(stage);
  const { batches, seconds, children } = planned;
  row([
    name,
    taskCount(stage.tasks).toLocaleString("en-US"),
    batches.toLocaleString("en-US"),
    children,
    String(lanesOf(stage, planned).count),
    `${seconds.toFixed(1)} s`,
    ...CONCURRENCIES.map((concurrency) => `${Math.round(wallSeconds(plan, concurrency))} s`),
    Math.round(bill.lambdaGbSeconds).toLocaleString("en-US"),
    money(bill.lambdaGbSeconds * PRICES.lambdaGbSecond + bill.lambdaRequests * PRICES.lambdaRequest),
    money(bill.stateTransitions * PRICES.stateTransition),
    money(bill.expressRequests * PRICES.expressRequest + bill.expressGbSeconds * PRICES.expressGbSecond),
    money(bill.s3Reads * PRICES.s3Read + bill.s3Writes * PRICES.s3Write + bill.sqsRequests * PRICES.sqsRequest),
    money(bill.dollars),
  ]);
}
