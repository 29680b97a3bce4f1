import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_NULLS, kindOf, parseInteger, parseNumber } from "../../lib/kernels/csv/texts.ts";
import { STRAY, WIDE, withKernel, type CsvKernel } from "../../lib/kernels/csv/wasm.ts";
import type { Dialect } from "../../lib/kernels/csv/params.ts";

/** The WebAssembly kernel against plain JavaScript, call by call. */

const DIALECT: Dialect = { delimiter: ",", quote: '"', escape: "", ragged: "error", encodingErrors: "error" };
const NULLS = new Set(DEFAULT_NULLS);

/** Puts a text into the kernel and indexes it; `use` gets the address of the index. */
function indexed<T>(
  kernel: CsvKernel,
  bytes: Uint8Array,
  how: "tokenize" | "tokenizeExact",
  use: (count: number, index: number, block: number) => T,
): T {
  const block = kernel.allocate(bytes.length);
  const index = kernel.allocate(4 * bytes.length + 4) + 4;
  kernel.bytes().set(bytes, block);
  new Uint32Array(kernel.wasm.memory.buffer)[index / 4 - 1] = block - 1;
  const result = use(kernel.wasm[how](block, bytes.length, index), index, block);
  kernel.release(block);
  kernel.release(index - 4);
  return result;
}

type Decoded = readonly (number | bigint | null)[] | { readonly bad: number };

/** One column of fields as the kernel reads it: the first of two, or a record's last. */
function decoded(
  kernel: CsvKernel,
  fields: readonly string[],
  as: "int64" | "float64",
  end: ",\n" | "\n" | "\r\n" = ",\n",
): Decoded {
  const bytes = Buffer.from(fields.map((field) => `${field}${end}`).join(""));
  const width = end === ",\n" ? 2 : 1;
  return indexed(kernel, bytes, "tokenizeExact", (count, index) => {
    const rows = count / width;
    expect(rows).toBe(fields.length);
    const out = kernel.allocate(8 * rows);
    const valid = kernel.allocate(rows);
    const { wasm } = kernel;
    const rest = [4 * width, rows, out, valid, width === 1] as const;
    let done = as === "float64" ? wasm.decodeFloats(index, ...rest) : wasm.decodeIntegers(index, ...rest);
    const isWide = done === WIDE;
    if (isWide) done = wasm.decodeWide(index, ...rest);
    const { buffer } = wasm.memory;
    const values: ArrayLike<number | bigint> = isWide
      ? new BigInt64Array(buffer, out, rows)
      : new Float64Array(buffer, out, rows);
    const mask = new Uint8Array(buffer, valid, rows);
    const isNull = (i: number) => wasm.nullCount.value > 0 && mask[i] === 0;
    const result: Decoded = done < rows ? { bad: done } : Array.from(values, (value, i) => (isNull(i) ? null : value));
    kernel.release(out);
    kernel.release(valid);
    return result;
  });
}

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: min, maxLength: max });
const sign = fc.constantFrom("", "", "-", "+");
const minus = fc.constantFrom("", "", "", "-");
const integers = fc.oneof(
  fc.tuple(sign, digits(1, 21)).map((parts) => parts.join("")),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.constantFrom(
    ...[53n, 63n, 64n].flatMap((e) => [-1n, 0n, 1n].flatMap((d) => [`${2n ** e + d}`, `-${2n ** e + d}`])),
  ),
);
/** A double, and the decimal halfway to its neighbour with a digit put behind it or not: the hardest roundings. */
const halfway = fc
  .tuple(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }), fc.nat(60), fc.constantFrom("", "0", "1", "0001"))
  .map(([mantissa, shift, tail]) => {
    const whole = String((2n * mantissa + 1n) * 5n ** BigInt(shift));
    const at = whole.length - shift;
    const text = at > 0 ? `${whole.slice(0, at)}.${whole.slice(at)}` : `0.${whole.padStart(shift, "0")}`;
    return `${text}${tail}`;
  });
const floats = fc.oneof(
  fc.double().map(String),
  fc.double().map((x) => (Number.isFinite(x) ? x.toPrecision(17) : "inf")),
  fc.double({ min: 0, max: 1000, noNaN: true }).map((x) => x.toFixed(15)),
  fc.tuple(sign, digits(0, 12), fc.constantFrom("", "."), digits(0, 25)).map((parts) => parts.join("")),
  fc
    .tuple(sign, digits(1, 20), fc.constantFrom(".", ""), digits(0, 20), fc.constantFrom("e", "E"), sign, digits(1, 3))
    .map((parts) => parts.join("")),
  halfway,
  fc.constantFrom(
    "nan",
    "NaN",
    "-inf",
    "Infinity",
    "+INF",
    "",
    '""',
    '"1.5"',
    " 2.5 ",
    "NA",
    "4.9e-324",
    "2.4703282292062327e-324",
  ),
  fc.constantFrom(
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "2.2250738585072011e-308",
    "9007199254740993",
    "1e23",
    "8.5e22",
  ),
);

const bare = (text: string) => (/^".*"$/.test(text) && text.length > 1 ? text.slice(1, -1) : text);

describe("numbers", () => {
  test("integers are BigInt's", () =>
    withKernel((kernel) => {
      kernel.setDialect(DIALECT);
      fc.assert(
        fc.property(fc.array(integers, { minLength: 1, maxLength: 20 }), (texts) => {
          const wanted = texts.map(parseInteger);
          const bad = wanted.indexOf(undefined);
          const found = decoded(kernel, texts, "int64");
          if (bad >= 0) expect(found).toEqual({ bad });
          else expect("bad" in found ? found : found.map((value) => value !== null && BigInt(value))).toEqual(wanted);
        }),
        { numRuns: 2_000 },
      );
    }));

  test("columns whose numbers are spelled alike, with others among them here and there", () =>
    withKernel((kernel) => {
      kernel.setDialect(DIALECT);
      fc.assert(
        fc.property(
          fc.constantFrom("int64", "float64"),
          fc.array(fc.tuple(minus, digits(0, 8), digits(1, 18), fc.double({ min: 0, max: 1e6, noNaN: true })), {
            minLength: 200,
            maxLength: 300,
          }),
          fc.array(fc.tuple(fc.nat(299), fc.constantFrom("", "NA", "12345", "123456789012345", " 7 ", "+3", "0.5e1"))),
          fc.constantFrom(",\n", "\n", "\r\n"),
          (as, parts, others, end) => {
            const texts = parts.map(([sign, whole, fraction, value], i) => {
              if (as === "int64") return `${sign}${fraction.slice(0, 4)}`;
              return i % 3 === 0 ? `${sign}${value.toFixed(1 + (i % 16))}` : `${sign}${whole}.${fraction}`;
            });
            for (const [at, text] of others)
              if (at < texts.length && !(as === "int64" && text === "0.5e1")) texts[at] = text;
            const wanted = texts.map((text) => (NULLS.has(text) ? null : parseNumber(text)));
            // Integers have no −0.
            expect(decoded(kernel, texts, as, end)).toEqual(
              as === "int64" ? wanted.map((value) => (value === null ? null : Number(value) + 0)) : wanted,
            );
          },
        ),
        { numRuns: 300 },
      );
    }));

  test("floats are JavaScript's, to the last bit", () =>
    withKernel((kernel) => {
      kernel.setDialect(DIALECT);
      fc.assert(
        fc.property(fc.array(floats, { minLength: 1, maxLength: 20 }), (texts) => {
          const wanted = texts.map((text) => (kindOf(bare(text), NULLS) === "null" ? null : parseNumber(bare(text))));
          const bad = wanted.indexOf(undefined);
          const found = decoded(kernel, texts, "float64");
          expect(found).toEqual(bad >= 0 ? { bad } : wanted);
        }),
        { numRuns: 5_000 },
      );
    }));

  test("a field is read alone, whatever stands around it", () =>
    withKernel((kernel) => {
      kernel.setDialect(DIALECT);
      for (const text of ["1", "12", "1234567", "12345678", "123456789012345", "1.5", "0.1234567890123456", "7."])
        for (const around of ["9", "99999999", ".", "-", "e5", "9.9"]) {
          const rows = [around, text, around, text, around];
          const found = decoded(kernel, rows, "float64");
          const wanted = rows.map(parseNumber);
          expect(found).toEqual(wanted.includes(undefined) ? { bad: 0 } : wanted);
        }
    }));
});

test("the fast tokenizer agrees with the exact one, or says that it cannot tell", () =>
  withKernel((kernel) => {
    const piece = fc.constantFrom(
      ",",
      '"',
      "\n",
      "\r",
      "\r\n",
      "a",
      "bc",
      '""',
      '"x"',
      '","',
      "é",
      "a".repeat(61),
      ",\n",
    );
    let told = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 120 }), fc.constantFrom('"', ""), (pieces, quote) => {
        kernel.setDialect({ ...DIALECT, quote });
        const bytes = Buffer.from(pieces.join(""));
        const entries = (how: "tokenize" | "tokenizeExact") =>
          indexed(kernel, bytes, how, (count, index, block) => {
            if (count === STRAY) return undefined;
            const words = new Uint32Array(kernel.wasm.memory.buffer, index, count);
            return { at: Array.from(words, (word) => word - block), lines: count > 0 ? kernel.wasm.newlines.value : 0 };
          });
        const fast = entries("tokenize");
        if (fast === undefined) return;
        told++;
        expect(fast).toEqual(entries("tokenizeExact"));
      }),
      { numRuns: 10_000 },
    );
    expect(told).toBeGreaterThan(3_000);
  }));

test("a dictionary of 100,000 strings of all lengths gives each its code", () =>
  withKernel((kernel) => {
    kernel.setDialect(DIALECT);
    const texts = Array.from({ length: 100_000 }, (_, i) => {
      const kinds = [
        `${i}`,
        `shared-prefix-${i}`,
        `${"x".repeat(i % 40)}${i}`,
        `${i}é🙂`,
        `\0${i}${"\0".repeat(i % 5)}`,
      ];
      return kinds[i % kinds.length];
    });
    const distinct = [...new Set(texts)];
    const twice = [...distinct, ...distinct.toReversed()];
    const bytes = Buffer.from(twice.map((text) => `${text}\n`).join(""));
    indexed(kernel, bytes, "tokenizeExact", (count, index) => {
      const dictionary = kernel.wasm.dictionaryNew();
      const out = kernel.allocate(4 * count);
      expect(kernel.wasm.decodeStrings(index, 4, count, out, dictionary, true)).toBe(count);
      const codes = new Uint32Array(kernel.wasm.memory.buffer, out, count);
      const wanted = distinct.map((_, i) => i + 1);
      expect(Array.from(codes)).toEqual([...wanted, ...wanted.toReversed()]);
      expect(kernel.wasm.dictionaryCount(dictionary)).toBe(distinct.length + 1);
      const entries = kernel.wasm.dictionaryEntries(dictionary) >>> 2;
      const words = new Uint32Array(kernel.wasm.memory.buffer);
      for (let code = 1; code <= distinct.length; code += 97) {
        const start = words[entries + 2 * code];
        expect(kernel.text(start, start + words[entries + 2 * code + 1])).toBe(distinct[code - 1]);
      }
      kernel.wasm.dictionaryFree(dictionary);
      kernel.release(out);
    });
  }));
