import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { NDArray } from "../../lib/collections/array/ndarray.ts";
import { stored, type Stored } from "./programs.ts";

const file = new URL("../fixtures/array/prints.json", import.meta.url);
// As make_prints.py writes it.
const prints = JSON.parse(await readFile(file, "utf8")) as readonly (readonly [...Stored, string])[];

test("arrays print as NumPy prints them", () => {
  expect(prints.length).toBeGreaterThan(400);
  const wrong = prints.flatMap(([dtype, shape, base64, text]) => {
    const found = String(stored([dtype, shape, base64]));
    return found === text ? [] : [`${dtype} (${shape.join()}):\n${found}\nexpected\n${text}`];
  });
  expect(wrong).toEqual([]);
});

test("consoles show the same", () => {
  const array = new NDArray("int32", [2, 2], Int32Array.of(1, 20, 3, 4));
  expect(inspect(array)).toBe("[[ 1 20]\n [ 3  4]]");
});
