import type { Table } from "apache-arrow";
import type { Schema } from "../collections/schema.ts";
import { piecesToArrow } from "../kernels/frame/arrow.ts";
import type { Batch } from "../kernels/frame/column.ts";
import type { Frame } from "../kernels/frame/encode.ts";
import { expectTables } from "../value-tables.ts";

export { loadArrow } from "../kernels/frame/arrow.ts";

/** A frame as a user gets it. From now on values may hold tables. */
export function toArrow({ schema, batch }: Frame): Promise<Table> {
  return tableOfPieces(schema, [batch]);
}

/** The same of rows in several pieces. */
export function tableOfPieces(schema: Schema, pieces: readonly Batch[]): Promise<Table> {
  expectTables();
  return piecesToArrow(schema, pieces);
}
