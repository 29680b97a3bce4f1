import { afterEach, describe, expect, test, vi } from "vitest";
import { Submitter } from "../../lib/client/calls.ts";
import { gather } from "../../lib/client/gather.ts";
import { delayed, fromModule, type Client } from "../../lib/index.ts";
import { createAwsRuntime } from "../../lib/runtime/aws/runtime.ts";
import { call } from "../../lib/runtime/aws/call.ts";
import type { CallRequest } from "../../lib/runtime/aws/call-protocol.ts";
import { Congestion } from "../../lib/runtime/aws/congestion.ts";
import { setBundleSource } from "../../lib/callables/registry.ts";
import { useBundlesOf } from "../../lib/runtime/aws/bundle-files.ts";
import { recordTasks } from "../../lib/callables/console.ts";
import { importBundle } from "../../lib/callables/bundle.ts";
import type * as Tasks from "../client/futures-tasks.ts";
import { failureOf, loadTasks } from "../client/futures-suite.ts";
import { stackWith } from "./cloud-run.ts";
import { answerOf, clientCloud, realTime } from "./client-cloud.ts";
import { fakeClient, sdkError, type FakeOptions } from "./fake-clients.ts";

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
const connected = async (fake: FakeOptions = {}, stack = stackWith()) => {
  const made = await fakeClient(stack, fake);
  clients.push(made.client);
  return made;
};
const inc = (x: number) => x + 1;

describe("what comes back", () => {
  test("many small calls take few invocations", async () => {
    const { client, sent } = await connected();
    const sums = await client.gather(
      client.map(
        inc,
        Array.from({ length: 20_000 }, (_, i) => i),
      ),
    );
    expect(sums[19_999]).toBe(20_000);
    expect(sent.filter(({ command }) => command === "InvokeCommand").length).toBeLessThan(600);
  });

  test("large values go by S3, each once, and nothing of them stays", async () => {
    const { client, stack, sent } = await connected();
    const large = new Float64Array(2_000_000).fill(0.5);
    const held = await client.scatter(large);
    const lengths = client.map((i: number, array: Float64Array) => array.length + i, [1, 2, 3, 4], held);
    expect(await client.gather(lengths)).toEqual([2_000_001, 2_000_002, 2_000_003, 2_000_004]);
    const made = client.submit((array: Float64Array) => array.map((x) => x * 2), held);
    const used = client.submit((array: Float64Array) => array[7], made);
    expect(await used).toBe(1);
    const keys = await stack.keys("runs/calls-");
    expect(keys.filter((key) => key.includes("/in/value-"))).toHaveLength(1);
    expect(keys.filter((key) => key.includes("/out/"))).toHaveLength(1);
    const bytes = sent.flatMap(({ input }) =>
      input["Payload"] instanceof Uint8Array ? [input["Payload"].length] : [],
    );
    expect(Math.max(...bytes)).toBeLessThan(100_000);
    await client.close();
    expect(await stack.keys("runs/calls-")).toEqual([]);
  });

  test("errors and output beyond an answer's room do not end the function", async () => {
    const { client } = await connected();
    recordTasks();
    // Calls that take no time travel many at a time.
    const many = Array.from({ length: 6_000 }, (_, i) => i);
    const fails = client.map((i: number) => {
      if (i > 5_900) throw new RangeError(`${i} ${"x".repeat(1_000_000)}`);
    }, many);
    for (const [i, end] of (await Promise.allSettled(fails)).entries())
      if (i > 5_900)
        expect(end).toMatchObject({ status: "rejected", reason: { name: "RangeError", message: expect.stringMatching(`^${i} x`) } }); // prettier-ignore
    const prints = client.map((i: number) => {
      if (i > 5_900) process.stderr.write(" ".repeat(900_000));
      return i;
    }, many);
    const shown = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      expect(await client.gather(prints)).toHaveLength(6_000);
    } finally {
      shown.mockRestore();
    }
  });

  test("arguments that make the request too large go by S3 as well", async () => {
    const { client } = await connected();
    const text = "é".repeat(4_000_000);
    expect(await client.submit((given: string) => given.length, text)).toBe(4_000_000);
  });

  test("a result that was written to the client's disk is sent with the call that needs it", async () => {
    const stack = stackWith();
    const runtime = createAwsRuntime({ cloud: realTime(clientCloud(stack).cloud), vaultBytes: 100_000 });
    const compute = () => {
      throw new Error("no collection is computed here");
    };
    const client = new Submitter({ calls: runtime.calls, compute });
    const many = client.map(
      (i: number) => new Uint8Array(60_000).fill(i),
      Array.from({ length: 12 }, (_, i) => i),
    );
    await gather(many);
    // Files are written behind.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const total = client.submit((...arrays: Uint8Array[]) => arrays.reduce((sum, one) => sum + one[9], 0), ...many);
    expect(await total).toBe(66);
    await runtime.close();
  });

  test("graphs of delayed calls, and calls that give more calls", async () => {
    const { client } = await connected();
    const add = delayed((a: number, b: number) => a + b);
    let level = Array.from({ length: 64 }, (_, i) => add(i, 0));
    while (level.length > 1) level = level.filter((_, i) => i % 2 === 0).map((one, i) => add(one, level[2 * i + 1]));
    expect(await client.compute(level[0])).toBe(2_016);
  });
});

describe("what goes wrong", () => {
  test("throttles are waited out, and fewer calls go out at a time", async () => {
    let refused = 0;
    const { client } = await connected({
      onInvoke: async (n) => (n % 2 === 0 && refused++ < 20 ? sdkError("TooManyRequestsException", "Rate Exceeded", 429) : undefined), // prettier-ignore
    });
    expect(await client.gather(client.map(inc, [1, 2, 3, 4, 5, 6, 7, 8, 9]))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(refused).toBeGreaterThan(1);
  });

  test("an answer that was lost is asked for again", async () => {
    const stack = stackWith();
    let ran = 0;
    const { client } = await connected(
      {
        onInvoke: async (n, payload) => {
          if (n > 1) return undefined;
          await answerOf(stack.services, payload);
          ran++;
          return n === 0 ? sdkError("ServiceException", "it was done", 502) : Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }); // prettier-ignore
        },
      },
      stack,
    );
    expect(await client.submit(inc, 1)).toBe(2);
    expect(ran).toBe(2);
  });

  test("a function that dies is told with the end of its log, after three times", async () => {
    let died = 0;
    const { client } = await connected({
      onInvoke: async () => {
        died++;
        return {
          kind: "died",
          reason: "Runtime exited with error: signal: killed",
          log: "START\nFATAL heap\nREPORT\n",
        };
      },
    });
    const error = await failureOf(client.submit(inc, 1));
    expect(error).toMatchObject({ tag: "WorkerDied" });
    expect(error.message).toMatch(/took its worker down 3 times: out of memory .*signal: killed.*\n.*log of the function:\n.*START\n.*FATAL heap/); // prettier-ignore
    expect(died).toBe(3);
  });

  test("of many calls only the one that the function dies of fails", async () => {
    const stack = stackWith();
    const { client } = await connected(
      {
        onInvoke: async (_, payload) => {
          const { places, indices, bytes } = JSON.parse(payload) as CallRequest;
          const isDeadly = places.some((place) => indices[place] === 5) && bytes.length > 0;
          return isDeadly ? { kind: "died", reason: "exit 1" } : undefined;
        },
      },
      stack,
    );
    const futures = client.map(
      inc,
      Array.from({ length: 40 }, (_, i) => i),
    );
    const ends = await Promise.allSettled(futures);
    expect(ends.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(ends[5]).toMatchObject({ status: "rejected", reason: { tag: "WorkerDied" } });
  });

  test("what may not be called fails every call, and says which permission is missing", async () => {
    const { client } = await connected({
      onInvoke: async () => sdkError("AccessDeniedException", "not authorized", 403),
    });
    const error = await failureOf(client.submit(inc, 1));
    expect(error).toMatchObject({ tag: "Unreadable" });
    expect(error.message).toContain("lambda:InvokeFunction on Abanico-Call");
  });

  test("a time limit is told, and the call's signal is aborted", async () => {
    const { client } = await connected();
    const endless = async () => {
      await new Promise(() => setInterval(() => undefined, 50).unref());
    };
    const error = await failureOf(client.with({ timeout: 40 }).submit(endless));
    expect(error).toMatchObject({ tag: "TaskTimeout", fields: { timeoutMs: 40 } });
  });

  test("a call that is cancelled is told by a marker, and frees its place at once", async () => {
    const stack = stackWith();
    const answers: Promise<unknown>[] = [];
    const begun = Promise.withResolvers<void>();
    const { client } = await connected(
      {
        onInvoke: async (_, payload) => {
          const answer = answerOf(stack.services, payload);
          answers.push(answer);
          begun.resolve();
          return answer;
        },
      },
      stack,
    );
    const tasks = await loadTasks();
    const future = client.submit(tasks.untilTold);
    await begun.promise;
    await new Promise((resolve) => setTimeout(resolve, 50));
    future.cancel();
    expect(await failureOf(future)).toMatchObject({ tag: "Cancelled" });
    expect(await client.submit(inc, 1)).toBe(2);
    // The function itself ends too, long before its time is over.
    expect(await answers[0]).toMatchObject({ kind: "answered" });
    expect((await stack.keys("runs/calls-")).some((key) => key.includes("/stop/"))).toBe(true);
  });

  test("other code than the client's is refused by the function", async () => {
    const services = { ...stackWith().services, bundle: "theirs" };
    const request = { abanico: 1, bundle: "ours" } as CallRequest;
    expect(await call(request, services)).toMatchObject({ outcomes: [], refused: { tag: "Unreadable" } });
    expect(await call({ ...request, abanico: 2 as 1 }, services)).toMatchObject({ refused: { message: /version 2/ } });
  });

  test("there are no workers to run something on each of", async () => {
    const { client } = await connected();
    expect(await failureOf(client.run(inc, 1))).toMatchObject({ tag: "Option", message: /client\.map/ });
  });
});

describe("modules of functions", () => {
  afterEach(() => setBundleSource(undefined));

  test("go to the bucket with their packages inside, and classes come back as themselves", async () => {
    const { client, stack } = await connected();
    const tasks = await fromModule<typeof Tasks>(new URL("../client/futures-tasks.ts", import.meta.url));
    const error = await failureOf(client.submit(tasks.takeFrom, 1, 3));
    expect(error).toBeInstanceOf(tasks.Shortage);
    const bundles = await stack.keys("bundles/");
    expect(bundles).toHaveLength(1);
    const text = new TextDecoder().decode(await stack.services.store.get(`s3://bucket/${bundles[0]}`));
    expect(text).not.toMatch(/^import .* from "(?!node:)/m);
  });

  test("are loaded from the bucket, where there is no such file", async () => {
    const { client, stack } = await connected();
    const tasks = await loadTasks();
    await failureOf(client.submit(tasks.takeFrom, 1, 3));
    const [key] = await stack.keys("bundles/");
    const cloud = /bundles\/(.*)\.mjs/.exec(key)?.[1] ?? "";
    useBundlesOf(stack.services);
    const gone = { bundle: "file:///nowhere/module.mjs", hash: "1".repeat(32), cloud };
    const namespace = await importBundle(gone);
    expect(Reflect.get(namespace, "takeFrom")).toBeInstanceOf(Function);
    expect(await failureOf(importBundle({ ...gone, cloud: "2".repeat(32) }))).toMatchObject({ tag: "Callable" });
  });
});

test("the window grows until something is refused, shrinks once for what was out, and then grows slowly", () => {
  const congestion = new Congestion(100);
  const windows = [congestion.window];
  for (let i = 0; i < 24; i++) congestion.succeeded();
  windows.push(congestion.window);
  congestion.refused(0, 10);
  congestion.refused(5, 11);
  windows.push(congestion.window);
  for (let i = 0; i < 22; i++) congestion.succeeded();
  windows.push(congestion.window);
  congestion.refused(12, 20);
  windows.push(congestion.window);
  expect(windows).toEqual([8, 32, 22, 23, 16]);
  for (let i = 0; i < 50; i++) congestion.refused(100 + i, 100 + i);
  expect(congestion.window).toBe(1);
});
