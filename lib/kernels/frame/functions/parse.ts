import type { AnyType, Params } from "../../../collections/functions/spec.ts";
import type { ScalarType } from "../../../collections/schema.ts";
import { parseDate, parseTimestamp } from "../../../collections/time/iso.ts";
import { ValueError } from "../../../errors.ts";
import { parseBoolean, parseInteger, parseNumber } from "../../csv/texts.ts";
import { castColumn } from "../cast.ts";
import { isWideInteger, type Batch, type Column } from "../column.ts";
import { dateReader, timestampReader } from "./read-time.ts";
import { mapTexts, type TextMap } from "./text-map.ts";

type Evaluator = (batch: Batch) => Column;
type Reader = (text: string) => number | bigint | boolean | undefined;

/** How a text is read as a value of each type; undefined where it spells none. */
const READERS: Readonly<Record<Exclude<ScalarType, "string">, Reader>> = {
  bool: parseBoolean,
  int64(text) {
    const value = parseInteger(text);
    return value === undefined || isWideInteger(value) ? value : Number(value);
  },
  float64: parseNumber,
  date: parseDate,
  timestamp: parseTimestamp,
};

/** A cast with strings on the one side, or values that the type cannot hold. `where`: the expression, for messages. */
export function castCall(
  to: ScalarType,
  from: AnyType,
  errors: "null" | undefined,
  arg: Evaluator,
  where: string,
): Evaluator {
  if (from === "string" && to !== "string") {
    const map = textReader(to, READERS[to], errors, where, `.cast("${to}", { errors: "null" })`);
    return (batch) => mapped(map, arg(batch), to);
  }
  return (batch) => castColumn(arg(batch), to, errors === "null" ? "null" : { where });
}

/** `toDate` and `toTimestamp`. */
export function readTime(
  to: "date" | "timestamp",
  from: AnyType,
  { format, errors }: Params,
  arg: Evaluator,
  where: string,
): Evaluator {
  const spelling = typeof format === "string" ? format : undefined;
  const onError = errors === "null" ? "null" : undefined;
  if (from !== "string") return castCall(to, from, onError, arg, where);
  const read = to === "date" ? dateReader(spelling) : timestampReader(spelling);
  const name = to === "date" ? "toDate" : "toTimestamp";
  const fix = `.${name}(${spelling === undefined ? "undefined" : JSON.stringify(spelling)}, { errors: "null" })`;
  const map = textReader(to, read, onError, where, fix);
  return (batch) => mapped(map, arg(batch), to);
}

function mapped(map: TextMap, column: Column, to: ScalarType): Column {
  return column.type === "string" ? map(column) : castColumn(column, to);
}

function textReader(
  to: Exclude<ScalarType, "string">,
  read: Reader,
  errors: "null" | undefined,
  where: string,
  lenient: string,
): TextMap {
  if (errors === "null") return mapTexts(to, (text) => read(text) ?? null);
  return mapTexts(to, read, (text) => {
    throw new ValueError(`${JSON.stringify(text)} is no ${to}. In: ${where}.`, {
      fields: { text, type: to, expression: where },
      fix: `correct the value, or make such values null: ${lenient}.`,
    });
  });
}
