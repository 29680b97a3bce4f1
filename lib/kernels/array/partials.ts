import { dtypeOf, infoOf, viewOf, type DType, type TypedArray } from "../../collections/array/dtype.ts";

/**
 * A reduction's state for one chunk of its output: arrays of numbers, each of as many elements as the chunk has (or as the reduction says). They may lie in the
 * kernel's memory until the task has ended.
 */
export interface State {
  /** The chunk of the output. */
  readonly place: number;
  readonly fields: readonly TypedArray[];
}

/** The states of all reductions of a stage: by reduction, ascending by place. */
export type Partial = readonly (readonly State[])[];

/** From here on encodings are made in shared memory, since they go to another thread: in bytes. */
const SHARED_BYTES = 1 << 16;

function room(bytes: number): Uint8Array {
  return new Uint8Array(bytes < SHARED_BYTES ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes));
}

/** As bytes: a header in JSON, then the fields at multiples of 8. */
export function encodePartial(partial: Partial): Uint8Array {
  const header = partial.map((states) =>
    states.map(({ place, fields }) => ({
      place,
      fields: fields.map((field) => [dtypeOf(field), field.length] as const),
    })),
  );
  const text = Buffer.from(JSON.stringify(header));
  const start = roundUp(4 + text.length);
  const all = partial.flatMap((states) => states.flatMap(({ fields }) => fields));
  const bytes = room(all.reduce((sum, field) => sum + roundUp(field.byteLength), start));
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
  return readPartial(bytes, (dtype, count, at) => {
    const copy = new Uint8Array(count * infoOf(dtype).bytes);
    copy.set(bytes.subarray(at, at + copy.byteLength));
    return viewOf(dtype, copy.buffer, 0, count);
  });
}

function readPartial(bytes: Uint8Array, fieldAt: (dtype: DType, count: number, at: number) => TypedArray): Partial {
  const text = Buffer.from(headerOf(bytes)).toString();
  const header = JSON.parse(text) as { place: number; fields: [DType, number][] }[][]; // what encodePartial wrote
  let at = roundUp(4 + text.length);
  return header.map((states) =>
    states.map(({ place, fields }) => ({
      place,
      fields: fields.map(([dtype, count]) => {
        const field = fieldAt(dtype, count, at);
        at += roundUp(count * infoOf(dtype).bytes);
        return field;
      }),
    })),
  );
}

/** In ASCII. */
function headerOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(4, 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
}

/**
 * Two encodings merged without decoding them, into bytes of their own: a copy of the left one, whose fields are merged into where they lie. Undefined where
 * they have not the same states. `merges`: by reduction; they write into their left state.
 */
export function mergeEncoded(
  left: Uint8Array,
  right: Uint8Array,
  merges: readonly ((a: State, b: State) => State)[],
): Uint8Array | undefined {
  if (Buffer.compare(headerOf(left), headerOf(right)) !== 0) return undefined;
  const bytes = room(left.byteLength);
  bytes.set(left);
  const into = fieldsIn(bytes);
  const from = fieldsIn(right.byteOffset % 8 === 0 ? right : right.slice());
  for (const [i, merge] of merges.entries()) for (const [k, state] of into[i].entries()) merge(state, from[i][k]);
  return bytes;
}

/** Views; the bytes begin at a multiple of 8. */
function fieldsIn(bytes: Uint8Array): Partial {
  return readPartial(bytes, (dtype, count, at) => viewOf(dtype, bytes.buffer, bytes.byteOffset + at, count));
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
