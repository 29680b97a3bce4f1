import type { Printed } from "../../callables/console.ts";
import type { ErrorRecord } from "../../errors.ts";
import type { Span } from "../../kernels/kernel.ts";
import type { Outcome } from "../executor.ts";
import type { SpillFile } from "../spill-file.ts";
import { weigh } from "../weight.ts";

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
  readonly file?: SpillFile;
  readonly span?: Span;
  readonly error?: ErrorRecord;
  readonly printed?: readonly Printed[];
}

const COLUMNS = 6;
/** Bodies above this travel alone. In bytes. */
const SMALL_BYTES = 1 << 16;

/**
 * Large bodies go in shared memory, small ones as copies (in shared memory too with `shareAll`, for outputs that others read). Nothing is
 * transferred from a worker: that detaches a buffer, and once any was, V8 compiles every typed-array loop of the thread two to five times
 * slower (measured: see docs/performance.md).
 */
export function packOutcomes(outcomes: readonly Outcome[], shareAll: boolean): PackedOutcomes {
  const table = new Float64Array(outcomes.length * COLUMNS);
  const small = allocate(smallBytes(outcomes), shareAll);
  const rare: Rare[] = [];
  let at = 0;
  outcomes.forEach((outcome, row) => {
    table[row * COLUMNS] = outcome.index;
    const told = outcome.printed === undefined ? {} : { printed: outcome.printed };
    if ("error" in outcome) {
      rare.push({ row, error: outcome.error, ...told });
      return;
    }
    const { body, span, file } = outcome;
    const isSmall = body.byteLength <= SMALL_BYTES;
    const end = isSmall ? at + body.byteLength : at;
    table.set([outcome.ms, outcome.recordsIn, outcome.recordsOut, at, end], row * COLUMNS + 1);
    if (isSmall) small.set(body, at);
    at = end;
    if (isSmall && span === undefined && file === undefined && outcome.printed === undefined) return;
    rare.push({
      row,
      ...(isSmall ? {} : { body: sharedBody(body) }),
      ...(span === undefined ? {} : { span }),
      ...(file === undefined ? {} : { file }),
      ...told,
    });
  });
  return { table, small, rare };
}

export function unpackOutcomes({ table, small, rare }: PackedOutcomes): Outcome[] {
  const rows = table.length / COLUMNS;
  const outcomes: Outcome[] = [];
  let next = 0;
  for (let row = 0; row < rows; row++) {
    const special = next < rare.length && rare[next].row === row ? rare[next++] : undefined;
    const base = row * COLUMNS;
    const index = table[base];
    if (special === undefined) {
      const body = bodyOf(small, table[base + 4], table[base + 5]);
      outcomes.push({ index, ms: table[base + 1], recordsIn: table[base + 2], recordsOut: table[base + 3], body });
      continue;
    }
    const told = special.printed === undefined ? {} : { printed: special.printed };
    if (special.error !== undefined) {
      outcomes.push({ index, error: special.error, ...told });
      continue;
    }
    outcomes.push({
      index,
      ms: table[base + 1],
      recordsIn: table[base + 2],
      recordsOut: table[base + 3],
      body: special.body ?? bodyOf(small, table[base + 4], table[base + 5]),
      ...(special.span === undefined ? {} : { span: special.span }),
      ...(special.file === undefined ? {} : { file: special.file }),
      ...told,
    });
  }
  return outcomes;
}

/** The bytes in shared memory. */
export function sharedBody(body: Uint8Array): Uint8Array {
  if (body.buffer instanceof SharedArrayBuffer) return weigh(body);
  const copy = allocate(body.byteLength, true);
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
  return shared ? weigh(new Uint8Array(new SharedArrayBuffer(bytes))) : new Uint8Array(bytes);
}

/** Few bytes in a copy, which costs less than a window on the buffer would, and does not hold on to it. */
const FEW = 32;

function bodyOf(small: Uint8Array, from: number, to: number): Uint8Array {
  const length = to - from;
  if (length > FEW || small.buffer instanceof SharedArrayBuffer) return small.subarray(from, to);
  const body = new Uint8Array(length);
  for (let i = 0; i < length; i++) body[i] = small[from + i];
  return body;
}
