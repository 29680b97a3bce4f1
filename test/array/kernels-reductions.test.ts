import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ELEMENT_TYPES, type ElementType } from "../../lib/kernels/array/signatures.ts";
import { arrayKernel } from "../../lib/kernels/array/wasm.ts";
import { Blocks, bytesOf, decode, differences, isReal, list, viewOf, wideOf, type Elements } from "./kernel-arrays.ts";

/** Reductions of [outer][rows][cols] over rows against NumPy's answers, each at once and in pieces of rows. */

interface Case {
  readonly type: ElementType;
  readonly shape: readonly [number, number, number];
  readonly special: boolean;
  readonly x: string;
  readonly answers: Readonly<Record<string, string>>;
}
const file = new URL("../fixtures/array-kernels/answers.json", import.meta.url);
// As make.py writes it.
const cases = (JSON.parse(await readFile(file, "utf8")) as { reductions: readonly Case[] }).reductions;
const kernel = arrayKernel();

interface State {
  readonly type: ElementType;
  readonly start: number | bigint;
}
interface Reduction {
  readonly name: string;
  readonly states: readonly State[];
  /** The type of an output beside the states, as long as x. */
  readonly out?: ElementType;
  /** Whether it wants the index of the piece's first row. */
  readonly from?: boolean;
}

const zeroOf = (type: ElementType) => (type.endsWith("64") && !isReal(type) ? 0n : 0);
const oneOf = (type: ElementType) => (type.endsWith("64") && !isReal(type) ? 1n : 1);
const sums = (type: ElementType): State => ({ type: wideOf(type), start: zeroOf(wideOf(type)) });
const products = (type: ElementType): State => ({ type: wideOf(type), start: oneOf(wideOf(type)) });
const counts: State = { type: "i64", start: 0n };
const moment: State = { type: "f64", start: 0 };
const best = (type: ElementType): State => ({ type, start: zeroOf(type) });
const seen: State = { type: "b1", start: 0 };

/** What each of NumPy's answers is made by, and which of the states is the answer; −1: the output. */
function reductionsOf(type: ElementType): Readonly<Record<string, readonly [Reduction, number]>> {
  const moments = (name: string): Reduction => ({ name, states: [moment, moment, moment] });
  const extremes = (name: string): Reduction => ({ name, states: [best(type), seen] });
  const positions = (name: string): Reduction => ({
    name,
    states: [best(type), { type: "i64", start: -1n }],
    from: true,
  });
  return {
    sum: [{ name: "sum", states: [sums(type)] }, 0],
    prod: [{ name: "prod", states: [products(type)] }, 0],
    nansum: [{ name: "nansum", states: [sums(type)] }, 0],
    nanprod: [{ name: "nanprod", states: [products(type)] }, 0],
    nancount: [{ name: "nancount", states: [counts] }, 0],
    countnonzero: [{ name: "countnonzero", states: [counts] }, 0],
    any: [{ name: "any", states: [{ type: "b1", start: 0 }] }, 0],
    all: [{ name: "all", states: [{ type: "b1", start: 1 }] }, 0],
    cumsum: [{ name: "cumsum", states: [sums(type)], out: wideOf(type) }, -1],
    cumprod: [{ name: "cumprod", states: [products(type)], out: wideOf(type) }, -1],
    min: [extremes("min"), 0],
    max: [extremes("max"), 0],
    nanmin: [extremes("nanmin"), 0],
    nanmax: [extremes("nanmax"), 0],
    argmin: [positions("argmin"), 1],
    argmax: [positions("argmax"), 1],
    mean: [moments("moments"), 1],
    m2: [moments("moments"), 2],
    nanmean: [moments("nanmoments"), 1],
    nanm2: [moments("nanmoments"), 2],
  };
}

type Shape = readonly [outer: number, rows: number, cols: number];

/** The states, and the output if there is one, after pieces of rows that end at `cuts`. */
function reduce(
  { name, states, out, from }: Reduction,
  type: ElementType,
  [outer, rows, cols]: Shape,
  x: Elements,
  cuts: readonly number[],
): Elements[] {
  using blocks = new Blocks(kernel);
  const count = outer * cols;
  const held = states.map((state) => {
    const address = blocks.room(count * bytesOf(state.type));
    const view = viewOf(state.type, kernel.memory.buffer, address, count);
    for (let i = 0; i < count; i++) view[i] = state.start;
    return address;
  });
  const running = out === undefined ? undefined : viewOf(out, new ArrayBuffer(x.length * bytesOf(out)), 0, x.length);
  let first = 0;
  for (const end of [...cuts, rows]) {
    const height = end - first;
    const piece = viewOf(type, new ArrayBuffer(outer * height * cols * bytesOf(type)), 0, outer * height * cols);
    const inBlock = (o: number) => (o * rows + first) * cols;
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < height * cols; i++) piece[o * height * cols + i] = x[inBlock(o) + i];
    const address = blocks.put(piece);
    const room = out === undefined ? [] : [blocks.room(piece.length * bytesOf(out))];
    kernel.loop(`${name}_${type}`)(address, outer, height, cols, ...(from ? [first] : []), ...held, ...room);
    if (out !== undefined && running !== undefined) {
      const made = blocks.get(out, room[0], piece.length);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < height * cols; i++) running[inBlock(o) + i] = made[o * height * cols + i];
    }
    first = end;
  }
  const found = states.map((state, i) => blocks.get(state.type, held[i], count));
  return running === undefined ? found : [...found, running];
}

/** Each within 1e-13 of the other, relative to `scale`. */
const isClose = (a: number | bigint, b: number | bigint, scale: number) =>
  Object.is(a, b) || a === b || Math.abs(Number(a) - Number(b)) <= 1e-13 * Math.max(scale, Math.abs(Number(b)));

const summed = new Set(["sum", "prod", "nansum", "nanprod", "mean", "m2", "nanmean", "nanm2", "cumsum", "cumprod"]);

describe.each(ELEMENT_TYPES)("%s", (type) => {
  const own = cases.filter((one) => one.type === type);
  const operations = [...new Set(own.flatMap(({ answers }) => Object.keys(answers)))];
  test.each(operations)("%s", (operation) => {
    const [reduction, which] = reductionsOf(type)[operation];
    for (const { shape, special, x, answers } of own) {
      if (!(operation in answers)) continue;
      const rows = shape[1];
      const input = decode(type, x);
      for (const cuts of [[], [rows >> 1], [0, 1, 1, rows >> 1, rows - 1].filter((cut) => cut >= 0 && cut < rows)]) {
        const states = reduce(reduction, type, shape, input, cuts);
        const result = which < 0 ? states[states.length - 1] : states[which];
        const answerType = which < 0 ? wideOf(type) : reduction.states[which].type;
        const wanted = decode(answerType, answers[operation]);
        const exact = !isReal(answerType) || !summed.has(operation);
        // A mean is as wrong as the numbers are large that it is of.
        const scale = operation.endsWith("mean") ? largest(input) : 0;
        const known = operation.startsWith("nanm") ? nanCounts(type, shape, input) : undefined;
        const wrong: string[] = [];
        for (let i = 0; i < wanted.length; i++) {
          if (known?.[i] === 0n) continue;
          const fits = exact
            ? differences(answerType, result.subarray(i, i + 1), wanted.subarray(i, i + 1), { zeros: true }).length ===
              0
            : isClose(result[i], wanted[i], scale);
          if (!fits)
            wrong.push(
              `${shape.join("×")} ${special} cut at ${cuts.join()}: [${i}] ${String(result[i])}, not ${String(wanted[i])}`,
            );
        }
        expect(wrong).toEqual([]);
      }
    }
  });
});

const largest = (x: Elements) =>
  list(x).reduce<number>((most, value) => {
    const size = Math.abs(Number(value));
    return size < Infinity ? Math.max(most, size) : most;
  }, 0);

function nanCounts(type: ElementType, shape: Shape, x: Elements): Elements {
  return reduce({ name: "nancount", states: [counts] }, type, shape, x, [])[0];
}

test("of only NaN, nanmin has seen nothing", () => {
  const states = reduce(
    reductionsOf("f64").nanmin[0],
    "f64",
    [1, 3, 2],
    new Float64Array([NaN, 1, NaN, 2, NaN, NaN]),
    [1],
  );
  expect(list(states[1])).toEqual([0, 1]);
  expect(states[0][1]).toBe(1);
});

test("sums of a million are as exact as pairwise ones", () => {
  const x = Float64Array.from({ length: 1_000_000 }, (_, i) => 0.1 + (i % 7) * 1e-9);
  // The exact sum of the doubles, by integers: all lie in [2^-4, 2^-3).
  const exact = Number(x.reduce((sum, value) => sum + BigInt(value * 2 ** 56), 0n)) / 2 ** 56;
  const [[at]] = reduce(reductionsOf("f64").sum[0], "f64", [1, x.length, 1], x, []);
  expect(Math.abs(Number(at) - exact)).toBeLessThanOrEqual(exact * 1e-15);
});

test("the variance of numbers far from zero is theirs", () => {
  const rows = 10_000;
  for (const cols of [1, 3]) {
    const x = Float64Array.from({ length: rows * cols }, (_, i) => 1e9 + (Math.floor(i / cols) % 2));
    for (const cuts of [[], [1, 17, 4_096, 5_000]]) {
      const [, mean, m2] = reduce(reductionsOf("f64").mean[0], "f64", [1, rows, cols], x, cuts);
      expect(list(mean)).toEqual(Array.from({ length: cols }, () => 1e9 + 0.5));
      for (const value of list(m2)) expect(Number(value)).toBeCloseTo(rows / 4, 6);
    }
  }
});

test("moments of two parts merge to those of both, in any order, also where one is empty", () => {
  const numbers = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 50 });
  fc.assert(
    fc.property(numbers, numbers, (left, right) => {
      const of = (values: readonly number[]) =>
        reduce(reductionsOf("f64").mean[0], "f64", [1, values.length, 1], Float64Array.from(values), []);
      using blocks = new Blocks(kernel);
      const [a, b] = [of(left), of(right)].map((states) => states.map((state) => blocks.put(state)));
      kernel.wasm.mergemoments(1, a[0], a[1], a[2], b[0], b[1], b[2]);
      const merged = a.map((address) => Number(blocks.get("f64", address, 1)[0]));
      const all = of([...left, ...right]).map(([value]) => Number(value));
      expect(merged[0]).toBe(left.length + right.length);
      expect(Math.abs(merged[1] - all[1])).toBeLessThanOrEqual(1e-9);
      expect(Math.abs(merged[2] - all[2])).toBeLessThanOrEqual(1e-6);
    }),
  );
});

test("any cuts give the same extremes, positions, counts and whole sums", () => {
  const few = fc.constantFrom(0, -0, 1, -1, 2, NaN, Infinity, -Infinity);
  const blocksOf = fc
    .record({ outer: fc.integer({ min: 1, max: 3 }), rows: fc.nat(40), cols: fc.integer({ min: 1, max: 70 }) })
    .chain(({ outer, rows, cols }) =>
      fc.tuple(
        fc.constant([outer, rows, cols] as const),
        fc.array(few, { minLength: outer * rows * cols, maxLength: outer * rows * cols }),
        fc.array(fc.nat(rows), { maxLength: 4 }).map((cuts) => cuts.sort((a, b) => a - b)),
      ),
    );
  fc.assert(
    fc.property(blocksOf, fc.constantFrom("f64", "f32", "i32", "u8", "i64", "b1"), ([shape, values, cuts], type) => {
      const x = viewOf(type, new ArrayBuffer(values.length * bytesOf(type)), 0, values.length);
      for (const [i, value] of values.entries()) {
        const whole = Number.isFinite(value) ? value : 7;
        x[i] = isReal(type) ? value : type === "i64" ? BigInt(whole) : type === "b1" ? Number(whole > 0) : whole;
      }
      const table = reductionsOf(type);
      const names = ["min", "max", "argmin", "argmax", "any", "all", "countnonzero", "cumsum", "cumprod"];
      for (const name of [...names, ...(isReal(type) ? ["nanmin", "nanmax", "nancount"] : ["sum", "prod"])])
        expect(reduce(table[name][0], type, shape, x, cuts), name).toEqual(reduce(table[name][0], type, shape, x, []));
    }),
    { numRuns: 60 },
  );
});
