/** The types of columns. See kernels/frame/column.ts for how their values are held. */
export type ScalarType = "bool" | "int64" | "float64" | "string";
export const SCALAR_TYPES: readonly ScalarType[] = ["bool", "int64", "float64", "string"];

export interface Field {
  readonly name: string;
  readonly type: ScalarType;
}
/** Columns in order; names are distinct. */
export type Schema = readonly Field[];
