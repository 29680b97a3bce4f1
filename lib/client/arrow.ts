import type { Table } from "apache-arrow";
import { toArrow as tableOf } from "../kernels/frame/arrow.ts";
import type { Frame } from "../kernels/frame/encode.ts";
import { expectTables } from "../value-tables.ts";

export { loadArrow } from "../kernels/frame/arrow.ts";

/** A frame as a user gets it. From now on values may hold tables. */
export function toArrow(frame: Frame): Promise<Table> {
  expectTables();
  return tableOf(frame);
}
