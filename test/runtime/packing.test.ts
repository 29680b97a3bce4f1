import { expect, test } from "vitest";
import type { Outcome } from "../../lib/runtime/executor.ts";
import { packOutcomes, sharedBody, unpackOutcomes } from "../../lib/runtime/local/packing.ts";

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
  const packed = packOutcomes(outcomes, shared);
  expect(unpackOutcomes(structuredClone(packed))).toEqual(wanted);
});

test("large bodies are shared, not copied, on the way", () => {
  const body = sharedBody(new Uint8Array(100_000));
  const [outcome] = unpackOutcomes(packOutcomes([result(0, body)], false));
  expect("body" in outcome && outcome.body.buffer).toBe(body.buffer);
  expect(sharedBody(body)).toBe(body);
});
