import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { delayed, fromJSON, fromModule, type Delayed } from "../../lib/index.ts";
import { encodeValue } from "../../lib/values.ts";
import type * as Tasks from "../aws/wave-tasks.ts";
import { failureOf } from "../runtime/plans.ts";
import { startCloud } from "./cloud.ts";

const cloud = await startCloud();

describe.skipIf(cloud === undefined)("graphs of calls that a stack runs by waves", () => {
  if (cloud === undefined) return;
  const { client, local, url, put, emulator, stack } = cloud;
  const bits = (value: unknown) => Buffer.from(encodeValue(value)).toString("base64");
  let tasks: typeof Tasks;

  beforeAll(async () => {
    tasks = await fromModule<typeof Tasks>(new URL("../aws/wave-tasks.ts", import.meta.url));
    await put("data/a.csv", "n\n1\n2\n3\n");
  });
  afterAll(() => cloud.stop());

  /** A shared call, calls that give more calls and a collection, a large result. */
  function graph(): Delayed<unknown> {
    const { load, total, spread, frame, rows, large, item } = tasks;
    const shared = load(7);
    const xs = large(20_000, 0.1);
    return delayed({
      total: total([shared, load(2), shared]),
      more: [spread(5), rows([frame(url("data/a.csv"))] as never)],
      items: [item(xs, 1), item(xs, 19_999)],
    });
  }

  test("give what they give here, to the bit, and are found again", async () => {
    const { id } = await client.start(graph());
    const run = await client.attach(id);
    expect(bits(await run.result())).toBe(bits(await local.compute(graph())));
    expect(await run.status()).toMatchObject({ state: "succeeded" });
    const left = (await cloud.keys(`runs/${id}/`)).map((key) => key.split("/")[2]);
    expect(left.filter((name) => !/^(request|begun|outcome)\.json$/.test(name))).toEqual([]);
    // Calls are made by workers, not by the function for single ones.
    const names = new Set(emulator.lambda.ended.map(({ name }) => name));
    expect(names.has(stack.functions.work ?? "")).toBe(true);
    expect(names.has(stack.functions.call ?? "")).toBe(false);
  }, 300_000); // four rounds, one after the other

  test("fail with the call's own error, by its name", async () => {
    const { fails, add } = tasks;
    // By its JSON: here a module brings its own copy of the library, since Vitest compiles the other.
    const failing = fromJSON(JSON.parse(JSON.stringify(add(fails(1), add(fails(9), 2)))) as unknown);
    const error = await failureOf((await client.start(failing)).result());
    const here = await failureOf(Promise.resolve(local.compute(failing)));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: here.message, cause: { message: "deep" } });
    expect(error.stack).toMatch(/in task fails-\d+: fails\(9\)/);
  });

  test("come as pipelines, with functions that every engine has", async () => {
    const calls = [
      { fn: { kind: "builtin", name: "Math.sqrt" }, args: [{ json: 16 }], options: { pure: true, retries: 1 } },
      { fn: { kind: "builtin", name: "Math.max" }, args: [{ call: 0 }, { json: 3 }] },
    ];
    const Payload = JSON.stringify({ run: "graph", collection: { abanico: 1, delayed: { calls, root: 1 } } });
    const lambda = new LambdaClient(emulator.config);
    await lambda.send(new InvokeCommand({ FunctionName: stack.outputs["StartFunction"], Payload }));
    expect(await (await client.attach("graph")).result()).toBe(4);
  });
});
