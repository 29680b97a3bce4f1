import { expect, test } from "vitest";
import { OptionError, concatenate, cov, eye, fromArray, full, random, zeros } from "../../lib/index.ts";

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
  ["a text for a number", () => full(3, loosely("x")), /numbers, bigints or booleans/],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(OptionError);
  expect(make).toThrow(message);
});
