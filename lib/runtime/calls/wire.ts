import { InternalError } from "../../errors.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { fill, type Argument } from "../../callables/arguments.ts";
import type { Ref } from "../../plan/plan.ts";
import { decodeValue, encodeValue } from "../../values.ts";

/**
 * Calls on their way to a thread: those of one job end to end in one buffer, so that structured clone costs the same for 256
 * tiny calls as for one. All numbers are u32, little-endian.
 *
 *     call      function, attempt, key length, key (UTF-8; empty: the default), count of arguments, arguments
 *     argument  input | 4, length, bytes, count of holes, holes
 *     hole      length, path (an encoded value), input
 *     input     0, length, bytes     a value, or a small result put where it is needed
 *               1, index             the result of an earlier call of this job
 *               2, slot              a large result, in shared memory
 *               3, id                a result that is on disk: to be asked for
 */
export interface PackedCalls {
  readonly bytes: Uint8Array;
  /** Where each call begins. */
  readonly starts: readonly number[];
  readonly shared: readonly Uint8Array[];
  /** Functions that this thread has not seen yet. */
  readonly functions: readonly (readonly [number, CallableRef])[];
}

export const VALUE = 0;
export const EARLIER = 1;
export const SHARED = 2;
export const FETCHED = 3;
const HOLED = 4;

/** Where an argument's value comes from. */
export type Input =
  | { readonly kind: typeof VALUE; readonly bytes: Uint8Array }
  | { readonly kind: typeof EARLIER; readonly index: number }
  | { readonly kind: typeof SHARED; readonly bytes: Uint8Array }
  | { readonly kind: typeof FETCHED; readonly id: number };

/** Under which names the vault keeps results. */
export const RESULT_RUN = "calls";
export const RESULT_STAGE = "result";

/** How a thread asks for a result that did not come with its call. */
export function resultRef(id: number): Ref {
  return { run: RESULT_RUN, stage: RESULT_STAGE, task: id };
}

const text = new TextEncoder();

export class CallWriter {
  #bytes = new Uint8Array(1_024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  readonly #starts: number[] = [];
  readonly #shared: Uint8Array[] = [];
  readonly #slots = new Map<Uint8Array, number>();

  call<R>(
    head: { readonly fn: number; readonly attempt: number; readonly key: string | undefined },
    args: readonly Argument<R>[],
    inputOf: (ref: R) => Input,
  ): void {
    this.#starts.push(this.#at);
    this.#u32(head.fn);
    this.#u32(head.attempt);
    this.#block(head.key === undefined ? EMPTY : text.encode(head.key));
    this.#u32(args.length);
    for (const argument of args) this.#argument(argument, inputOf);
  }

  finish(functions: PackedCalls["functions"]): PackedCalls {
    return { bytes: this.#bytes.slice(0, this.#at), starts: this.#starts, shared: this.#shared, functions };
  }

  #argument<R>(argument: Argument<R>, inputOf: (ref: R) => Input): void {
    if (argument.value === undefined) {
      this.#input(inputOf(argument.ref));
      return;
    }
    const { value, holes } = argument;
    if (holes === undefined) {
      this.#u32(VALUE);
      this.#block(value);
      return;
    }
    this.#u32(HOLED);
    this.#block(value);
    this.#u32(holes.length);
    for (const { path, ref } of holes) {
      this.#block(encodeValue(path));
      this.#input(inputOf(ref));
    }
  }

  #input(input: Input): void {
    this.#u32(input.kind);
    switch (input.kind) {
      case VALUE:
        return this.#block(input.bytes);
      case EARLIER:
        return this.#u32(input.index);
      case SHARED: {
        let slot = this.#slots.get(input.bytes);
        if (slot === undefined) this.#slots.set(input.bytes, (slot = this.#shared.push(input.bytes) - 1));
        return this.#u32(slot);
      }
      case FETCHED:
        return this.#u32(input.id);
    }
  }

  #block(bytes: Uint8Array): void {
    this.#u32(bytes.byteLength);
    this.#room(bytes.byteLength);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  #u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.byteLength, this.#at + more));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const EMPTY = new Uint8Array(0);

/** What a thread reads of a call. */
export interface ReadCall {
  readonly fn: number;
  readonly attempt: number;
  readonly key: string;
  /** Undefined where an input's bytes have to be waited for: then `args` is a promise. */
  readonly args: unknown[] | Promise<unknown[]>;
}

export interface InputSource {
  /** Bytes of the result of a call of this job; undefined where it has none. */
  earlier(index: number): Uint8Array | undefined;
  fetch(id: number): Promise<Uint8Array>;
}

/** Reads the calls of a job. */
export class CallReader {
  readonly #packed: PackedCalls;
  readonly #view: DataView;
  #at = 0;

  constructor(packed: PackedCalls) {
    this.#packed = packed;
    const { bytes } = packed;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Undefined: an earlier call that it needs gave no result. */
  read(position: number, source: InputSource): ReadCall | undefined {
    this.#at = this.#packed.starts[position];
    const fn = this.#u32();
    const attempt = this.#u32();
    const key = this.#block();
    const count = this.#u32();
    const args: unknown[] = [];
    const waits: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      const there = this.#argument(source, waits, (value) => (args[i] = value));
      if (!there) return undefined;
    }
    return {
      fn,
      attempt,
      key: key.byteLength === 0 ? "" : new TextDecoder().decode(key),
      args: waits.length === 0 ? args : Promise.all(waits).then(() => args),
    };
  }

  #argument(source: InputSource, waits: Promise<void>[], put: (value: unknown) => void): boolean {
    const kind = this.#u32();
    if (kind !== HOLED) return this.#input(kind, source, waits, put);
    const value = decodeValue(this.#block());
    put(value);
    const holes = this.#u32();
    for (let i = 0; i < holes; i++) {
      // The writer encoded a path.
      const path = decodeValue(this.#block()) as (string | number)[];
      if (!this.#input(this.#u32(), source, waits, (filling) => fill(value, path, filling))) return false;
    }
    return true;
  }

  #input(kind: number, source: InputSource, waits: Promise<void>[], put: (value: unknown) => void): boolean {
    switch (kind) {
      case VALUE:
        put(decodeValue(this.#block()));
        return true;
      case EARLIER: {
        const bytes = source.earlier(this.#u32());
        if (bytes === undefined) return false;
        put(decodeValue(bytes));
        return true;
      }
      case SHARED:
        put(decodeValue(this.#packed.shared[this.#u32()]));
        return true;
      case FETCHED:
        waits.push(source.fetch(this.#u32()).then((bytes) => put(decodeValue(bytes))));
        return true;
    }
    throw new InternalError(`An argument of kind ${kind} came to a worker.`);
  }

  #block(): Uint8Array {
    const length = this.#u32();
    const block = this.#packed.bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return block;
  }

  #u32(): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }
}
