import { readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readCsv, size, type DataFrame } from "../../lib/index.ts";
import { asModuleSource, compileCsvKernel } from "../../lib/kernels/csv/build.ts";
import { withKernel } from "../../lib/kernels/csv/wasm.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { cutReader } from "./ranges.ts";
import { failure, plain } from "./support.ts";

/** What the kernel does with memory, with records longer than a block, and whether its committed bytes are current. */

const store = defaultStore();
const client = await Client.local({ workers: 0, store, progress: false });
afterAll(() => client.close());
const put = async (name: string, text: string) => {
  await store.put(`memory://big/${name}`, Buffer.from(text));
  return `memory://big/${name}`;
};
const compute = async (frame: DataFrame) => plain(await client.compute(frame));

test("the committed WebAssembly is what its sources compile to", async () => {
  const committed = await readFile(new URL("../../lib/kernels/csv/csv.wasm.ts", import.meta.url), "utf8");
  expect(asModuleSource(await compileCsvKernel())).toBe(committed);
});

describe("memory", () => {
  const rows = Array.from(
    { length: 4_000 },
    (_, i) => `${i},name-${i % 500}-${"x".repeat(i % 50)},${i / 8},"q""${i}"\n`,
  );

  test("200 tasks leave a kernel as large as one does, errors and early ends too", async () => {
    const url = await put("tasks", `n,s,x,q\n${rows.join("")}\n\n1,2,3,4\n`);
    const bad = await put("bad", `n,s,x,q\n${rows.join("")}oops,2,3,4\n`);
    const frames = [
      readCsv(url),
      readCsv(url).head(3),
      readCsv(url)
        .groupBy("s")
        .agg({ n: size(), x: col("x").sum() }),
    ];
    const run = async () => {
      for (const frame of frames) await (await cutReader(frame, store))([1_000, 50_001, 90_000]);
      await failure(compute(readCsv(bad, { types: { n: "int64" } })));
    };
    const state = () => withKernel((kernel) => ({ bytes: kernel.bytes().length, next: addressOf(kernel) }));
    const addressOf = (kernel: { allocate(n: number): number; release(at: number): void }) => {
      // A large piece is taken from the end of what is in use.
      const at = kernel.allocate(4 * 1024 * 1024);
      kernel.release(at);
      return at;
    };
    await run();
    const before = await state();
    for (let i = 0; i < 15; i++) await run();
    const after = await state();
    expect(after.bytes).toBe(before.bytes);
    expect(after.next).toBe(before.next);
  });

  test("a field of 5 MB is read, in any block", async () => {
    const long = `${"0123456789,\n".repeat(420_000)}`;
    const url = await put("long", `n,s\n1,a\n2,"${long}"\n3,b\n4,${"y".repeat(3_000_000)}\n5,c\n`);
    for (const blockSize of [1_000_000, 64 << 20]) {
      const found = await compute(readCsv(url, { blockSize }));
      expect(found.data["n"]).toEqual([1n, 2n, 3n, 4n, 5n]);
      expect(found.data["s"].map((s) => String(s).length)).toEqual([1, long.length, 1, 3_000_000, 1]);
      expect(found.data["s"][1] === long).toBe(true);
    }
  });

  test("a quote that is never closed in a file of megabytes is named where it opens", async () => {
    const text = `n,s\n${'1,"x"\n'.repeat(500_000)}`;
    const open = `${text}2,"never\n${"3,more\n".repeat(500_000)}`;
    const url = await put("open", open);
    for (const blockSize of [700_000, 64 << 20])
      expect(await failure(compute(readCsv(url, { blockSize })))).toMatchObject({
        tag: "Csv",
        fields: { offset: text.length + 2, row: 500_001, column: "s" },
        message: expect.stringContaining("never closed"),
      });
    const header = await put("open-header", `n,"s\n${"1,x\n".repeat(500_000)}`);
    expect(await failure(compute(readCsv(header)))).toMatchObject({ tag: "Csv", fields: { offset: 2, row: 0 } });
  });

  test("a record that is longer than the kernel can hold is named, in the header and behind it", async () => {
    for (const [head, wanted] of [
      ['n,"s\n', { tag: "Csv", fields: { offset: 2, row: 0 }, message: expect.stringContaining("never closed") }],
      ['n,s\n1,a\n2,"', { tag: "PlanTooLarge", fields: { offset: 8 }, fix: expect.stringContaining("never closed") }],
    ] as const) {
      const bytes = Buffer.alloc(136 << 20, "1,x\n");
      bytes.write(head);
      await store.put("memory://big/endless", bytes);
      expect(await failure(compute(readCsv("memory://big/endless").agg({ n: size() })))).toMatchObject(wanted);
    }
    await store.delete("memory://big/endless");
  });

  test("many strings in many blocks: the dictionary grows with the data", async () => {
    const count = 60_000;
    const url = await put("strings", `s\n${Array.from({ length: count }, (_, i) => `unique-${i}\n`).join("")}`);
    const found = await compute(readCsv(url, { blockSize: 200_000 }));
    expect(found.data["s"].every((s, i) => s === `unique-${i}`)).toBe(true);
    const groups = await compute(readCsv(url, { blockSize: 200_000 }).groupBy("s").agg({ n: size() }));
    expect(groups.rows).toBe(count);
  });
});
