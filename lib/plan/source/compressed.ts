import { asItem } from "../../kernels/formats/sources.ts";
import { codecOf } from "../../store/decompressing.ts";
import { estimateScan } from "../estimate.ts";
import type { Source } from "../plan.ts";
import type { CsvSource } from "./csv.ts";
import type { Read } from "./read.ts";

/** What a compressed file holds is taken to be so many times as large. */
const COMPRESSION = 5;

/** CSV files of which some are compressed: one a task, read from front to back. */
export function compressedCsvRead(csv: CsvSource): Read {
  const grown = csv.sources.map((source): Source =>
    codecOf(source.url) === undefined ? source : { ...source, size: COMPRESSION * source.size },
  );
  const bytes = grown.reduce((sum, { size }) => sum + size, 0);
  const largest = grown.reduce((most, { size }) => Math.max(most, size), 1);
  return {
    schema: csv.format.columns.map(({ name, type }) => ({ name, type })),
    format: { format: "compressed csv", csv: csv.format },
    tasks: { kind: "items", items: csv.sources.map((source) => asItem({ source })) },
    notes: [...csv.notes, "compressed files are read from front to back, one a task"],
    rows: Math.ceil(bytes / csv.recordBytes),
    textBytes: csv.recordBytes / csv.format.columns.length,
    estimate: (columns, sink) => ({
      ...estimateScan({ ...csv, sources: grown, blockSize: largest }, columns, sink),
      bytesIn: csv.sources.reduce((sum, { size }) => sum + size, 0),
    }),
  };
}
