import type { Source } from "../../plan/plan.ts";
import { UNKNOWN_SIZE, withDecompression } from "../../store/decompressing.ts";
import type { CsvFormat } from "../csv/params.ts";
import { csvBatches } from "../csv/scan.ts";
import { fileItem, type ReadBatches } from "./sources.ts";
import { wholeFileRows } from "./whole-file.ts";

/** CSV files that are read from front to back, one a task, since a place inside of them cannot be found. Rows and offsets are those of what they hold. */
export interface CompressedCsvFormat {
  readonly format: "compressed csv";
  readonly csv: CsvFormat;
}

export const compressedCsvBatches: ReadBatches<CompressedCsvFormat> = async ({ csv }, columns, input, context, use) => {
  const { source } = fileItem<{ readonly source: Source }>(input, "compressed CSV");
  const range = {
    kind: "range",
    source: { ...source, size: UNKNOWN_SIZE },
    start: 0,
    end: UNKNOWN_SIZE,
    sourceIndex: 0,
    rangeIndex: 0,
  } as const;
  const opened = { ...context, store: withDecompression(context.store) };
  const { span: _, ...output } = await wholeFileRows(() => csvBatches(csv, columns, range, opened, use));
  return output;
};
