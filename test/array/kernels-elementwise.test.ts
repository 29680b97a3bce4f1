import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { ELEMENT_TYPES, LIBRARY, type ElementType } from "../../lib/kernels/array/signatures.ts";
import { arrayKernel } from "../../lib/kernels/array/wasm.ts";
import { Blocks, bytesOf, decode, differences, isElementType, isReal, viewOf, type Elements } from "./kernel-arrays.ts";

/** Element-wise loops against NumPy's answers: each special value with each, for every operation and type. */

interface Answers {
  readonly values: string;
  readonly singles: string;
  readonly binary: Readonly<Record<string, string>>;
  readonly unary: Readonly<Record<string, string>>;
  readonly comparisons: Readonly<Record<string, string>>;
  readonly tests: Readonly<Record<string, string>>;
  readonly where: string;
}
const file = new URL("../fixtures/array-kernels/answers.json", import.meta.url);
// As make.py writes it.
const { elementwise, casts } = JSON.parse(await readFile(file, "utf8")) as {
  elementwise: Readonly<Record<ElementType, Answers>>;
  casts: Readonly<Record<ElementType, Readonly<Record<ElementType, readonly [string, string]>>>>;
};
const kernel = arrayKernel();

/**
 * Runs a loop over n elements and, since a loop has one body for whole vectors and one for what is left, over pieces of every length up to 80. The
 * third time, out is the last input, if it may be.
 */
function run(name: string, out: ElementType, inputs: readonly Elements[], size: number): Elements[] {
  using blocks = new Blocks(kernel);
  const n = inputs[inputs.length - 1].length;
  const loop = kernel.loop(name);
  const whole = blocks.room(n * bytesOf(out));
  loop(...inputs.map((input) => blocks.put(input)), whole, n);
  const pieces = blocks.room(n * bytesOf(out));
  const addresses = inputs.map((input) => blocks.put(input));
  const inPlace = addresses.at(-1);
  for (let from = 0, length = 0; from < n; from += length, length = (length + 1) % 80) {
    const at = addresses.map((address, i) => address + from * inputs[i].BYTES_PER_ELEMENT);
    loop(...at, pieces + from * bytesOf(out), Math.min(length, n - from));
  }
  const results = [blocks.get(out, whole, n), blocks.get(out, pieces, n)];
  if (inPlace === undefined || size !== bytesOf(out)) return results;
  loop(...addresses, inPlace, n);
  return [...results, blocks.get(out, inPlace, n)];
}

const spread = (type: ElementType, length: number, at: (i: number) => number | bigint): Elements => {
  const made = viewOf(type, new ArrayBuffer(length * bytesOf(type)), 0, length);
  for (let i = 0; i < length; i++) made[i] = at(i);
  return made;
};

/** Neither is more right than the other: NumPy's library and ours are both within a few values of the exact one. */
function tolerance(operation: string, type: ElementType): { most: number; zeros: boolean } {
  const inexact = operation in LIBRARY || ["hypot", "atan2", "degrees", "radians"].includes(operation);
  const zeros = ["minimum", "maximum", "fmin", "fmax"].includes(operation);
  return { most: isReal(type) && (inexact || operation === "pow") ? 4 : 0, zeros };
}

describe.each(ELEMENT_TYPES)("%s", (type) => {
  const { values, singles, binary, unary, comparisons, tests, where } = elementwise[type];
  const own = decode(type, values);
  const n = own.length ** 2;
  const a = spread(type, n, (i) => own[Math.floor(i / own.length)]);
  const b = spread(type, n, (i) => own[i % own.length]);
  // Long enough for loops that take 64 bytes at once, whatever the type.
  const times = type === "b1" ? 40 : 3;
  const tiled = (out: ElementType, part: Elements) => spread(out, part.length * times, (i) => part[i % part.length]);
  const one = decode(type, singles);
  const check = (name: string, out: ElementType, inputs: readonly Elements[], wanted: Elements, operation: string) => {
    const of = (i: number) => `${operation}(${inputs.map((input) => String(input[i % input.length])).join(", ")})`;
    const types = inputs.map((_, i) => (operation === "where" && i === 0 ? "b1" : type));
    const long = inputs.map((input, i) => tiled(types[i], input));
    for (const found of run(name, out, long, bytesOf(type)))
      expect(differences(out, found, tiled(out, wanted), { ...tolerance(operation, out), of })).toEqual([]);
  };

  test.each(Object.entries(binary))("%s", (operation, answer) => {
    const flipped = (x: number | bigint) => (x >= 0 ? x : typeof x === "bigint" ? ~x : ~x);
    const second = operation === "pow" && !isReal(type) ? spread(type, n, (i) => flipped(b[i])) : b;
    check(`${operation}_${type}`, type, [a, second], decode(type, answer), operation);
  });
  test.each(Object.entries(unary))("%s", (operation, answer) => {
    check(`${operation}_${type}`, type, [one], decode(type, answer), operation);
  });
  test.each(Object.entries(comparisons))("%s", (operation, answer) => {
    check(`${operation}_${type}`, "b1", [a, b], decode("b1", answer), operation);
  });
  test.each(Object.entries(tests))("%s", (operation, answer) => {
    check(`${operation}_${type}`, "b1", [one], decode("b1", answer), operation);
  });
  test("where", () => {
    const condition = spread("b1", n, (i) => Number(i % 3 === 1));
    check(`where_${type}`, type, [condition, a, b], decode(type, where), "where");
  });
  test.each(Object.entries(casts[type]))("to %s", (to, [from, answer]) => {
    if (!isElementType(to)) throw new Error(`NumPy's answers have no type ${to}`);
    const input = decode(type, from);
    const wanted = decode(to, answer);
    const [whole, pieces] = run(`cast_${type}_${to}`, to, [input], 0);
    const of = (i: number) => `${String(input[i])} to ${to}`;
    expect(differences(to, whole, wanted, { of })).toEqual([]);
    expect(differences(to, pieces, wanted, { of })).toEqual([]);
  });
  test("fill", () => {
    using blocks = new Blocks(kernel);
    for (const value of own) {
      const address = blocks.put(spread(type, 40, () => own[0]));
      kernel.fill(type)(value, address + bytesOf(type), 38);
      const wanted = spread(type, 40, (i) => (i === 0 || i === 39 ? own[0] : value));
      expect(differences(type, blocks.get(type, address, 40), wanted)).toEqual([]);
    }
  });
  test.skipIf(type === "b1")("affine", () => {
    using blocks = new Blocks(kernel);
    const address = blocks.room(8 * 30);
    const step = isReal(type) ? -0.25 : 3;
    kernel.loop(`affine_${type}`)(address, 30, 7, step, 2);
    const wanted = spread(type, 30, (i) => {
      const value = 7 + (2 + i) * step;
      return type.endsWith("64") && !isReal(type) ? BigInt(value) : value;
    });
    expect(differences(type, blocks.get(type, address, 30), wanted)).toEqual([]);
  });
});
