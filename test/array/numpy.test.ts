import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client } from "../../lib/client/client.ts";
import { ChunkedArray, type AnyArray } from "../../lib/collections/array/chunked-array.ts";
import { NDArray } from "../../lib/collections/array/ndarray.ts";
import { AbanicoError } from "../../lib/errors.ts";
import { build, difference, fixtures, stored, type Program } from "./programs.ts";

/** Every program of test/fixtures/array against NumPy's answer, in chunks that divide nothing, on each runtime. */

const LENGTHS = [2, 1, 3, 100];

for (const { runtime, workers, first } of [
  { runtime: "inline", workers: 0, first: 0 },
  { runtime: "local, 2 threads", workers: 2, first: 2 },
]) {
  describe(runtime, () => {
    let client: Client;
    beforeAll(async () => {
      client = await Client.local({ workers, progress: false });
    });
    afterAll(() => client.shutdown());

    const byFunction = new Map<
      string,
      { readonly program: Program; readonly answer: (typeof fixtures.cases)[number][1] }[]
    >();
    for (const [program, answer] of fixtures.cases) {
      const name = String((program as unknown[])[0]);
      byFunction.set(name, [...(byFunction.get(name) ?? []), { program, answer }]);
    }
    test.each([...byFunction])("%s", async (_, cases) => {
      const wrong: string[] = [];
      const run = async ({ program, answer }: (typeof cases)[number], i: number): Promise<void> => {
        const length = LENGTHS[(i + first) % LENGTHS.length];
        const text = () => `${JSON.stringify(program)} in chunks of ${length}`;
        const outcome = await computed(client, program, length).catch((error: unknown) => error);
        if (outcome instanceof NDArray) {
          const found = answer === null ? "NumPy refuses" : difference(outcome, stored(answer), program);
          if (found !== undefined) wrong.push(`${text()}: ${found}`);
        } else if (!(outcome instanceof AbanicoError) || outcome.tag === "InternalError" || answer !== null)
          wrong.push(`${text()}: ${String(outcome)}`);
      };
      for (let i = 0; i < cases.length; i += 16)
        await Promise.all(cases.slice(i, i + 16).map((one, k) => run(one, i + k)));
      expect(wrong).toEqual([]);
    });
  });
}

async function computed(client: Client, program: Program, length: number): Promise<unknown> {
  const array = await build(program, (shape) => shape.map(() => length));
  if (!(array instanceof ChunkedArray)) return array;
  const result = await client.compute(array as AnyArray);
  return result instanceof NDArray ? result : wrapped(array as AnyArray, result);
}

/** What a reduction over all axes computes to, as an array again. */
function wrapped(array: AnyArray, value: unknown): NDArray {
  const { dtype } = array;
  expect(array.shape).toEqual([]);
  expect(typeof value).toMatch(dtype === "bool" ? /^boolean$/ : /^(number|bigint)$/);
  if (dtype === "int64") return new NDArray("int64", [], BigInt64Array.of(BigInt(value as number)));
  if (dtype === "uint64") return new NDArray("uint64", [], BigUint64Array.of(BigInt(value as number)));
  const made = { bool: Uint8Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array };
  const floats = { int32: Int32Array, uint32: Uint32Array, float32: Float32Array, float64: Float64Array };
  return new NDArray(dtype, [], { ...made, ...floats }[dtype].of(Number(value)) as never); // of that dtype
}
