import type { CallableRef } from "../../callables/reference.ts";
import type { Ref } from "../../plan/plan.ts";
import type { PackedCalls } from "../../runtime/calls/wire.ts";
import { encodeSections, readSection } from "../../runtime/sections.ts";

/**
 * Calls on their way to a task of a wave, and what became of them, as bytes that lie in a store: sections (runtime/sections.ts), the first of which is JSON that says what
 * the others are. The same calls give the same bytes.
 */
export interface WaveJob {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
  /** The calls' numbers in their graph. */
  readonly indices: readonly number[];
  /** All that its calls name. */
  readonly functions: readonly (readonly [number, CallableRef])[];
  /** Results of other waves, by the numbers that the calls name them by. */
  readonly fetched: readonly (readonly [number, Ref])[];
  /** `PackedCalls.shared`: values, or where they lie. */
  readonly shared: readonly (Uint8Array | Ref)[];
  /** Of calls that may run again, or may take only so long: by their place. */
  readonly limits: { readonly [place: string]: CallLimits };
}

export interface CallLimits {
  readonly retries?: number;
  readonly timeoutMs?: number;
}

type Header = Omit<WaveJob, "bytes" | "shared"> & { readonly shared: readonly (Ref | null)[] };

export function encodeJob({ bytes, shared, ...rest }: WaveJob): Uint8Array {
  const header: Header = { ...rest, shared: shared.map((one) => (one instanceof Uint8Array ? null : one)) };
  return encodeSections([json(header), bytes, ...shared.filter((one) => one instanceof Uint8Array)]);
}

export function decodeJob(encoded: Uint8Array): WaveJob {
  const { shared, ...header } = parsed(encoded) as Header; // of `encodeJob`
  let next = 2;
  // A copy of the calls: attempts are counted in it, and texts are not decoded from shared memory.
  const bytes = readSection(encoded, 1).slice();
  return { ...header, bytes, shared: shared.map((one) => one ?? readSection(encoded, next++)) };
}

/** What a job's runner reads. */
export function packedOf({ bytes, starts, functions }: WaveJob, shared: readonly Uint8Array[]): PackedCalls {
  return { bytes, starts: Uint32Array.from(starts), shared, functions };
}

/** Of one call: how long it took, in milliseconds, and where its result is. */
export type Ended = {
  readonly ms: number;
  /** Bytes that are no value but more calls (continuation.ts). */
  readonly more?: true;
} & (
  | { readonly body: Uint8Array }
  /** In a section of the task's output, so many bytes. */
  | { readonly slot: number; readonly size: number }
);

/** Of calls in their order; undefined: it was not made, and is handed back. */
export type WaveOutcomes = readonly (Ended | undefined)[];

type EndedHeader = readonly [ms: number, more: 0 | 1, slot: number, size: number] | null;

/** A call's result that lies in no slot of its own. */
const HERE = 0;

export function encodeOutcomes(outcomes: WaveOutcomes): Uint8Array {
  const bodies: Uint8Array[] = [];
  const header = outcomes.map((ended): EndedHeader => {
    if (ended === undefined) return null;
    const more = ended.more === true ? 1 : 0;
    if ("slot" in ended) return [ended.ms, more, ended.slot, ended.size];
    bodies.push(ended.body);
    return [ended.ms, more, HERE, ended.body.byteLength];
  });
  return encodeSections([json(header), ...bodies]);
}

export function decodeOutcomes(encoded: Uint8Array): WaveOutcomes {
  const header = parsed(encoded) as readonly EndedHeader[]; // of `encodeOutcomes`
  let next = 1;
  return header.map((ended): Ended | undefined => {
    if (ended === null) return undefined;
    const [ms, more, slot, size] = ended;
    const common = more === 1 ? { ms, more: true as const } : { ms };
    return slot === HERE ? { ...common, body: readSection(encoded, next++) } : { ...common, slot, size };
  });
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function parsed(encoded: Uint8Array): unknown {
  const { buffer, byteOffset, byteLength } = readSection(encoded, 0);
  return JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString());
}
