import { chmodSync, mkdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFauxqs } from "fauxqs";
import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readCsv, size } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import type { Store } from "../../lib/store/store.ts";
import { cutReader } from "./ranges.ts";
import { bits, failure, plain, scratch } from "./support.ts";

/** Where bytes come from: every store, and files that are not there, not readable, or do not hold still. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

const text = `n,s\n${Array.from({ length: 5_000 }, (_, i) => `${i},"a\nb ${i % 9}"\n`).join("")}`;

describe("S3 and memory", async () => {
  const fauxqs = await startFauxqs({ port: 0, logger: false });
  fauxqs.createBucket("bucket");
  afterAll(() => fauxqs.stop());
  const s3 = {
    region: "us-east-1",
    accessKeyId: "test",
    secretAccessKey: "test",
    endpoint: `http://127.0.0.1:${fauxqs.port}`,
  };

  test.each([0, 2])("give what the file gives, %i threads", async (workers) => {
    const store = defaultStore({ s3 });
    for (const root of ["s3://bucket/sales/", "memory://bucket/sales/"])
      for (const part of [1, 2]) await store.put(`${root}part_${part}.csv`, Buffer.from(text));
    await using remote = await Client.local({ workers, store, progress: false });
    const local = files.write("local.csv", text);
    const both = [local, files.write("other.csv", text)];
    for (const blockSize of [9_999, 1 << 20]) {
      const question = (paths: string | readonly string[]) =>
        readCsv(paths, { blockSize })
          .groupBy("s")
          .agg({ rows: size(), n: col("n").sum() });
      const wanted = bits(plain(await client.compute(question(both))));
      for (const glob of ["s3://bucket/sales/part_*.csv", "memory://bucket/sales/part_*.csv"])
        expect(bits(plain(await remote.compute(question(glob))))).toBe(wanted);
    }
  });
});

describe("sources that cannot be read", () => {
  test("a glob or path that names nothing says what was searched", async () => {
    files.write("sales_2023_01.csv", text);
    for (const name of ["sales_2024_*.csv", "sales_2023_1.csv"]) {
      const error = await failure(client.compute(readCsv(join(files.dir, name))));
      expect(error).toMatchObject({ tag: "NotFound" });
      expect(error.message).toContain(name);
    }
  });

  test("a folder", async () => {
    mkdirSync(join(files.dir, "folder"));
    expect(await failure(client.compute(readCsv(join(files.dir, "folder"))))).toMatchObject({
      fix: expect.any(String),
    });
  });

  test.skipIf(process.getuid?.() === 0)("a file without permission", async () => {
    const path = files.write("secret.csv", text);
    chmodSync(path, 0);
    expect(await failure(client.compute(readCsv(path)))).toMatchObject({ tag: "Unreadable" });
  });

  test("a file that shrinks or is replaced between plan and task", async () => {
    const store = defaultStore();
    for (const change of [
      (path: string) => truncateSync(path, 100),
      (path: string) => renameSync(files.write("new.csv", text.replace("4999", "5000")), path),
    ]) {
      const path = files.write("moving.csv", text);
      const read = await cutReader(readCsv(path), store);
      change(path);
      const error = await failure(read([20_000]));
      expect(error).toMatchObject({ tag: "SourceChanged", fields: { url: expect.stringContaining("moving.csv") } });
      expect(error.message).toMatch(/fix: /);
    }
  });

  test("a file that shrinks while a task reads it", async () => {
    const store = defaultStore();
    const path = files.write("shrinking.csv", text.repeat(5).replaceAll(/(?<=\n)n,s\n/g, ""));
    const cutting: Store = {
      ...store,
      async open(url, options) {
        const reader = await store.open(url, options);
        truncateSync(path, 150_000);
        return reader;
      },
    };
    const read = await cutReader(readCsv(path), store);
    expect((await read([])).plain.rows).toBeGreaterThan(20_000);
    const again = await cutReader(readCsv(path), store, cutting);
    expect(await failure(again([]))).toMatchObject({ tag: "SourceChanged", fields: { found: 150_000 } });
  });

  test("a file that is written to while a task reads it, and keeps its size", async () => {
    const store = defaultStore();
    const path = files.write("rewritten.csv", text);
    const rewriting: Store = {
      ...store,
      async open(url, options) {
        const reader = await store.open(url, options);
        writeFileSync(path, text.replaceAll("4", "5"));
        return reader;
      },
    };
    const read = await cutReader(readCsv(path), store, rewriting);
    for (const cuts of [[], [20_000]])
      expect(await failure(read(cuts))).toMatchObject({ tag: "SourceChanged", fix: expect.stringContaining("again") });
  });
});
