import type { NDARRAY } from "../array/ndarray.ts";
import type { Collection } from "../collection.ts";
import type { Delayed } from "./delayed.ts";

/** A result that a client holds or will hold: a Future. Only its shape, since collections know no client. */
export interface Held<T> {
  readonly key: string;
  result(): Promise<T>;
}

/**
 * What may stand for a value T in a call: T itself, one that is still to come (a Future, a Delayed, another collection), or an array or plain
 * object with such inside, however deep.
 */
export type Given<T> = T | Collection<T> | Held<T> | Inside<T>;

/** The same for each of a list of arguments. */
export type GivenAll<A extends readonly unknown[]> = { readonly [K in keyof A]: Given<A[K]> };

type Inside<T> = T extends Leaf
  ? never
  : T extends readonly unknown[] | Record<never, unknown>
    ? { readonly [K in keyof T]: Given<T[K]> }
    : never;

/** What is never looked into. */
type Leaf =
  | null
  | undefined
  | string
  | number
  | bigint
  | boolean
  | symbol
  | ((...args: never[]) => unknown)
  | Date
  | RegExp
  | URL
  | URLSearchParams
  | Headers
  | Error
  | ArrayBufferView
  | { readonly [NDARRAY]: true }
  | ArrayBufferLike
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>;

/**
 * What comes of a value in the end: of a Delayed or another collection its result, of an array or plain object one with the results of
 * what it holds.
 */
export type Settled<R> =
  R extends Collection<infer T>
    ? Settled<T>
    : R extends PromiseLike<infer T>
      ? Settled<T>
      : R extends Leaf
        ? R
        : R extends readonly unknown[]
          ? { -readonly [K in keyof R]: Settled<R[K]> }
          : Lazy<R[keyof R]> extends never
            ? R
            : { [K in keyof R]: Settled<R[K]> };

/** The parts of a union that are to come; never: none. */
type Lazy<V> = V extends Leaf
  ? never
  : V extends Collection<unknown> | PromiseLike<unknown>
    ? V
    : V extends readonly (infer U)[]
      ? Lazy<U>
      : never;

/** A function whose calls are described, not made. */
export type DelayedFunction<A extends readonly unknown[], R> = (
  ...args: { [K in keyof A]: Given<A[K]> }
) => Delayed<Settled<R>>;
