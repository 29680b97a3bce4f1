import { expect, test } from "vitest";
import { fromErrorRecord, toErrorRecord, CsvError } from "../../lib/errors.ts";
import { boundedRecord } from "../../lib/runtime/aws/bounded-record.ts";

test("an error's record stays as it is where it is small", () => {
  const record = toErrorRecord(new CsvError("Row 7 is bad.", { fields: { row: 7 }, cause: new Error("why") }));
  expect(boundedRecord(record)).toBe(record);
});

test.each([
  ["a document in its message", new Error("é".repeat(3_000_000))],
  [
    "hundreds of errors",
    new AggregateError(
      Array.from({ length: 150 }, () => new Error("x".repeat(9_000))),
      "all",
    ),
  ],
  ["a chain of causes", Array.from({ length: 8 }).reduce<Error>((cause) => new Error("x".repeat(90_000), { cause }), new Error("first"))], // prettier-ignore
  [
    "large fields",
    new CsvError("bad", { fields: { row: 7, text: "x".repeat(2_000_000) }, fix: "y".repeat(1_000_000) }),
  ],
])("one with %s is cut to what a message holds", (_, error) => {
  const record = toErrorRecord(error);
  const bounded = boundedRecord(record);
  expect(Buffer.byteLength(JSON.stringify(bounded))).toBeLessThan(256 * 1024);
  expect(bounded).toMatchObject({ name: record.name, message: expect.stringMatching(new RegExp(`^${record.message.slice(0, 3)}`)) }); // prettier-ignore
  expect(fromErrorRecord(bounded).constructor).toBe(error.constructor);
  if (error instanceof CsvError) expect(bounded.fields).toEqual({ row: 7 });
});
