import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SFNClient } from "@aws-sdk/client-sfn";
import { afterAll, describe, expect, test } from "vitest";
import { col, random, readCsv, type Collection } from "../../lib/index.ts";
import type { RunRequest } from "../../lib/runtime/aws/protocol.ts";
import { encodeValue } from "../../lib/values.ts";
import { sales, startCloud } from "./cloud.ts";
import { startMachine } from "./machines.ts";

const cloud = await startCloud({ environments: { collect: 4, work: 3 } });
const LANES = 4;

describe.skipIf(cloud === undefined)("a stage in several lanes", () => {
  if (cloud === undefined) return;
  const { client, url, put, emulator, stack } = cloud;
  afterAll(() => cloud.stop());

  /** As nobody asks for it but tests: what is small has one lane. */
  async function inLanes<T>(collection: Collection<T>, run: string): Promise<T> {
    const what = { kind: "collection", collection: JSON.parse(JSON.stringify(collection)) as never } as const;
    const request: RunRequest = { abanico: 1, run, createdAt: Date.now(), what, lanes: LANES };
    await put(`runs/${run}/request.json`, JSON.stringify(request));
    await startMachine(new SFNClient(emulator.config), stack.outputs["StateMachineArn"], {}, run);
    return (await client.attach(run)).result() as Promise<T>;
  }

  /** The lanes that Collect has told to be done, of this run. */
  const lanesDone = (run: string): readonly unknown[] =>
    emulator.lambda.ended
      .filter(({ name, outcome }) => name === stack.functions.collect && outcome.ok)
      .map(({ outcome }) => JSON.parse(outcome.payload) as { run: string; lane?: number; done: boolean })
      .filter((told) => told.run === run && told.done)
      .map(({ lane }) => lane)
      .sort();

  const bits = async (collection: Collection<unknown>, run: string): Promise<readonly unknown[]> => {
    const one = await (await client.start(collection)).result();
    expect(Buffer.compare(encodeValue(await inLanes(collection, run)), encodeValue(one))).toBe(0);
    return lanesDone(run);
  };

  test("gives the bits of one lane: a group by of files that go on from lane to lane", async () => {
    for (const month of [1, 2, 3]) await put(`data/sales_${month}.csv`, sales(month, 200));
    const frame = readCsv(url("data/sales_*.csv"), { blockSize: 1_000 })
      .groupBy("product")
      .agg({ mean: col("price").mean(), total: col("price").mul(col("quantity")).sum() });
    const lanes = await bits(frame, "lanes-frame");
    expect(lanes.length).toBeGreaterThan(2);
    expect(new Set(lanes).size).toBe(lanes.length);
  });

  test("and a deviation of numbers; no queue is left", async () => {
    const array = random.normal([96, 4], { chunks: [6, 4], seed: 5 }).std({ axis: 0 });
    expect(await bits(array, "lanes-array")).toEqual([0, 1, 2, 3]);
    const { QueueUrls = [] } = await new SQSClient(emulator.config).send(new ListQueuesCommand({}));
    expect(QueueUrls.filter((queue) => queue.includes("lanes-"))).toEqual([]);
  });
});
