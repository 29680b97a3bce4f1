import type { Params } from "../../../collections/functions/spec.ts";
import type { Batch, Column } from "../column.ts";
import { RowHasher } from "../hash.ts";

type Evaluator = (batch: Batch) => Column;

/** The hash by which rows find their partitions too, as a whole number from 0 on. */
export function hashCall({ seed = 0 }: Params, args: readonly Evaluator[]): Evaluator {
  const hasher = new RowHasher(Number(seed));
  return (batch) => {
    const columns = args.map((arg) => arg(batch));
    return { type: "int64", values: Float64Array.from(hasher.hashes(columns, batch.rows), (hash) => hash >>> 0) };
  };
}
