import type { SchemaElement } from "hyparquet";
import type { ScalarType } from "../../collections/schema.ts";

/** How a Parquet column's values become ours. Plain JSON: part of the plan. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: ScalarType;
  readonly physical: Physical;
  readonly meaning: Meaning;
  /** Whether the file allows nulls in it: then its pages hold definition levels. */
  readonly optional: boolean;
  /** Bytes of each value of FIXED_LEN_BYTE_ARRAY. */
  readonly length?: number;
  /** Decimal digits behind the point. */
  readonly scale?: number;
}

export type Physical = NonNullable<SchemaElement["type"]>;

export type Meaning =
  | "plain"
  | "unsigned"
  | "decimal"
  | "half"
  | "uuid"
  | "hex"
  /** Integers that count 1,000, 1 or 1/1,000 microseconds. */
  | "milliseconds"
  | "microseconds"
  | "nanoseconds"
  /** INT96: nanoseconds of a day, and the day by its Julian number. */
  | "julian"
  /** Lists, maps and structs: as JSON text. */
  | "nested"
  /** A column without any value. */
  | "nothing";

/** What is said in the plan's notes of a column that is not taken as it is. */
export interface Described {
  readonly column: ParquetColumn;
  readonly note?: string;
}

/** A column of a file's schema: the elements from the top level's on, of which the first is the column and the others are inside it. */
export function describeColumn(element: SchemaElement): Described {
  const { name, type, type_length: length, scale } = element;
  const optional = element.repetition_type !== "REQUIRED";
  if (type === undefined || element.repetition_type === "REPEATED") {
    const column = { name, type: "string", physical: "BYTE_ARRAY", meaning: "nested", optional } as const;
    return { column, note: "holds lists, maps or structs: it is read as JSON text" };
  }
  const { to, meaning, note } = meaningOf(element, type);
  const column: ParquetColumn = {
    name,
    type: to,
    physical: type,
    meaning,
    optional,
    ...(length === undefined ? {} : { length }),
    ...(scale === undefined ? {} : { scale }),
  };
  return note === undefined ? { column } : { column, note };
}

interface Mapped {
  readonly to: ScalarType;
  readonly meaning: Meaning;
  readonly note?: string;
}

const plain = (to: ScalarType): Mapped => ({ to, meaning: "plain" });

function meaningOf({ converted_type: converted, logical_type: logical }: SchemaElement, type: Physical): Mapped {
  if (logical?.type === "NULL") return { to: "float64", meaning: "nothing" };
  if (converted === "DECIMAL" || logical?.type === "DECIMAL")
    return { to: "float64", meaning: "decimal", note: "holds decimals: they are read as float64, the nearest one" };
  switch (type) {
    case "BOOLEAN":
      return plain("bool");
    case "FLOAT":
    case "DOUBLE":
      return plain("float64");
    case "INT96":
      return { to: "timestamp", meaning: "julian", note: ROUNDED_NOTE };
    case "INT32":
    case "INT64":
      return integer(converted, logical, type);
    case "BYTE_ARRAY":
      return plain("string");
    case "FIXED_LEN_BYTE_ARRAY":
      if (logical?.type === "FLOAT16") return { to: "float64", meaning: "half" };
      if (logical?.type === "UUID") return { to: "string", meaning: "uuid" };
      return { to: "string", meaning: "hex", note: "holds bytes of a fixed length: they are read as hexadecimal text" };
  }
}

function integer(
  converted: SchemaElement["converted_type"],
  logical: SchemaElement["logical_type"],
  type: Physical,
): Mapped {
  if (converted === "DATE" || logical?.type === "DATE") return plain("date");
  const unit = unitOf(converted, logical);
  if (unit !== undefined) {
    if (logical?.type === "TIME" || converted?.startsWith("TIME_"))
      return { to: "int64", meaning: unit, note: "holds times of day: they are read as int64, microseconds" };
    return unit === "nanoseconds"
      ? { to: "timestamp", meaning: unit, note: ROUNDED_NOTE }
      : { to: "timestamp", meaning: unit };
  }
  const unsigned = converted?.startsWith("UINT_") || (logical?.type === "INTEGER" && !logical.isSigned);
  // UINT_8 and UINT_16 are never negative as INT32.
  return unsigned === true && (type === "INT32" || type === "INT64")
    ? { to: "int64", meaning: "unsigned" }
    : plain("int64");
}

const ROUNDED_NOTE = "holds nanoseconds: they are rounded down to microseconds";

function unitOf(
  converted: SchemaElement["converted_type"],
  logical: SchemaElement["logical_type"],
): "milliseconds" | "microseconds" | "nanoseconds" | undefined {
  if (logical?.type === "TIMESTAMP" || logical?.type === "TIME")
    return { MILLIS: "milliseconds", MICROS: "microseconds", NANOS: "nanoseconds" }[logical.unit] as
      "milliseconds" | "microseconds" | "nanoseconds"; // the table's own values
  if (converted === "TIMESTAMP_MILLIS" || converted === "TIME_MILLIS") return "milliseconds";
  if (converted === "TIMESTAMP_MICROS" || converted === "TIME_MICROS") return "microseconds";
  return undefined;
}
