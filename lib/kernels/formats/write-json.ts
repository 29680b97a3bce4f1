import { columnOf } from "../frame/column.ts";
import type { Frame } from "../frame/encode.ts";
import { joinRows } from "./rows-text.ts";
import { speller } from "./spell.ts";

export interface JsonWriteOptions {
  readonly nonFinite?: "null" | "text";
}

/** A frame as JSON Lines: an object a row with all columns; null is null, int64 has all its digits, float64 always a point or an exponent. */
export function encodeJson({ schema, batch }: Frame, { nonFinite = "null" }: JsonWriteOptions = {}): Uint8Array {
  const isText = nonFinite === "text";
  const columns = schema.map(({ name }) =>
    speller(columnOf(batch, name), {
      null: "null",
      nan: isText ? '"NaN"' : "null",
      infinity: isText ? '"Infinity"' : "null",
      text: (text) => JSON.stringify(text),
      time: (text) => `"${text}"`,
    }),
  );
  const keys = schema.map(({ name }, i) => `${i === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  return joinRows(batch.rows, (row) => {
    let line = columns.length === 0 ? "{" : "";
    for (let i = 0; i < columns.length; i++) line += keys[i] + columns[i](row);
    return `${line}}`;
  });
}
