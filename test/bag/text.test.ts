import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readJsonLines, readText } from "../../lib/collections/bag/sources.ts";
import { Client } from "../../lib/client/client.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failureOf } from "../runtime/plans.ts";
import { folderFor, onBothRuntimes } from "./subjects.ts";

const folder = folderFor("bag-text");
let names = 0;
function fileOf(content: string | Uint8Array): string {
  const path = join(folder(), `t${names++}.txt`);
  writeFileSync(path, content);
  return path;
}

/** Lines as the reader promises them, found without it. */
function linesOf(text: string): string[] {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  const last = lines.pop() ?? "";
  return [...lines.map((line) => line.replace(/\r$/, "")), ...(last === "" ? [] : [last])];
}

const nasty = "\ufeffone\r\n\n\r\ntwo é\n日本語\rstill\n" + "x".repeat(50) + "\n😀\r\r\nlast";

onBothRuntimes(() => {
  test("files cut at every byte", async () => {
    const path = fileOf(nasty);
    const size = Buffer.byteLength(nasty);
    for (let blockSize = 1; blockSize <= size + 1; blockSize++)
      expect(await readText(path, { blockSize }).compute(), `blocks of ${blockSize}`).toEqual(linesOf(nasty));
  });

  test("any texts, any cuts, several files", async () => {
    const piece = fc.constantFrom("a", "bc", "\n", "\r\n", "\r", "é", "日本", " ", "y".repeat(30), "\n\n");
    const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 60 }),
        async (texts, blockSize) => {
          const paths = texts.map(fileOf);
          const lines = readText(paths, { blockSize });
          expect(await lines.compute()).toEqual(texts.flatMap(linesOf));
          expect(await lines.count().compute()).toBe(texts.flatMap(linesOf).length);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("lines much longer than windows and blocks", async () => {
    const long = "long ".repeat(200_000);
    const text = `first\n${long}\nbetween\n${long}é${long}`;
    for (const blockSize of [300_000, 5_000_000])
      expect(await readText(fileOf(text), { blockSize }).compute()).toEqual(text.split("\n"));
  });

  test("what is not UTF-8 is named by line and byte, or replaced", async () => {
    const bytes = Buffer.concat([
      Buffer.from("fine\nalso é\n"),
      Buffer.from([0x61, 0xff, 0x62, 0x0a]),
      Buffer.from("end\n"),
    ]);
    const path = fileOf(bytes);
    for (const blockSize of [2, 5, 1_000]) {
      const error = await failureOf(readText(path, { blockSize }).count().compute());
      expect(error).toMatchObject({ tag: "Text", fields: { offset: 13, row: 3 } });
      expect(error.message).toContain("line 3, which starts at byte 13");
      const replaced = await readText(path, { blockSize, encodingErrors: "replace" }).compute();
      expect(replaced).toEqual(["fine", "also é", "a\ufffdb", "end"]);
    }
  });

  test("a line that is no JSON is named by file, line, byte and text", async () => {
    const path = fileOf('{"a":1}\n\n[2]\n{"a":\r\n  \n"é"\n');
    for (const blockSize of [1, 6, 100]) {
      const error = await failureOf(readJsonLines(path, { blockSize }).compute());
      expect(error).toMatchObject({ tag: "Text", fields: { offset: 13, row: 4, text: '{"a":' } });
      expect(error.message).toContain("t");
      expect(error.cause).toBeInstanceOf(SyntaxError);
      expect(await readJsonLines(path, { blockSize, onError: "skip" }).compute()).toEqual([{ a: 1 }, [2], "é"]);
      const { values, failed } = await readJsonLines(path, { blockSize, onError: "collect" }).results().compute();
      expect(values).toEqual([{ a: 1 }, [2], "é"]);
      expect(failed).toMatchObject([{ item: '{"a":', step: "readJsonLines", fields: { offset: 13 } }]);
      expect(failed[0].error).toBeInstanceOf(SyntaxError);
    }
  });

  test("the first lines do not read the whole file", async () => {
    const path = fileOf(`${"line\n".repeat(1_000)}`);
    const error = await failureOf(readJsonLines(path, { blockSize: 50 }).take(3).compute());
    expect(error).toMatchObject({ tag: "Text", fields: { row: 1 } });
    expect(await readText(path, { blockSize: 50 }).take(3).compute()).toEqual(["line", "line", "line"]);
  });
});

test("reads from a store without files", async () => {
  const store = defaultStore();
  await store.memory.put("memory://here/a.txt", new TextEncoder().encode("a\nb\n"));
  await using client = await Client.local({ workers: 1, store, progress: false });
  expect(await client.compute(readText("memory://here/*.txt", { blockSize: 1 }))).toEqual(["a", "b"]);
});
