import type { CallableRef } from "../../callables/reference.ts";
import type { ErrorRecord } from "../../errors.ts";
import type { Printed } from "../../callables/console.ts";

/** What a client and the function `call` say to each other: JSON, since Lambda takes nothing else. */

/** Lambda takes 6 MiB and gives as much; of that, room for the rest of the message is left. In characters of JSON. */
export const PAYLOAD_LIMIT = 5_500_000;
/** Values from here on go by S3, in bytes: a request there costs less than sending them again and again. */
export const LARGE_BYTES = 64 * 1024;

/** Bytes: themselves, in base64, or the key of the object that holds them. */
export type Cargo = { readonly body: string } | { readonly key: string };

/** Some calls, made one after the other: a job of `calls/wire.ts`. */
export interface CallRequest {
  readonly abanico: 1;
  /** Hash of the client's library. */
  readonly bundle?: string;
  /** Names the client: numbers of functions and results are its own. */
  readonly client: string;
  /** Names the job, within the client. */
  readonly job: string;
  readonly worker: number;
  /** The calls' numbers, by place; and which places are to be run. */
  readonly indices: readonly number[];
  readonly places: readonly number[];
  readonly bytes: string;
  readonly starts: readonly number[];
  readonly shared: readonly Cargo[];
  readonly functions: readonly (readonly [number, CallableRef])[];
  /** Results that are on the client's disk, by number. */
  readonly fetched: readonly (readonly [number, Cargo])[];
  /** Modules whose classes values may be of. */
  readonly modules: readonly Extract<CallableRef, { kind: "module" }>[];
  /** Of one call, in milliseconds. */
  readonly timeoutMs?: number;
}

/** A request that is too large for Lambda lies in S3. */
export type CallPayload = CallRequest | { readonly request: string };

export type CallOutcome = {
  readonly index: number;
  readonly printed?: readonly Printed[];
  /** What it said last of how far it is: no one hears of that before the answer. */
  readonly fraction?: number;
} & ({ readonly body: Cargo; readonly ms: number } | { readonly error: ErrorRecord });

export interface CallAnswer {
  /** In the order in which they ended. What is missing was not run, and is handed back. */
  readonly outcomes: readonly CallOutcome[];
  /** The call that ran over its time limit: it was left to itself, and no other was run behind it. */
  readonly timedOut?: number;
  /** Nothing was run: why. */
  readonly refused?: ErrorRecord;
}

export function toBody(bytes: Uint8Array): { readonly body: string } {
  return { body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
}

export function fromBody({ body }: { readonly body: string }): Uint8Array {
  return Buffer.from(body, "base64");
}
