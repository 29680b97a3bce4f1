import type { Schema } from "../../collections/schema.ts";
import type { ScanParams } from "../../kernels/frame/scan.ts";
import type { Sink, Step } from "../../kernels/frame/steps.ts";
import type { Estimate, TaskRule } from "../plan.ts";

/** What a source gives to a plan. */
export interface Read {
  readonly schema: Schema;
  readonly format: ScanParams["source"];
  readonly tasks: TaskRule;
  readonly notes: readonly string[];
  /** How many rows there are, as far as is known. */
  readonly rows?: number;
  /** Whether `rows` is how many there are, and no estimate. */
  readonly counted?: true;
  /** Bytes of a text, on average, as far as is known. */
  readonly textBytes?: number;
  estimate(columns: Schema, sink: Sink): Estimate;
  /** The same source, once it is known which columns are read and what is done first: it may leave out what no row can come of. */
  narrow?(columns: Schema, steps: readonly Step[]): Read;
  /** The same source in ranges of so many bytes; absent where somebody asked for those that there are, or where there can be no others. */
  inBlocks?(blockSize: number): Read;
}
