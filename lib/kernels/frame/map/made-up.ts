import type { ScalarType, Schema } from "../../../collections/schema.ts";
import { columnOf, type Column, type Scalar } from "../column.ts";
import type { Frame } from "../encode.ts";
import { fromValues } from "../from-values.ts";

/** Values that a column of the type may well have. Floats have a fraction, so that what is made of them is no integer. */
const VALUES: Readonly<Record<ScalarType, readonly [Scalar, Scalar]>> = {
  bool: [true, false],
  int64: [1, 2],
  float64: [1.25, 2.5],
  string: ["a", "b"],
  date: [19_388, 19_389],
  timestamp: [1_675_123_200_000_000, 1_675_209_645_678_901],
};

export function madeUpRows(schema: Schema): Frame {
  const columns = new Map(schema.map(({ name, type }): [string, Column] => [name, fromValues(type, VALUES[type])]));
  const batch = { rows: 2, columns };
  return { schema, batch: { rows: 2, columns: new Map(schema.map(({ name }) => [name, columnOf(batch, name)])) } };
}
