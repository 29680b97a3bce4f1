import type { ErrorRecord } from "../../errors.ts";
import type { Span } from "../../kernels/kernel.ts";
import type { Outcome } from "../executor.ts";

/**
 * Many outcomes in one message: numbers in one table, small bodies end to end in one buffer, and only what is rare (large
 * bodies, spans, errors) as objects. Structured clone then costs the same for 256 tiny tasks as for one.
 */
export interface PackedOutcomes {
  /** A row of six numbers each: index, ms, recordsIn, recordsOut, start and end of the body in `small`. */
  readonly table: Float64Array;
  readonly small: Uint8Array;
  readonly rare: readonly Rare[];
}

interface Rare {
  readonly row: number;
  readonly body?: Uint8Array;
  readonly span?: Span;
  readonly error?: ErrorRecord;
}

const COLUMNS = 6;
/** Bodies above this travel alone, without a copy. In bytes. */
const SMALL_BYTES = 1 << 16;

export interface Packed {
  readonly packed: PackedOutcomes;
  readonly transfer: ArrayBuffer[];
}

/**
 * Which bodies go into shared memory, since others read them too; all others are transferred. Kept outputs: all of them. Partials:
 * the large ones, which another thread may merge; small ones are decoded on arrival, and decoders prefer memory of their own.
 */
export interface Sharing {
  readonly small: boolean;
  readonly large: boolean;
}

export function packOutcomes(outcomes: readonly Outcome[], sharing: Sharing): Packed {
  const table = new Float64Array(outcomes.length * COLUMNS);
  const small = allocate(smallBytes(outcomes), sharing.small);
  const transfer = small.buffer instanceof ArrayBuffer ? [small.buffer] : [];
  const rare: Rare[] = [];
  let at = 0;
  outcomes.forEach((outcome, row) => {
    table[row * COLUMNS] = outcome.index;
    if ("error" in outcome) {
      rare.push({ row, error: outcome.error });
      return;
    }
    const { body, span } = outcome;
    const isSmall = body.byteLength <= SMALL_BYTES;
    const end = isSmall ? at + body.byteLength : at;
    table.set([outcome.ms, outcome.recordsIn, outcome.recordsOut, at, end], row * COLUMNS + 1);
    if (isSmall) small.set(body, at);
    at = end;
    if (isSmall && span === undefined) return;
    const large = isSmall ? undefined : ownBody(body, sharing.large);
    if (large !== undefined && large.buffer instanceof ArrayBuffer) transfer.push(large.buffer);
    rare.push({ row, ...(large === undefined ? {} : { body: large }), ...(span === undefined ? {} : { span }) });
  });
  return { packed: { table, small, rare }, transfer };
}

export function unpackOutcomes({ table, small, rare }: PackedOutcomes): Outcome[] {
  const rows = table.length / COLUMNS;
  const outcomes: Outcome[] = [];
  let next = 0;
  for (let row = 0; row < rows; row++) {
    const special = rare[next]?.row === row ? rare[next++] : undefined;
    const base = row * COLUMNS;
    const index = table[base];
    if (special?.error !== undefined) {
      outcomes.push({ index, error: special.error });
      continue;
    }
    outcomes.push({
      index,
      ms: table[base + 1],
      recordsIn: table[base + 2],
      recordsOut: table[base + 3],
      body: special?.body ?? small.subarray(table[base + 4], table[base + 5]),
      ...(special?.span === undefined ? {} : { span: special.span }),
    });
  }
  return outcomes;
}

/** Bytes that may leave this thread: shared, or a buffer of their own. */
export function ownBody(body: Uint8Array, shared: boolean): Uint8Array {
  if (body.buffer instanceof SharedArrayBuffer) return body;
  const whole = body.byteLength === body.buffer.byteLength;
  // A plain Uint8Array over its whole buffer may go as it is; a Buffer may belong to Node's pool.
  if (!shared && whole && body.constructor === Uint8Array) return body;
  const copy = allocate(body.byteLength, shared);
  copy.set(body);
  return copy;
}

function smallBytes(outcomes: readonly Outcome[]): number {
  let sum = 0;
  for (const outcome of outcomes)
    if ("body" in outcome && outcome.body.byteLength <= SMALL_BYTES) sum += outcome.body.byteLength;
  return sum;
}

function allocate(bytes: number, shared: boolean): Uint8Array {
  return shared ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes);
}
