import type { Expression } from "../collections/expression.ts";
import type { ScalarType } from "../collections/schema.ts";
import type { DataType } from "./ast.ts";
import type { Problems } from "./problem.ts";

/** SQL's names of types as the parser gives them, and what they are here. Lengths and widths of integers are not checked. */
const TYPES: Readonly<Record<string, ScalarType>> = {
  Boolean: "bool",
  Bool: "bool",
  TinyInt: "int64",
  SmallInt: "int64",
  Int2: "int64",
  Int: "int64",
  Int4: "int64",
  Integer: "int64",
  BigInt: "int64",
  Int8: "int64",
  Int64: "int64",
  Float: "float64",
  Float4: "float64",
  Float8: "float64",
  Float64: "float64",
  Real: "float64",
  Double: "float64",
  DoublePrecision: "float64",
  Decimal: "float64",
  Dec: "float64",
  Numeric: "float64",
  Varchar: "string",
  CharVarying: "string",
  Char: "string",
  Character: "string",
  CharacterVarying: "string",
  Text: "string",
  String: "string",
  Date: "date",
  Timestamp: "timestamp",
  Datetime: "timestamp",
};

/** The column type that a type of SQL stands for. @throws SqlError */
export function scalarTypeOf(type: DataType, node: unknown, problems: Problems): ScalarType {
  const name = kindOf(type);
  if (Object.hasOwn(TYPES, name)) return TYPES[name];
  throw problems.unsupported(
    node,
    `The type ${spelled(type)}`,
    "types are boolean, bigint, double, decimal, varchar, date, timestamp.",
  );
}

/** A cast as DuckDB does it: floats go to the nearest integer, halves to the even one; decimals are rounded to their scale. */
export function castTo(value: Expression, from: ScalarType | "null", type: DataType, to: ScalarType, isTry: boolean) {
  const options = isTry ? ({ errors: "null" } as const) : {};
  if (from === "float64" && to === "int64") return value.round().cast("int64", options);
  const cast = from === to ? value : value.cast(to, options);
  const scale = scaleOf(type);
  return scale === undefined ? cast : cast.round(scale);
}

function kindOf(type: DataType): string {
  return typeof type === "string" ? type : Object.keys(type)[0];
}

/** Digits behind the point of a decimal: as told, or as DuckDB has them by default. */
function scaleOf(type: DataType): number | undefined {
  if (!["Decimal", "Dec", "Numeric"].includes(kindOf(type)) || typeof type === "string") return undefined;
  const [size] = Object.values(type);
  if (typeof size !== "object" || size === null) return DEFAULT_SCALE;
  const { PrecisionAndScale: both } = size as { readonly PrecisionAndScale?: readonly [number, number] };
  return both?.[1] ?? 0;
}

const DEFAULT_SCALE = 3;

function spelled(type: DataType): string {
  if (typeof type === "string") return type.toUpperCase();
  const { Custom: custom } = type as { readonly Custom?: readonly [readonly { Identifier?: { value: string } }[]] };
  return (custom?.[0][0]?.Identifier?.value ?? kindOf(type)).toUpperCase();
}
