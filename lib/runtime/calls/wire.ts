import { InternalError } from "../../errors.ts";
import type { CallableRef } from "../../callables/reference.ts";
import type { Argument } from "../../callables/arguments.ts";
import { fill } from "../../callables/holes.ts";
import type { Ref } from "../../plan/plan.ts";
import { NUMBER_BYTES, decodeSoon, decodeValue, encodeValue, putNumber } from "../../values.ts";

/**
 * Calls on their way to a thread: those of one job end to end in one buffer, so that structured clone costs the same for a thousand
 * tiny calls as for one. All numbers are u32, little-endian.
 *
 *     call      function, 2 × attempt (+ 1: a later call needs its result), key length, key (UTF-8; empty: the default),
 *               count of arguments, arguments
 *     argument  input | 5, length, bytes, count of holes, holes
 *     hole      length, path (an encoded value), input; or 0, index, input: of an array that is the argument
 *     input     0, length, bytes     a value, or a small result put where it is needed
 *               1, place             the result of an earlier call of this job
 *               2, slot              a large result, in shared memory
 *               3, id                a result that is on disk: to be asked for
 *               4, id, slot          one that a thread decodes once, for all calls that need it
 */
export interface PackedCalls {
  readonly bytes: Uint8Array;
  /** Where each call begins. */
  readonly starts: Uint32Array;
  readonly shared: readonly Uint8Array[];
  /** Functions that this thread has not seen yet. */
  readonly functions: readonly (readonly [number, CallableRef])[];
}

export const VALUE = 0;
export const EARLIER = 1;
export const SHARED = 2;
export const FETCHED = 3;
export const BROADCAST = 4;
const HOLED = 5;

/** Where an argument's value comes from. */
export type Input =
  | { readonly kind: typeof VALUE; readonly bytes: Uint8Array | number }
  | { readonly kind: typeof EARLIER; readonly place: number }
  | { readonly kind: typeof SHARED; readonly bytes: Uint8Array }
  | { readonly kind: typeof FETCHED; readonly id: number }
  | { readonly kind: typeof BROADCAST; readonly id: number; readonly bytes: Uint8Array };

/** Under which names the vault keeps results. */
export const RESULT_RUN = "calls";
export const RESULT_STAGE = "result";

/** How a thread asks for a result that did not come with its call. */
export function resultRef(id: number): Ref {
  return { run: RESULT_RUN, stage: RESULT_STAGE, task: id };
}

const text = new TextEncoder();
const EMPTY = new Uint8Array(0);
/** Up to here a copy byte by byte costs less than a call that copies, in bytes. */
const FEW = 32;

export class CallWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  readonly #starts: Uint32Array;
  #count = 0;
  readonly #shared: Uint8Array[] = [];
  readonly #slots = new Map<Uint8Array, number>();

  constructor(calls: number) {
    this.#starts = new Uint32Array(calls);
    this.#bytes = new Uint8Array(48 * calls + 64);
    this.#view = new DataView(this.#bytes.buffer);
  }

  call<R>(
    fn: number,
    attempt: number,
    key: string | undefined,
    args: readonly Argument<R>[],
    inputOf: (ref: R) => Input,
  ): void {
    this.#starts[this.#count++] = this.#at;
    this.#u32(fn);
    this.#u32(2 * attempt);
    this.#block(key === undefined ? EMPTY : text.encode(key));
    this.#u32(args.length);
    for (let i = 0; i < args.length; i++) this.#argument(args[i], inputOf);
  }

  finish(functions: PackedCalls["functions"]): PackedCalls {
    return { bytes: this.#bytes.subarray(0, this.#at), starts: this.#starts, shared: this.#shared, functions };
  }

  #argument<R>(argument: Argument<R>, inputOf: (ref: R) => Input): void {
    if (typeof argument === "number") {
      this.#u32(VALUE);
      this.#number(argument);
      return;
    }
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
      const [first] = path;
      if (path.length === 1 && typeof first === "number") {
        this.#u32(0);
        this.#u32(first);
      } else this.#block(encodeValue(path));
      this.#input(inputOf(ref));
    }
  }

  #input(input: Input): void {
    this.#u32(input.kind);
    switch (input.kind) {
      case VALUE:
        return typeof input.bytes === "number" ? this.#number(input.bytes) : this.#block(input.bytes);
      case EARLIER:
        this.#keep(input.place);
        return this.#u32(input.place);
      case SHARED:
        return this.#slot(input.bytes);
      case FETCHED:
        return this.#u32(input.id);
      case BROADCAST:
        this.#u32(input.id);
        return this.#slot(input.bytes);
    }
  }

  /** Says of a call that a later one needs its result. */
  #keep(place: number): void {
    const at = this.#starts[place] + 4;
    this.#view.setUint32(at, this.#view.getUint32(at, true) | 1, true);
  }

  #slot(bytes: Uint8Array): void {
    let slot = this.#slots.get(bytes);
    if (slot === undefined) this.#slots.set(bytes, (slot = this.#shared.push(bytes) - 1));
    this.#u32(slot);
  }

  #number(value: number): void {
    this.#u32(NUMBER_BYTES);
    this.#room(NUMBER_BYTES);
    putNumber(value, this.#bytes, this.#at);
    this.#at += NUMBER_BYTES;
  }

  #block(bytes: Uint8Array): void {
    const length = bytes.byteLength;
    this.#u32(length);
    this.#room(length);
    if (length > FEW) this.#bytes.set(bytes, this.#at);
    else for (let i = 0; i < length; i++) this.#bytes[this.#at + i] = bytes[i];
    this.#at += length;
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

/** What a thread reads of a call. */
export interface ReadCall {
  readonly fn: number;
  readonly attempt: number;
  /** Empty: the default. */
  readonly key: string;
  /** A later call of the job needs its result. */
  readonly kept: boolean;
  /** A promise where an input's bytes have to be waited for. */
  readonly args: unknown[] | Promise<unknown[]>;
}

export interface InputSource {
  /** Bytes of the result of a call of this job; undefined where it has none. */
  earlier(place: number): Uint8Array | undefined;
  fetch(id: number): Promise<Uint8Array>;
  /** The value of a broadcast result, which this thread decodes when it is first asked for. */
  broadcast(id: number, bytes: Uint8Array): unknown;
}

const plain = new TextDecoder();

/** Reads the calls of a job. */
export class CallReader {
  readonly #packed: PackedCalls;
  readonly #source: InputSource;
  readonly #view: DataView;
  #at = 0;
  /** What the arguments of the call wait for. */
  #waits: Promise<unknown>[] | undefined;
  /** An earlier call that this one needs gave no result. */
  #lacking = false;

  constructor(packed: PackedCalls, source: InputSource) {
    this.#packed = packed;
    this.#source = source;
    const { bytes } = packed;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Undefined: an earlier call that it needs gave no result. */
  read(place: number): ReadCall | undefined {
    this.#at = this.#packed.starts[place];
    this.#waits = undefined;
    this.#lacking = false;
    const fn = this.#u32();
    const attempt = this.#u32();
    const keyBytes = this.#u32();
    const key = keyBytes === 0 ? "" : plain.decode(this.#bytes(keyBytes));
    const args: unknown[] = [];
    for (let left = this.#u32(); left > 0; left--) args.push(this.#argument(args, args.length));
    if (this.#lacking) return undefined;
    return {
      fn,
      attempt: attempt >> 1,
      key,
      kept: (attempt & 1) === 1,
      args: this.#waits === undefined ? args : Promise.all(this.#waits).then(() => args),
    };
  }

  /** Which function it calls, and its key, where it has one of its own. */
  head(place: number): Pick<ReadCall, "fn" | "key"> {
    this.#at = this.#packed.starts[place];
    const fn = this.#u32();
    this.#u32();
    const keyBytes = this.#u32();
    return { fn, key: keyBytes === 0 ? "" : plain.decode(this.#bytes(keyBytes)) };
  }

  #argument(args: unknown[], place: number): unknown {
    const kind = this.#u32();
    if (kind !== HOLED) return this.#input(kind, args, [place]);
    const value = decodeValue(this.#block());
    for (let left = this.#u32(); left > 0; left--) {
      const length = this.#u32();
      // The writer encoded a path.
      const path = length === 0 ? [this.#u32()] : (decodeValue(this.#bytes(length)) as (string | number)[]);
      fill(value, path, this.#input(this.#u32(), value, path));
    }
    return value;
  }

  /** What has to be waited for is put into `within` at `path` when it is there. */
  #input(kind: number, within: unknown, path: readonly (string | number)[]): unknown {
    switch (kind) {
      case VALUE:
        return this.#decoded(this.#block(), within, path);
      case EARLIER: {
        const bytes = this.#source.earlier(this.#u32());
        if (bytes !== undefined) return this.#decoded(bytes, within, path);
        this.#lacking = true;
        return undefined;
      }
      case SHARED:
        return this.#decoded(this.#packed.shared[this.#u32()], within, path);
      case FETCHED: {
        const bytes = this.#source.fetch(this.#u32());
        return this.#later(bytes.then(decodeSoon), within, path);
      }
      case BROADCAST: {
        const id = this.#u32();
        return this.#source.broadcast(id, this.#packed.shared[this.#u32()]);
      }
    }
    throw new InternalError(`An argument of kind ${kind} came to a worker.`);
  }

  #decoded(bytes: Uint8Array, within: unknown, path: readonly (string | number)[]): unknown {
    const value = decodeSoon(bytes);
    return value instanceof Promise ? this.#later(value, within, path) : value;
  }

  #later(value: Promise<unknown>, within: unknown, path: readonly (string | number)[]): undefined {
    (this.#waits ??= []).push(value.then((given) => fill(within, path, given)));
  }

  #block(): Uint8Array {
    return this.#bytes(this.#u32());
  }

  #bytes(length: number): Uint8Array {
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

/** Says of a call that this will be its attempt number `attempt`. Writes into the job. */
export function setAttempt({ bytes, starts }: PackedCalls, place: number, attempt: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = starts[place] + 4;
  view.setUint32(at, 2 * attempt + (view.getUint32(at, true) & 1), true);
}

/** What a job names: for an executor whose workers keep nothing of jobs before, and cannot ask for anything. */
export interface Mentions {
  /** Functions of its calls. */
  readonly functions: ReadonlySet<number>;
  /** Results that have to be asked for. */
  readonly fetched: ReadonlySet<number>;
}

/** Reads a job without its values. */
export function mentionsIn({ bytes, starts }: PackedCalls): Mentions {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const functions = new Set<number>();
  const fetched = new Set<number>();
  let at = 0;
  const u32 = (): number => view.getUint32((at += 4) - 4, true);
  const skip = (length: number): void => {
    at += length;
  };
  const input = (kind: number): void => {
    if (kind === VALUE) skip(u32());
    else if (kind === FETCHED) fetched.add(u32());
    else skip(kind === BROADCAST ? 8 : 4);
  };
  for (const start of starts) {
    at = start;
    functions.add(u32());
    skip(4);
    skip(u32());
    for (let args = u32(); args > 0; args--) {
      const kind = u32();
      if (kind !== HOLED) {
        input(kind);
        continue;
      }
      skip(u32());
      for (let holes = u32(); holes > 0; holes--) {
        const length = u32();
        skip(length === 0 ? 4 : length);
        input(u32());
      }
    }
  }
  return { functions, fetched };
}
