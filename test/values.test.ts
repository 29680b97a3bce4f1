import { deepStrictEqual } from "node:assert";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../lib/values.ts";

const CLONE = 0;
const TREE = 10;

const cloned = (value: unknown): unknown => deserialize(serialize(value));
const there = (value: unknown): unknown => decodeValue(encodeValue(value));

/** In memory that threads share, and not at its beginning: as results lie in it. */
function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength + 3), 3);
  copy.set(bytes);
  return copy;
}

const scalar = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    true,
    false,
    NaN,
    -0,
    0,
    Infinity,
    -Infinity,
    127,
    128,
    -128,
    -129,
    2 ** 31,
    -(2 ** 31),
  ),
  fc.integer(),
  fc.double(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 40 }),
  fc.string({ minLength: 20, maxLength: 80 }),
);
const key = fc.oneof(
  fc.string(),
  fc.constantFrom("a", "b", "1", "0", "constructor", "toString", "__proto__", "length", "é"),
);
const plain = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "medium" }, scalar, tie("array"), tie("object")),
  array: fc.array(tie("value"), { maxLength: 8 }),
  object: fc.dictionary(key, tie("value"), { maxKeys: 8, noNullPrototype: true }),
})).value;

describe("a value comes back as structured clone would give it", () => {
  test("plain trees", () => {
    fc.assert(
      fc.property(plain, (value) => deepStrictEqual(there(value), cloned(value))),
      { numRuns: 500 },
    );
  });

  test("anything", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => deepStrictEqual(there(value), cloned(value))),
      { numRuns: 500 },
    );
  });

  test("from shared memory too", () => {
    fc.assert(fc.property(plain, (value) => deepStrictEqual(decodeValue(shared(encodeValue(value))), cloned(value))));
  });

  test("keys keep their order", () => {
    fc.assert(
      fc.property(fc.dictionary(key, fc.integer(), { noNullPrototype: true }), (value) =>
        deepStrictEqual(Object.keys(there(value) as object), Object.keys(cloned(value) as object)),
      ),
    );
  });
});

test.each<[string, () => unknown, number]>([
  ["an array", () => [1, "two", null], TREE],
  ["an object", () => ({ a: { b: [undefined, NaN, -0] } }), TREE],
  [
    "a hole",
    () => Array.of(1, ...new Array<number>(1), 3).map((x) => x) && Object.assign([1, 2, 3], { length: 5 }),
    CLONE,
  ],
  ["an array with properties", () => /a(?<x>b)/.exec("ab"), CLONE],
  ["one hole and one property", () => Object.assign(new Array(2), { 0: 1, x: 1 }), CLONE],
  ["a key __proto__", () => JSON.parse('{"a":{"__proto__":1}}') as unknown, CLONE],
  ["no prototype", () => Object.assign(Object.create(null) as object, { a: 1 }), CLONE],
  ["a date within", () => ({ at: new Date(5) }), CLONE],
  ["a bigint within", () => [1n], CLONE],
  ["bytes within", () => [new Uint8Array([1, 2])], CLONE],
  ["many numbers", () => Array.from({ length: 1_000 }, (_, i) => i / 2), CLONE],
  ["a long text", () => ["x".repeat(5_000)], CLONE],
  ["many objects", () => Array.from({ length: 60 }, (_, i) => ({ i })), CLONE],
  ["a deep tree", () => Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], 1), CLONE],
  ["a tree just too large", () => Array.from({ length: 250 }, (_, i) => `${i}`.padStart(20)), CLONE],
])("%s", (_, make, format) => {
  const value = make();
  const bytes = encodeValue(value);
  expect(bytes[0]).toBe(format);
  const back = decodeValue(bytes);
  deepStrictEqual(back, cloned(value));
  // Which deep equality leaves out for arrays.
  expect(Object.keys(Object(back))).toEqual(Object.keys(Object(value)));
});

test("parts that are one stay one, and cycles are kept", () => {
  const part = { a: 1 };
  const [x, y] = there([part, part]) as [object, object];
  expect(x).toBe(y);
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const back = there(cycle) as typeof cycle;
  expect(back.self).toBe(back);
});

test("each value is new, and none is changed by the next", () => {
  const first = encodeValue({ a: "first", b: 0.5 });
  const second = encodeValue({ a: "second", b: 0.25 });
  expect([decodeValue(first), decodeValue(second), decodeValue(first)]).toEqual([
    { a: "first", b: 0.5 },
    { a: "second", b: 0.25 },
    { a: "first", b: 0.5 },
  ]);
});

test("a getter that encodes, or throws, does no harm", () => {
  const nested = {
    get inner() {
      return decodeValue(encodeValue({ b: [1, 2] }));
    },
    c: 3,
  };
  expect(there(nested)).toEqual({ inner: { b: [1, 2] }, c: 3 });
  const hostile = {
    get a(): number {
      throw new RangeError("not now");
    },
  };
  expect(() => encodeValue(hostile)).toThrow("not now");
  expect(encodeValue({ a: 1 })[0]).toBe(TREE);
});

test("functions and symbols are refused, wherever they are", () => {
  for (const value of [() => 1, Symbol("s"), [() => 1], { a: { b: Symbol("s") } }, new Map([[1, () => 1]])])
    expect(() => encodeValue(value)).toThrow("could not be cloned");
});
