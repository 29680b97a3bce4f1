import { autoLengths, chunkCount, largestChunk, type Chunks } from "../../../collections/array/chunks.ts";
import type { ArrayRunParams } from "../../../kernels/array/program.ts";
import { formatBytes } from "../../../collections/options.ts";
import type { Estimate, Stage } from "../../plan.ts";

/** A task takes some tenths of a millisecond beside its elements: below this many bytes that is most of it. */
const SMALL_BYTES = 128 * 1024;
/** So few tasks do not matter. */
const FEW = 256;
/** A chunk lies in memory several times, and no two tasks share it. */
const LARGE_BYTES = 512 * 1024 * 1024;

/** What is to be said of chunks that cost more than they need; undefined: nothing. `width`: bytes of an element. */
export function chunkNote(grid: Chunks, width: number): string | undefined {
  const bytes = largestChunk(grid) * width;
  const count = chunkCount(grid);
  const shape = grid.map((axis) => axis.reduce((sum, length) => sum + length, 0));
  const fix = () => `x.rechunk([${autoLengths(shape, width).join(", ")}]), or make it with chunks: "auto"`;
  if (bytes < SMALL_BYTES && count > FEW)
    return `chunks of at most ${formatBytes(bytes)} are far too small: ${count} tasks do little else than begin and end. ${fix()}`;
  if (bytes > LARGE_BYTES)
    return `chunks of ${formatBytes(bytes)} are far too big: few tasks can run side by side. ${fix()}`;
  return undefined;
}

/** Chunks with which a stage of arrays would fit `limit` bytes, one length an axis; undefined where smaller chunks would not help. */
export function chunksThatFit(
  { work, estimate }: Pick<Stage, "work" | "estimate">,
  limit: number,
): number[] | undefined {
  if (work.op !== "array.run") return undefined;
  const { grid } = work.params as unknown as ArrayRunParams; // the op says whose parameters they are
  const { fixed, growing } = split(estimate);
  if (growing <= 0 || fixed >= limit) return undefined;
  const lengths = grid.map((axis) => axis.reduce((most, length) => Math.max(most, length), 1));
  const elements = lengths.reduce((size, length) => size * length, 1);
  const fits = Math.floor((elements * (limit - fixed)) / growing);
  if (fits < 1) return undefined;
  // The longest axis is cut first: chunks stay near to cubes.
  for (let size = elements; size > fits; size = lengths.reduce((product, length) => product * length, 1)) {
    const axis = lengths.indexOf(Math.max(...lengths));
    const others = size / lengths[axis];
    lengths[axis] = Math.max(
      1,
      Math.min(Math.floor(fits / others) || 1, lengths[axis] - 1),
      Math.ceil(lengths[axis] / 2),
    );
  }
  return lengths;
}

function split({ peakBytes }: Estimate): { readonly fixed: number; readonly growing: number } {
  const { kernel = 0, ...rest } = peakBytes;
  return { fixed: kernel, growing: Object.values(rest).reduce((sum, bytes) => sum + bytes, 0) };
}
