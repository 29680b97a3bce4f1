import type { ImageBatch, ImageParams, SheetParams } from "../kernels/image/params.ts";
import type { Estimate, Stage } from "./plan.ts";

/** Red, green, blue and alpha, a byte each. */
const PIXEL_BYTES = 4;
/** Images of which all pixels are there at once: what an operation reads, what it makes, what is made of that for the file. */
const COPIES = 3;
/** How much larger a photograph is as a PNG, and the copy that is passed on. */
const LOSSLESS = 2 * 10;
/** The same of its pixels, which a small file may hold many of. */
const UNPACKED = 2 * 20;

/** What a task of images takes: one image at a time, which has no more pixels than are allowed. What its file holds is not known before. */
export function estimateImages({ reading, sink }: ImageParams, batches: readonly ImageBatch[]): Estimate {
  const sizes = batches.flatMap(({ sources }) => sources.map(({ size }) => size));
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const ofBatch = batches.map(({ sources }) => sources.reduce((sum, { size }) => sum + size, 0));
  return {
    bytesIn: sizes.reduce((sum, size) => sum + size, 0),
    peakBytes: {
      file: Math.min(reading.maxBytes, largest),
      ...(sink.to === "metadata"
        ? {}
        : { [`pixels, at most ${reading.maxPixels}`]: COPIES * PIXEL_BYTES * reading.maxPixels }),
      ...(sink.to === "bytes" ? { "encoded images": 2 * Math.max(0, ...ofBatch) } : {}),
      ...(sink.to === "kept" ? { "kept images": LOSSLESS * Math.max(0, ...ofBatch) } : {}),
      ...(sink.to === "pixels" ? { "kept pixels": UNPACKED * Math.max(0, ...ofBatch) } : {}),
      ...(sink.to === "cell"
        ? { cells: PIXEL_BYTES * sink.width * sink.height * Math.max(...batches.map(({ sources }) => sources.length)) }
        : {}),
    },
  };
}

/** What placing the cells takes: all of them, the sheet, and its file. */
export function estimateSheet({ width, height, gap }: SheetParams, images: number): Estimate {
  const cells = PIXEL_BYTES * width * height * images;
  return { bytesIn: cells, peakBytes: { cells, sheet: 2 * PIXEL_BYTES * (width + gap) * (height + gap) * images } };
}

/** How a stage of images comes to fit `limit` bytes: a limit on pixels. Undefined where that would not help. */
export function pixelsAdvice({ work }: Stage, peak: number, limit: number): string | undefined {
  if (work.op !== "images.run") return undefined;
  const { reading } = work.params as unknown as ImageParams; // the op says whose parameters they are
  const pixels = Math.floor(reading.maxPixels - (peak - limit) / (COPIES * PIXEL_BYTES));
  return pixels < 1 ? undefined : `pass { maxPixels: ${pixels} } to readImages, or raise memoryLimit.`;
}
