import { execFile } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const index = new URL("../../lib/index.ts", import.meta.url).href;

/** Runs a program of its own, which has to end by itself. */
async function run(program: string, ...flags: string[]): Promise<string> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "futures-"));
  const path = join(folder.path, "program.ts");
  await writeFile(path, `import { Client, delayed } from ${JSON.stringify(index)};\n${program}`);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, path], { timeout: 100_000 });
  expect(stderr).toBe("");
  return stdout;
}

/**
 * Large results lie in shared memory, which no figure of the process tells reliably (the allocator keeps what is freed): what the vault
 * was given and has let go is counted.
 */
const MEMORY = `
  import { Vault } from ${JSON.stringify(new URL("../../lib/runtime/vault.ts", import.meta.url).href)};
  let kept = 0;
  const { put, delete: remove } = Vault.prototype;
  Vault.prototype.put = function (...given: Parameters<typeof put>) {
    kept++;
    return put.apply(this, given);
  };
  Vault.prototype.delete = function (...given: Parameters<typeof remove>) {
    kept--;
    return remove.apply(this, given);
  };
  /** After rounds of the collector here and on the workers, between which finalizers run. In bytes. */
  async function heap(client: Client): Promise<number> {
    for (let i = 0; i < 3; i++) {
      gc();
      await client.run(() => (globalThis as unknown as { gc(): void }).gc());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return process.memoryUsage().heapUsed;
  }`;

test("a thousand rounds of map, gather and release keep memory flat", async () => {
  const printed = await run(
    `${MEMORY}
    await using client = await Client.local({ workers: 1, progress: false });
    const items = Array.from({ length: 100 }, (_, i) => i);
    const large = (i: number) => new Float64Array(i % 50 === 0 ? 20_000 : 2);
    async function rounds(count: number) {
      for (let round = 0; round < count; round++) {
        const futures = client.map(large, items);
        const pure = client.with({ pure: true }).map((x: number) => x * 2, [round]);
        await client.gather([...futures, ...pure]);
        for (const future of [...futures, ...pure]) future.release();
      }
    }
    await rounds(200);
    const before = await heap(client);
    await rounds(1_000);
    console.log(JSON.stringify([(await heap(client)) - before, kept]));`,
    "--expose-gc",
  );
  const [heap, kept] = JSON.parse(printed) as number[]; // what the program prints
  // 100,000 calls that left 40 bytes each would be 4 MB.
  expect(heap).toBeLessThan(2e6);
  expect(kept).toBe(0);
}, 120_000);

test("results of futures that nothing mentions any more are freed", async () => {
  const printed = await run(
    `${MEMORY}
    await using client = await Client.local({ workers: 1, progress: false });
    async function leave() {
      const futures = client.map((i: number) => new Float64Array(10_000).fill(i), Array.from({ length: 60 }, (_, i) => i));
      const held = await client.scatter(new Float64Array(10_000).fill(1));
      await client.submit((xs: Float64Array, ys: Float64Array) => xs.length + ys.length, held, futures[0]);
      await client.wait(futures);
      await heap(client);
      const inside = kept;
      await client.gather([...futures, held]);
      return inside;
    }
    const inside = await leave();
    await heap(client);
    console.log(inside, kept);`,
    "--expose-gc",
  );
  expect(printed).toBe("61 0\n");
}, 120_000);

test("what was forgotten before it ran still runs", async () => {
  const printed = await run(
    `${MEMORY}
    await using client = await Client.local({ workers: 1, progress: false });
    client.submit((x: number) => console.log("ran", x), 1);
    await heap(client);
    await client.submit(() => undefined);`,
    "--expose-gc",
  );
  expect(printed).toBe("ran 1\n");
}, 120_000);

test("a program ends by itself once its client is closed, whatever was going on", async () => {
  const printed = await run(`
    const client = await Client.local({ workers: 2, progress: false });
    const held = await client.scatter(new Float64Array(100_000));
    const futures = client.map((x: number, xs: Float64Array) => x + xs.length, [1, 2, 3], held);
    const looping = client.submit((x: number) => { for (;;) if (x < 0) return; }, 1);
    looping.exception();
    client.with({ retries: 100 }).submit(() => { throw new Error("again"); }).exception();
    console.log(await client.gather(futures));
    looping.cancel();
    await client.close();
    console.log(await futures[0].then((value) => value, (error) => error.name));`);
  expect(printed).toBe("[ 100001, 100002, 100003 ]\n100001\n");
}, 120_000);

test("closing settles however many answers are still under way", async () => {
  const printed = await run(`
    for (let ms = 0; ms < 12; ms++) {
      const client = await Client.local({ workers: 2, progress: false });
      await client.gather(client.map((x: number) => x, [1, 2, 3]));
      client.with({ retries: 100 }).submit(() => { throw new Error("again"); }).exception();
      const busy = (x: number) => { const from = performance.now(); while (performance.now() - from < 3); return x; };
      for (const future of client.map(busy, Array.from({ length: 50 }, (_, i) => i))) future.exception();
      await new Promise((resolve) => setTimeout(resolve, ms));
      await client.close();
    }
    console.log("closed");`);
  expect(printed).toBe("closed\n");
}, 120_000);

test("and also if it closes nothing, with calls that are done", async () => {
  const printed = await run(`
    const client = await Client.local({ workers: 2, progress: false });
    const futures = client.map((x: number) => x + 1, [1, 2, 3]);
    console.log(await client.gather(futures), await delayed((x: number) => x)(7).compute());`);
  expect(printed).toBe("[ 2, 3, 4 ] 7\n");
}, 120_000);
