import { OptionError } from "../../errors.ts";
import type { ArrayNode } from "./nodes.ts";
import { shapeText } from "./shape.ts";

/**
 * What stands for one axis in `slice(…)`: an index (the axis goes), a list of start, stop and step as in NumPy (`[2, 10]`, `[null, null, -1]`; null: from the
 * beginning, to the end), null for a new axis of length 1, or "..." for all axes that are not named.
 */
export type SliceEntry = number | readonly [] | readonly [Bound, Bound?, Bound?] | null | "...";
type Bound = number | null;

/** @throws OptionError */
export function makeSlice(input: ArrayNode, entries: readonly SliceEntry[]): ArrayNode {
  const rank = input.shape.length;
  const named = entries.filter((entry) => entry !== null && entry !== "...").length;
  const ellipses = entries.filter((entry) => entry === "...").length;
  if (named > rank || ellipses > 1)
    throw new OptionError(
      `slice(…) expects at most ${rank} entries (and one "...") for the shape ${shapeText(input.shape)}; found ${entries.length}.`,
      { fields: { shape: [...input.shape] }, fix: "give one entry for each axis, from the first on." },
    );
  const full = ellipses === 1 ? entries : [...entries, "..." as const];
  const spelt = full.flatMap((entry): readonly SliceEntry[] =>
    entry === "..." ? new Array<SliceEntry>(rank - named).fill([]) : [entry],
  );

  const parts = {
    axes: [] as number[],
    start: [] as number[],
    step: [] as number[],
    shape: [] as number[],
    chunks: [] as number[][],
  };
  const at: number[] = new Array<number>(rank).fill(-1);
  let axis = 0;
  for (const entry of spelt) {
    if (entry === null) push(parts, -1, 0, 1, 1, [1]);
    else if (typeof entry === "number") {
      at[axis] = checkIndex(entry, input.shape[axis], axis);
      axis++;
    } else {
      const { start, step, length } = stretch(entry as readonly Bound[], input.shape[axis], axis); // "..." was spelt out
      push(parts, axis, start, step, length, slicedChunks(input.chunks[axis], start, step, length));
      axis++;
    }
  }
  const { axes, start, step, shape, chunks } = parts;
  const idle =
    axes.length === rank &&
    axes.every((own, i) => own === i && start[i] === 0 && step[i] === 1 && shape[i] === input.shape[i]);
  if (idle) return input;
  return { op: "slice", inputs: [input], axes, start, step, at, shape, dtype: input.dtype, chunks };
}

function push(
  parts: { axes: number[]; start: number[]; step: number[]; shape: number[]; chunks: number[][] },
  axis: number,
  start: number,
  step: number,
  length: number,
  chunks: number[],
): void {
  parts.axes.push(axis);
  parts.start.push(start);
  parts.step.push(step);
  parts.shape.push(length);
  parts.chunks.push(chunks);
}

function checkIndex(index: number, length: number, axis: number): number {
  if (Number.isInteger(index) && index >= -length && index < length) return index < 0 ? index + length : index;
  throw new OptionError(`slice(…) expects an index from ${-length} to ${length - 1} on axis ${axis}; found ${index}.`, {
    fields: { axis, length, found: String(index) },
    fix: "give an index within the axis, or [start, stop], which is cut to it.",
  });
}

/** As Python's slice.indices: what is beyond the ends is cut off. */
function stretch(entry: readonly Bound[], length: number, axis: number) {
  if (
    !Array.isArray(entry) ||
    entry.length > 3 ||
    !entry.every((one) => one === null || one === undefined || Number.isInteger(one))
  )
    throw new OptionError(
      `slice(…) expects [start, stop, step] of whole numbers or null on axis ${axis}; found ${JSON.stringify(entry)}.`,
      {
        fields: { axis },
        fix: "as [0, 10], [null, null, -1] or an index.",
      },
    );
  const step = entry[2] ?? 1;
  if (step === 0)
    throw new OptionError(`slice(…) expects a step other than 0 on axis ${axis}.`, {
      fields: { axis },
      fix: "leave it out for 1.",
    });
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const bound = (value: Bound | undefined, otherwise: number) =>
    value === null || value === undefined
      ? otherwise
      : Math.min(most, Math.max(least, value < 0 ? value + length : value));
  const start = bound(entry[0], step > 0 ? 0 : length - 1);
  const stop = bound(entry[1], step > 0 ? length : -1);
  return { start, step, length: Math.max(0, Math.ceil((stop - start) / step)) };
}

/** How many of the chosen elements each chunk has; chunks that have none are left out. */
function slicedChunks(chunks: readonly number[], start: number, step: number, length: number): number[] {
  const counts: number[] = [];
  let from = 0;
  for (const size of chunks) {
    const [first, last] = step > 0 ? [from, from + size - 1] : [from + size - 1, from];
    const low = Math.max(0, Math.ceil((first - start) / step));
    const high = Math.min(length - 1, Math.floor((last - start) / step));
    if (high >= low) counts.push(high - low + 1);
    from += size;
  }
  if (step < 0) counts.reverse();
  return counts.length > 0 ? counts : [0];
}
