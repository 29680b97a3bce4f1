import { writeFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bag } from "../../lib/collections/bag/bag.ts";
import { readText } from "../../lib/collections/bag/sources.ts";
import { Client } from "../../lib/client/client.ts";
import { compileWordKernel } from "../../lib/kernels/text/build.ts";
import { WORD_KERNEL_BASE64 } from "../../lib/kernels/text/words.wasm.ts";
import { failureOf } from "../runtime/plans.ts";
import { folderFor, onBothRuntimes } from "./subjects.ts";

const folder = folderFor("bag-words");
let names = 0;
function fileOf(content: string | Uint8Array): string {
  const path = join(folder(), `t${names++}.txt`);
  writeFileSync(path, content);
  return path;
}

/** A function of lines as a program would have it. */
const functionOf = (source: string) => vm.runInThisContext(`(${source})`) as (line: string) => string[]; // as its source says

/** The same twice: as it is recognised, and with a second parameter, which no recognised form has, so that each line goes through it. */
function bothWays(lines: Bag<string>, of: string): readonly [Bag<[string, number]>, Bag<[string, number]>] {
  return [
    lines.flatMap(functionOf(`(line) => ${of}`)).frequencies(),
    lines.flatMap(functionOf(`(line, _) => ${of}`)).frequencies(),
  ];
}

const before = [
  "",
  ".trim()",
  ".trimStart().toLowerCase()",
  ".trimEnd()",
  ".toUpperCase()",
  ".toUpperCase().toLowerCase()",
];
const separators = [
  ...['" "', '"\\t"', '"a"', '", "', '"aa"', '"--"', "/\\s+/", "/ /", "/\\W/", "/\\W+/g", "/[ ,;]+/", "/[^a-z]+/i"],
  ...["/\\//", "/[\\t\\-_]/u", "/,/", "/\\d+/", '"\\r"', "/[^\\x00]/"],
];
const after = [
  "",
  ".filter(Boolean)",
  '.filter((w) => w !== "")',
  ".filter((word) => word.length > 0).map((word) => word.toLowerCase())",
  ".map(function (w) { return w.toUpperCase(); })",
];

const word = fc.constantFrom(
  "a",
  "aa",
  "B",
  "Word",
  "x".repeat(16),
  "Y".repeat(17),
  "0",
  "0x1F",
  "\u001f",
  "\0",
  "-",
  "--",
);
const space = fc.constantFrom(" ", "  ", "\t", ",", ", ", ";", "/", "_", "\v", "\f", "\r", "\u001c");
const other = fc.constantFrom("é", "ÿ", "Σ", "İ", "ſ", "\u00a0", "\u2028", "日本", "😀", "\ufeff", "K");
const ending = fc.constantFrom("\n", "\n", "\r\n", "\n\n", "\r\r\n");
const piece = fc.oneof(
  { weight: 5, arbitrary: word },
  { weight: 5, arbitrary: space },
  { weight: 1, arbitrary: other },
  { weight: 2, arbitrary: ending },
);
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));

onBothRuntimes(() => {
  test("words counted from bytes are those that the function gives, in their order", async () => {
    const form = fc.record({
      before: fc.constantFrom(...before),
      separator: fc.constantFrom(...separators),
      after: fc.constantFrom(...after),
    });
    let recognized = 0;
    await fc.assert(
      fc.asyncProperty(
        text,
        form,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 3 }),
        async (content, of, blockSize, times) => {
          const lines = readText(
            Array.from({ length: times }, () => fileOf(content)),
            { blockSize },
          );
          const [fast, plain] = bothWays(lines, `line${of.before}.split(${of.separator})${of.after}`);
          if ((await fast.explain()).includes("counted from bytes")) recognized++;
          expect(await plain.explain()).not.toContain("counted from bytes");
          expect(await fast.compute()).toEqual(await plain.compute());
        },
      ),
      { numRuns: 150 },
    );
    expect(recognized).toBeGreaterThan(75);
  });

  test("steps before and behind the one that splits", async () => {
    const lines = readText(fileOf("One  two\n\nTWO é É\n three,one \r\none"));
    const fast = lines
      .map((line) => line.toLowerCase().trim())
      .flatMap((line) => line.split(/[ ,]/))
      .filter((w) => w.length > 0)
      .frequencies();
    expect(await fast.explain()).toContain("lines; split(/[ ,]/) counted from bytes");
    const wanted = [
      ["one", 3],
      ["two", 2],
      ["é", 2],
      ["three", 1],
    ];
    expect(await fast.compute()).toEqual(wanted);
    expect(
      await lines
        .flatMap((line) => line.toLowerCase().split(/\W+/))
        .filter(Boolean)
        .frequencies()
        .topK(1)
        .compute(),
    ).toEqual([["one", 3]]);
  });

  test("lines longer than a window, windows of many words, and of words that are all different", async () => {
    const long = Array.from({ length: 60_000 }, (_, i) => `w${i % 50_000}`).join(" ");
    const different = Array.from(
      { length: 250_000 },
      (_, i) => `d${(i * 7_919).toString(36)}${i % 3 === 0 ? " " : "\n"}`,
    ).join("");
    const lines = readText(fileOf(`${long}\n${different}\nlast ${long}`), { blockSize: "1MB" });
    const [fast, plain] = bothWays(lines, 'line.split(" ")');
    expect(await fast.explain()).toContain("counted from bytes");
    expect(await fast.compute()).toEqual(await plain.compute());
  });

  test("bytes that are not UTF-8", async () => {
    const bytes = Buffer.concat([
      Buffer.from("fine b\n"),
      Buffer.from([0x61, 0xff, 0x20, 0xc3, 0x0a]),
      Buffer.from("b a\n"),
    ]);
    const path = fileOf(bytes);
    for (const blockSize of [2, 100]) {
      const [fast, plain] = bothWays(readText(path, { blockSize }), 'line.split(" ")');
      const [error, same] = [await failureOf(fast.compute()), await failureOf(plain.compute())];
      expect(error).toMatchObject({ tag: "Text", fields: { offset: 7, row: 2 } });
      expect(error.message).toBe(same.message);
      const replaced = bothWays(readText(path, { blockSize, encodingErrors: "replace" }), 'line.split(" ")');
      expect(await replaced[0].compute()).toEqual(await replaced[1].compute());
      expect(await replaced[0].compute()).toContainEqual(["a\ufffd", 1]);
    }
  });
});

test("what is not surely the same goes through the function", async () => {
  await using client = await Client.local({ workers: 0, progress: false });
  const lines = readText(fileOf("a b"));
  const others = [
    '(line) => line.split("")',
    '(line) => line.split(" ", 1)',
    '(line) => line.split("é")',
    "(line) => line.split(/(,)/)",
    "(line) => line.split(/\\b/)",
    "(line) => line.split(/,|;/)",
    "(line) => line.split(/a*/)",
    "(line) => line.split(/./)",
    "(line) => line.split(/[a&&b]/v)",
    '(line) => line.toLowerCase().split("x")',
    '(line) => line?.split(" ")',
    '(line) => line["split"](" ")',
    '(line) => [line].split(" ")',
    '(line) => line.normalize().split(" ")',
    '(line) => line.split(" ").split(" ")',
    '(line) => line.split(" ").slice(1)',
    '(line) => line.split(" ").filter((w) => w.length > 1)',
    '(line) => line.split(" ").map((w) => w.trim())',
    '(line) => line.split(" ").filter(Boolean, line)',
    '(Boolean) => Boolean.split(" ").filter(Boolean)',
    '(line = "") => line.split(" ")',
    '(...line) => line.split(" ")',
    'async (line) => line.split(" ")',
    'function* (line) { return line.split(" "); }',
    '(line) => { line.trim(); return line.split(" "); }',
  ];
  for (const other of others)
    expect(await client.explain(lines.flatMap(functionOf(other)).frequencies()), other).not.toContain(
      "counted from bytes",
    );
  const split = lines.flatMap((line) => line.split(" "));
  for (const other of [
    split.map((w) => w.length).frequencies(),
    split.filter((w) => w !== "a").frequencies(),
    split.flatMap((w) => w.split("-")).frequencies(),
    lines
      .filter(Boolean)
      .flatMap((line) => line.split(" "))
      .frequencies(),
    lines.frequencies(),
    split.distinct(),
    lines.flatMap((line, by) => line.split(by), " ").frequencies(),
  ])
    expect(await client.explain(other)).not.toContain("counted from bytes");
});

test("the module that is committed is what its sources compile to", async () => {
  expect(Buffer.from(await compileWordKernel()).toString("base64")).toBe(WORD_KERNEL_BASE64);
}, 60_000);
