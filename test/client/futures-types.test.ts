import { expectTypeOf, test } from "vitest";
import type { Held } from "../../lib/client/future.ts";
import { delayed, fromSequence, type Client, type Future } from "../../lib/index.ts";

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
    const area = (shape: { readonly size: { readonly width: number; readonly heights: readonly number[] } }) =>
      shape.size.width;
    const one = client.submit(inc, 1);
    expectTypeOf(client.submit(area, { size: { width: one, heights: [1, one, delayed(inc)(1)] } })).toEqualTypeOf<
      Future<number>
    >();
    expectTypeOf(client.submit(area, { size: client.submit(() => ({ width: 1, heights: [2] })) })).toEqualTypeOf<
      Future<number>
    >();
    expectTypeOf(client.map(area, [{ size: { width: one, heights: [] } }])).toEqualTypeOf<Future<number>[]>();
    expectTypeOf(client.map((x) => x * 2, [1, 2])).toEqualTypeOf<Future<number>[]>();
    expectTypeOf(client.map(async ({ a }) => a, [{ a: 1 }])).toEqualTypeOf<Future<number>[]>();
    expectTypeOf(client.submit((x) => x.length, "a")).toEqualTypeOf<Future<number>>();
    expectTypeOf(client.submit((xs: Iterable<number>) => [...xs], fromSequence([1]))).toEqualTypeOf<Future<number[]>>();
    expectTypeOf(client.submit((url: URL) => url.href, new URL("http://a"))).toEqualTypeOf<Future<string>>();
    // @ts-expect-error a future of a text where a number is wanted
    client.submit(area, { size: { width: client.submit(String, 1), heights: [] } });
    // @ts-expect-error a property is missing
    client.submit(area, { size: { width: one } });
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
