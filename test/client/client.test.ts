import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CancelledError, Client, OptionError, PlanTooLargeError, col, readCsv, size } from "../../lib/index.ts";
import type { RunEvent, DataFrame } from "../../lib/index.ts";
import { lowerFrame } from "../../lib/plan/lower/frame.ts";
import { defaultStore } from "../../lib/store/default-store.ts";

const ROWS = 40_000;
let folder: string;
let numbers: DataFrame;
/** Some 20 shards. */
const blockSize = 16 * 1024;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "client-"));
  const lines = Array.from({ length: ROWS }, (_, i) => `${i},k${i % 3},${i / 2}`);
  await writeFile(join(folder, "numbers.csv"), `n,key,half\n${lines.join("\n")}\n`);
  numbers = readCsv(join(folder, "numbers.csv"), { blockSize });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("this should have failed");
}

describe("a client", () => {
  test("prints as Dask's does", async () => {
    await using client = await Client.local({ workers: 4, threadsPerWorker: 2, memoryLimit: "4GB" });
    expect(String(client)).toBe("<Client: 'local' workers=4 threads=8, memory=16.00 GB>");
    expect(inspect(client)).toBe(String(client));
    expect(client.info()).toEqual({ kind: "local", workers: 4, threads: 8, memoryBytes: 16e9 });
  });

  test("is made by URL too", async () => {
    await using client = await Client.connect("local://?workers=1&threadsPerWorker=2&memoryLimit=1GB");
    expect(String(client)).toBe("<Client: 'local' workers=1 threads=2, memory=1.00 GB>");
  });

  test.each<[string, () => Promise<Client>, RegExp]>([
    [
      "an unknown option",
      () => Client.local({ worker: 2 } as object),
      /no option "worker".*\n.*did you mean "workers"/,
    ],
    ["half a worker", () => Client.local({ workers: 1.5 }), /workers expects a whole number of at least 0, found 1\.5/],
    [
      "no threads",
      () => Client.local({ threadsPerWorker: 0 }),
      /threadsPerWorker expects a whole number of at least 1/,
    ],
    ["no size", () => Client.local({ memoryLimit: "much" }), /memoryLimit expects a size.*found "much"/],
    ["another scheme", () => Client.connect("http://a"), /expects a URL such as "local:\/\/\?workers=4"/],
    ["no URL", () => Client.connect("local"), /expects a URL/],
    ["a URL's unknown option", () => Client.connect("local://?wokers=2"), /did you mean "workers"/],
    ["a URL's bad number", () => Client.connect("local://?workers=two"), /workers expects a whole number/],
  ])("refuses %s", async (_, make, message) => {
    const error = await failureOf((async () => make())());
    expect(error).toBeInstanceOf(OptionError);
    expect(String(error)).toMatch(message);
  });

  test("closes once, and then refuses", async () => {
    const client = await Client.local({ workers: 1 });
    await client.close();
    await Promise.all([client.close(), client.shutdown(), client[Symbol.asyncDispose]()]);
    expect(() => client.compute(numbers)).toThrow(/This client is closed\.\n.*Client\.local/);
    await expect(failureOf((async () => client.explain(numbers))())).resolves.toBeInstanceOf(OptionError);
    await expect(failureOf(client.scale(2))).resolves.toBeInstanceOf(OptionError);
  });

  test("is what bare compute() uses, until it closes", async () => {
    const events: string[] = [];
    {
      await using client = await Client.local({ workers: 1 });
      client.onEvent(({ type }) => events.push(type));
      await numbers.agg({ n: size() }).compute();
    }
    expect(events).toContain("run-finished");
  });

  test("scales, also while something runs", async () => {
    await using client = await Client.local({ workers: 1 });
    const future = client.compute(numbers.agg({ total: col("n").sum() }));
    await client.scale(3);
    expect(client.threads).toBe(3);
    expect(String(client)).toMatch(/workers=3 threads=3,/);
    expect((await future).getChild("total")?.get(0)).toBe(BigInt((ROWS * (ROWS - 1)) / 2));
    await client.scale(1);
    expect(client.info()).toMatchObject({ workers: 1, threads: 1 });
    await expect(failureOf(client.scale(0))).resolves.toBeInstanceOf(OptionError);
  });

  test("refuses what its memory cannot hold, with a block size that fits", async () => {
    await using client = await Client.local({ workers: 1, memoryLimit: "10MB" });
    const error = await failureOf(client.compute(readCsv(join(folder, "numbers.csv"), { blockSize: "64MB" })));
    expect(error).toBeInstanceOf(PlanTooLargeError);
    expect(String(error)).toMatch(/limit is 10\.00 MB.*\n.*blockSize: \d+/);
  });

  test("runs without threads where it has no workers", async () => {
    await using client = await Client.local({ workers: 0 });
    const table = await client.compute(numbers.groupBy("key").agg({ n: size() }));
    expect(table.numRows).toBe(3);
  });
});

describe("a future", () => {
  test("has a key and a status", async () => {
    await using client = await Client.local({ workers: 1 });
    const future = client.compute(numbers.head(3));
    expect(future.status).toBe("pending");
    expect(inspect(future)).toBe(`<Future: pending, key: ${future.key}>`);
    expect((await future).numRows).toBe(3);
    expect(future.status).toBe("finished");
    expect(await future.exception()).toBeUndefined();
    future.cancel();
    expect(future.status).toBe("finished");
    expect(client.compute(numbers.head(1)).key).not.toBe(future.key);
  });

  test("that fails says why, also when nobody awaits it", async () => {
    await using client = await Client.local({ workers: 1 });
    const future = client.compute(readCsv(join(folder, "missing.csv")));
    expect(String(await future.exception())).toMatch(/missing\.csv/);
    expect(future.status).toBe("error");
    expect(client.compute(readCsv(join(folder, "missing.csv"))).status).toBe("pending");
  });

  test("is cancelled by cancel(), by a signal, and by closing; the client goes on", async () => {
    const client = await Client.local({ workers: 1 });
    const future = client.compute(numbers);
    future.cancel();
    expect(await failureOf(future)).toBeInstanceOf(CancelledError);
    expect(future.status).toBe("cancelled");

    const abort = new AbortController();
    const stopAtFirst = client.onEvent(({ type }) => type === "task-finished" && abort.abort());
    const running = numbers.compute({ signal: abort.signal });
    expect(await failureOf(running)).toBeInstanceOf(CancelledError);
    stopAtFirst();
    expect(await failureOf(client.compute(numbers, { signal: AbortSignal.abort() }))).toBeInstanceOf(CancelledError);

    expect((await client.compute(numbers.head(1))).numRows).toBe(1);
    const last = client.compute(numbers);
    await client.close();
    expect(await failureOf(last)).toBeInstanceOf(CancelledError);
  });
});

describe("what it says", () => {
  test("events come in order, until the listener leaves", async () => {
    await using client = await Client.local({ workers: 2 });
    const events: RunEvent[] = [];
    const leave = client.onEvent((event) => events.push(event));
    await client.compute(numbers.agg({ n: size() }));
    const types = events.map(({ type }) => type).filter((type) => !type.startsWith("worker"));
    expect(types[0]).toBe("run-started");
    expect(types.at(-1)).toBe("run-finished");
    const last = events.at(-1);
    if (last?.type !== "run-finished") throw new Error("run-finished expected");
    const tasks = types.filter((type) => type === "task-finished").length;
    expect(last.report.stages[0]).toMatchObject({ tasks, recordsIn: ROWS });
    const before = events.length;
    leave();
    await client.compute(numbers.head(1));
    expect(events.length).toBe(before);
  });

  test("listeners hear of plans that are run as they are, too", async () => {
    await using client = await Client.local({ workers: 0 });
    const heard: [string, string][] = [];
    client.onEvent(({ type }) => heard.push(["client", type]));
    const { plan } = await lowerFrame(numbers.head(1).node, { store: defaultStore() });
    await client.runPlan(plan, { onEvent: ({ type }) => heard.push(["run", type]) });
    for (const who of ["client", "run"]) expect(heard).toContainEqual([who, "run-finished"]);
  });

  test("progress is drawn on a terminal alone, and wiped", async () => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const wasTerminal = process.stderr.isTTY;
    try {
      for (const terminal of [false, true]) {
        process.stderr.isTTY = terminal;
        await using client = await Client.local({ workers: 1 });
        await client.compute(numbers.agg({ n: size() }));
        if (!terminal) expect(written).toEqual([]);
      }
    } finally {
      process.stderr.isTTY = wasTerminal;
      spy.mockRestore();
    }
    expect(written[0]).toMatch(/^\r\x1b\[2Kscan [█░]{24} 1\/\d+, \d+\.\d s/);
    expect(written.at(-1)).toBe("\r\x1b[2K");
  });

  test("explain reads a sample and runs nothing", async () => {
    await using client = await Client.local({ workers: 1 });
    const events: string[] = [];
    client.onEvent(({ type }) => events.push(type));
    const text = await numbers.filter(col("n").gt(5)).explain();
    expect(text).toMatch(
      /^result {6}n int64, key string, half float64\nstage {7}scan: \d+ shards, .* to read in 1 file/,
    );
    expect(text).toMatch(/filter {4}n > 5/);
    expect(events).toEqual([]);
  });

  test("show() prints the first rows", async () => {
    await using _client = await Client.local({ workers: 1 });
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
    try {
      await numbers.show(2);
      await numbers.filter(col("n").lt(1)).show();
    } finally {
      spy.mockRestore();
    }
    expect(written[0]).toBe(
      [
        "    n  key        half",
        "int64  string  float64",
        "─────  ──────  ───────",
        "    0  k0          0.0",
        "    1  k1          0.5",
        "…",
        "",
      ].join("\n"),
    );
    expect(written[1].split("\n").slice(-3)).toEqual(["    0  k0          0.0", "(1 row)", ""]);
  });

  test("persist keeps rows, which later frames start from", async () => {
    await using client = await Client.local({ workers: 2 });
    const kept = await client.persist(numbers.filter(col("n").lt(30_000)));
    expect(String(kept)).toMatch(
      /^DataFrame \(lazy\)\n {2}kept {7}30000 rows in \d+ parts: n int64, key string, half float64$/,
    );
    // Two columns of 8 bytes and one of codes of 4 a row, and a little beside.
    const { bytes } = kept.node as Extract<DataFrame["node"], { kind: "kept" }>; // as the line above shows
    expect(bytes).toBeGreaterThan(30_000 * 20);
    expect(bytes).toBeLessThan(30_000 * 25);
    await rm(join(folder, "numbers.csv"));
    const table = await kept.groupBy("key").agg({ n: size() }).compute();
    expect(table.toArray().map((row) => [row?.["key"], row?.["n"]])).toEqual([
      ["k0", 10_000n],
      ["k1", 10_000n],
      ["k2", 10_000n],
    ]);
  });
});

describe("without any client", () => {
  /** Runs a script in a process of its own, which has to end by itself. */
  async function outputOf(script: string): Promise<string> {
    const index = new URL("../../lib/index.ts", import.meta.url).href;
    await writeFile(join(folder, "few.csv"), "a\n1\n2\n");
    const whole = `import { Client, readCsv, col } from ${JSON.stringify(index)};\n${script}`;
    const args = ["--input-type=module", "--eval", whole];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 20_000 });
    expect(stderr).toBe("");
    return stdout;
  }

  test("a script's compute() starts one, and the script ends by itself", async () => {
    const script = `const [a, b] = await Promise.all([1, 2].map((k) => readCsv("few.csv").agg({ s: col("a").mul(k).sum() }).compute()));
      console.log(String(a.getChild("s").get(0)), String(b.getChild("s").get(0)));`;
    expect(await outputOf(script)).toBe("3 6\n");
  });

  test("a script that only explains ends too, as does one whose client was given no work", async () => {
    expect(await outputOf('await readCsv("few.csv").explain(); console.log("done");')).toBe("done\n");
    expect(await outputOf('await Client.local({ workers: 2 }); console.log("done");')).toBe("done\n");
  });
});
