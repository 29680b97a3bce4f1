import { encodeValue } from "../values.ts";
import { canHold, withHoles, type Hole } from "./holes.ts";
import { encodeArgument } from "./travel.ts";

/**
 * One argument of a call, as data. `R` names another call, whose result goes there before this one can be made:
 *
 * - a number, as it is: graphs may have millions, and each would take five times as much memory as bytes;
 * - any other value, encoded;
 * - the whole argument is another's result;
 * - a value with holes: an array or plain object that has results of others somewhere inside.
 */
export type Argument<R> = number | DataArgument<R>;

/** An argument that is no number. */
export type DataArgument<R> =
  { readonly value: Uint8Array; readonly holes?: readonly Hole<R>[] } | { readonly value?: undefined; readonly ref: R };

/**
 * Makes arguments of values. `find` tells what of them stands for another call's result. Arrays and plain objects are
 * looked through, however deep; anything else (Map, class instances) is a value as it is. Values are copied now: what the
 * caller changes later does not show.
 *
 * @param what names the call in errors, as "submit(…)".
 * @throws {CallableError} where a value cannot travel.
 */
export function toArguments<R>(
  values: readonly unknown[],
  find: (value: object) => R | undefined,
  what: string,
): Argument<R>[] {
  return values.map((value) => toArgument(value, find, what));
}

function toArgument<R>(value: unknown, find: (value: object) => R | undefined, what: string): Argument<R> {
  if (typeof value === "number") return value;
  const encoded = (given: unknown) => encodeArgument(given, what);
  if (!canHold(value)) return { value: encoded(value) };
  const ref = find(value);
  if (ref !== undefined) return { ref };
  if (typeof value === "function") return { value: encoded(value) };
  const holes: Hole<R>[] = [];
  const copy = withHoles(value, find, holes);
  return holes.length === 0 ? { value: encoded(value) } : { value: encoded(copy), holes };
}

/** The same argument, a number encoded like any other value. */
export function asData<R>(argument: Argument<R>): DataArgument<R> {
  return typeof argument === "number" ? { value: encodeValue(argument) } : argument;
}
