import { expect, test } from "vitest";
import type { Outcome } from "../../lib/runtime/executor.ts";
import { ownBody, packOutcomes, unpackOutcomes } from "../../lib/runtime/local/packing.ts";

const result = (index: number, body: Uint8Array): Outcome => ({ index, ms: 1.5, recordsIn: 2, recordsOut: 1, body });

test.each([false, true])("outcomes come out as they went in (shared: %s)", (shared) => {
  const outcomes: Outcome[] = [
    result(4, Uint8Array.of(1, 2)),
    { index: 5, error: { name: "TypeError", message: "boom" } },
    { ...result(6, new Uint8Array(100_000).fill(3)), span: { from: 7, next: 9 } },
    result(8, new Uint8Array(0)),
    { ...result(9, Uint8Array.of(9)), span: { from: 1, next: 2, doubt: "?" } },
  ];
  const wanted = structuredClone(outcomes);
  const { packed, transfer } = packOutcomes(outcomes, { small: shared, large: shared });
  expect(unpackOutcomes(structuredClone(packed, { transfer }))).toEqual(wanted);
  expect(transfer.length).toBe(shared ? 0 : 2);
});

test("a Buffer of Node's pool is copied, so that the pool is never given away", () => {
  const pooled = Buffer.from("hello");
  const own = ownBody(pooled, false);
  expect(own.buffer).not.toBe(pooled.buffer);
  expect(own.byteLength).toBe(own.buffer.byteLength);
});
