import { dtypeOf, infoOf, viewOf, type DType, type TypedArray } from "../../collections/array/dtype.ts";

/** A reduction's state for one chunk of its output: arrays of numbers, each of as many elements as the chunk has (or as the reduction says). */
export interface State {
  /** The chunk of the output. */
  readonly place: number;
  readonly fields: readonly TypedArray[];
}

/** The states of all reductions of a stage: by reduction, ascending by place. */
export type Partial = readonly (readonly State[])[];

/** As bytes: a header in JSON, then the fields at multiples of 8. */
export function encodePartial(partial: Partial): Uint8Array<ArrayBuffer> {
  const header = partial.map((states) =>
    states.map(({ place, fields }) => ({
      place,
      fields: fields.map((field) => [dtypeOf(field), field.length] as const),
    })),
  );
  const text = Buffer.from(JSON.stringify(header));
  const start = roundUp(4 + text.length);
  const all = partial.flatMap((states) => states.flatMap(({ fields }) => fields));
  const bytes = new Uint8Array(all.reduce((sum, field) => sum + roundUp(field.byteLength), start));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  let at = start;
  for (const field of all) {
    bytes.set(new Uint8Array(field.buffer, field.byteOffset, field.byteLength), at);
    at += roundUp(field.byteLength);
  }
  return bytes;
}

/** Fields are copies: merging may change them. */
export function decodePartial(bytes: Uint8Array): Partial {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const text = Buffer.from(bytes.subarray(4, 4 + length)).toString();
  const header = JSON.parse(text) as { place: number; fields: [DType, number][] }[][]; // what encodePartial wrote
  let at = roundUp(4 + length);
  return header.map((states) =>
    states.map(({ place, fields }) => ({
      place,
      fields: fields.map(([dtype, count]) => {
        const size = count * infoOf(dtype).bytes;
        const copy = new Uint8Array(size);
        copy.set(bytes.subarray(at, at + size));
        at += roundUp(size);
        return viewOf(dtype, copy.buffer, 0, count);
      }),
    })),
  );
}

function roundUp(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** Two lists of states as one: those of the same place merged, left before right. */
export function mergeStates(
  left: readonly State[],
  right: readonly State[],
  merge: (a: State, b: State) => State,
): State[] {
  const merged: State[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    if (left[i].place === right[j].place) merged.push(merge(left[i++], right[j++]));
    else merged.push(left[i].place < right[j].place ? left[i++] : right[j++]);
  }
  return [...merged, ...left.slice(i), ...right.slice(j)];
}
