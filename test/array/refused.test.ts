import { expect, test } from "vitest";
import { Client, OptionError, ShapeError, bincount, concatenate, cov, eye, fromArray, full } from "../../lib/index.ts";
import { random, stack, tensordot, where, zeros } from "../../lib/index.ts";

/** What a program without types can get wrong, and would otherwise see in its numbers, or not at all. */
const loosely = (value: unknown) => value as never; // what the types do not allow

test.each<[string, () => unknown, RegExp]>([
  ["an option that there is not", () => zeros([2, 3]).mean(loosely({ axes: 0 })), /mean\(…\) has no option "axes"/],
  ["ddof of what has none", () => zeros(3).sum(loosely({ ddof: 1 })), /sum\(…\) has no option "ddof"/],
  ["a chunk for chunks", () => zeros(3, loosely({ chunk: 2 })), /has no option "chunk"/],
  ["another option of an array in memory", () => fromArray([1], loosely({ dtypes: "int8" })), /no option "dtypes"/],
  ["an axes for axis", () => concatenate([zeros(3)], loosely({ axes: 0 })), /concatenate\(…\) has no option "axes"/],
  ["a seed misspelt", () => random.normal(3, loosely({ sed: 1 })), /random\.normal\(…\) has no option "sed"/],
  ["numbers of chance as integers", () => random.uniform(3, loosely({ dtype: "int32" })), /makes float64 or float32/],
  [
    "a dtype that is none",
    () => random.integers(0, 3, 3, loosely({ dtype: "integer" })),
    /random\.integers.*one of bool/,
  ],
  ["low above high", () => random.uniform(3, { low: 3, high: 1 }), /low up to high; found 3 and 1/],
  ["an infinite mean", () => random.normal(3, { mean: Infinity }), /finite mean/],
  ["a negative scale", () => random.exponential(3, { scale: -1 }), /scale of at least 0; found -1/],
  ["a diagonal between others", () => eye(3, 3, { k: 1.5 }), /eye\(…\) option k expects a whole number, found 1\.5/],
  ["no number of degrees of freedom", () => cov(zeros([3, 3]), { ddof: NaN }), /cov\(…\) option ddof/],
  ["the same of a deviation", () => zeros(3).std({ ddof: NaN }), /std\(…\) option ddof expects a number/],
  ["a text among numbers", () => zeros(3).add(loosely("x")), /numbers, bigints or booleans.*found "x"/],
  ["nothing among numbers", () => zeros(3).add(loosely(null)), /single numbers, bigints or booleans, found null/],
  ["a list for an array", () => zeros(3).add(loosely([1, 2, 3])), /found an array of 3.*\n.*fromArray\(\[1, 2, 3\]\)/],
  ["a choice that is not there", () => where(zeros(3), loosely(zeros(3)), loosely(undefined)), /found undefined/],
  ["a number for a matrix", () => zeros([3, 3]).matmul(loosely(3)), /matmul\(…\) expects a lazy array, found 3/],
  ["arrays that are no list", () => concatenate(loosely(zeros(3)), loosely(zeros(3))), /list of arrays.*\n.*\[a, b\]/],
  ["a list with something else", () => stack(loosely([zeros(3), 3])), /stack\(…\) expects a lazy array, found 3/],
  ["axes as options", () => tensordot(zeros(3), zeros(3), loosely({ axes: 1 })), /how many, or a pair/],
  ["decimals as they are", () => zeros(3).round(loosely(-1)), /round\(…\) expects an object with options, found -1/],
  ["two shapes", () => zeros(6).reshape(loosely([2, 3]), loosely(1)), /reshape\(…\) expects one list/],
  [
    "a count without an end",
    () => bincount(zeros(3, { dtype: "int8" }), loosely(undefined)),
    /option length.*\n.*length: 256/,
  ],
  ["a shape below 0", () => zeros([-1]), /zeros\(…\) expects a shape/],
  ["a whole number that does not fit", () => zeros(3, { dtype: "int8" }).add(300n), /int8 does not hold 300/],
  ["a text for a number", () => full(3, loosely("x")), /numbers, bigints or booleans/],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(OptionError);
  expect(make).toThrow(message);
});

test("a mask that is none, and an axis that does not go, are refused with what to do", async () => {
  await expect(zeros(2).select(loosely([true, false]))).rejects.toThrow(/select\(…\) expects a lazy array/);
  expect(() => zeros([3, 1]).squeeze(0)).toThrow(ShapeError);
  expect(() => zeros([3, 1]).squeeze(0)).toThrow(/the axis 0 of \(3, 1\) has 3/);
  expect(zeros([3, 1]).squeeze(1).shape).toEqual([3]);
});

test("a bigint stands beside any dtype, as its number", async () => {
  await using client = await Client.local({ workers: 0, progress: false });
  for (const dtype of ["int8", "uint32", "int64", "float32", "float64"] as const) {
    const sum = fromArray([1, 2, 3], { dtype }).add(2n);
    expect(sum.dtype).toBe(dtype);
    expect(Array.from((await client.compute(sum)).data, Number)).toEqual([3, 4, 5]);
  }
});
