import { expectTypeOf, test } from "vitest";
import type { Held } from "../../lib/client/future.ts";
import { delayed, type Client, type Future } from "../../lib/index.ts";

const client = null as unknown as Client;
/** Only compiled. */
function never(_body: () => unknown): void {}

test("types follow from the function", () => {
  const inc = (x: number) => x + 1;
  const join = (xs: readonly string[], sep: string) => xs.join(sep);
  const read = async (path: string) => ({ path, size: 1 });
  never(() => {
    expectTypeOf(client.submit(inc, 1)).toEqualTypeOf<Future<number>>();
    expectTypeOf(client.submit((x: number) => x + 1, 1)).toEqualTypeOf<Future<number>>();
    expectTypeOf(client.submit(read, "a")).toEqualTypeOf<Future<{ path: string; size: number }>>();
    expectTypeOf(client.submit(inc, client.submit(inc, 1))).toEqualTypeOf<Future<number>>();
    expectTypeOf(client.submit(inc, delayed(inc)(1))).toEqualTypeOf<Future<number>>();
    expectTypeOf(client.submit(join, [client.submit(String, 1), "b"], ",")).toEqualTypeOf<Future<string>>();
    expectTypeOf(client.map(inc, [1, 2])).toEqualTypeOf<Future<number>[]>();
    expectTypeOf(client.map(inc, client.map(inc, [1]))).toEqualTypeOf<Future<number>[]>();
    expectTypeOf(client.with({ retries: 1 }).map(join, [["a"]], ",")).toEqualTypeOf<Future<string>[]>();
    expectTypeOf(client.gather(client.map(inc, [1]))).resolves.toEqualTypeOf<number[]>();
    expectTypeOf(
      client.gather({ a: client.submit(inc, 1), b: [1, client.submit(read, "")] as const }),
    ).resolves.toExtend<{
      a: number;
      b: [number, { path: string; size: number }];
    }>();
    expectTypeOf(client.scatter(new Float64Array(1))).resolves.toEqualTypeOf<Held<Float64Array<ArrayBuffer>>>();
    expectTypeOf(client.run(read, "a")).resolves.toEqualTypeOf<Map<number, { path: string; size: number }>>();
    // @ts-expect-error a text is no number
    client.submit(inc, "1");
    // @ts-expect-error a future of a text is no number
    client.submit(inc, client.submit(String, 1));
    // @ts-expect-error an argument is missing
    client.submit(join, ["a"]);
    // @ts-expect-error one too many
    client.submit(inc, 1, 2);
    // @ts-expect-error items are texts
    client.map(inc, ["a"]);
    // @ts-expect-error there is no such option
    client.with({ retry: 1 });
  });
});
