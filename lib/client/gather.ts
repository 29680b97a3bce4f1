import { OptionError, StalledError } from "../errors.ts";
import { parseMilliseconds } from "../collections/delayed/options.ts";
import { Held, sourceOf } from "./future.ts";

/** The values of futures, in the same shape: of one, of an array, of a plain object, nested as they are. */
export type Gathered<F> =
  F extends Held<infer T>
    ? T
    : F extends readonly unknown[]
      ? { -readonly [K in keyof F]: Gathered<F[K]> }
      : F extends Readonly<Record<string, unknown>>
        ? { -readonly [K in keyof F]: Gathered<F[K]> }
        : F;

export interface GatherOptions {
  /** What becomes of futures that failed: the first failure is thrown, or they are left out of arrays. Default "raise". */
  readonly errors?: "raise" | "skip";
}

/** Fetches the values of futures. */
export async function gather<const F>(futures: F, { errors = "raise" }: GatherOptions = {}): Promise<Gathered<F>> {
  return (await valuesOf(futures, errors)) as Gathered<F>; // of the same shape
}

const LEFT_OUT = Symbol("left out");

async function valuesOf(given: unknown, errors: "raise" | "skip"): Promise<unknown> {
  if (given instanceof Held) return errors === "raise" ? given.result() : given.result().catch(() => LEFT_OUT);
  if (Array.isArray(given)) {
    const values = await Promise.all(given.map((inner) => valuesOf(inner, errors)));
    return errors === "raise" ? values : values.filter((value) => value !== LEFT_OUT);
  }
  if (typeof given !== "object" || given === null || Object.getPrototypeOf(given) !== Object.prototype) return given;
  const entries = await Promise.all(
    Object.entries(given).map(async ([key, inner]) => [key, await valuesOf(inner, errors)] as const),
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== LEFT_OUT));
}

export interface WaitOptions {
  /** Milliseconds, or a text like "30s": `StalledError` when it is over. Default: none. */
  readonly timeout?: number | string;
  /** Wait for all of them (whatever their end), for the first that ends, or for the first that fails. Default "all". */
  readonly until?: "all" | "first" | "failure";
}

/** Waits for futures to end; nothing is fetched. Those that have ended, and those that have not. */
export async function wait<F extends Held<unknown>>(
  futures: Iterable<F>,
  { timeout, until = "all" }: WaitOptions = {},
): Promise<{ readonly done: F[]; readonly notDone: F[] }> {
  const all = [...futures];
  const end = Promise.withResolvers<void>();
  let left = all.length;
  if (left === 0) end.resolve();
  for (const future of all)
    sourceOf(checked(future, "wait")).whenDone(() => {
      left--;
      if (left === 0 || until === "first" || (until === "failure" && future.status !== "finished")) end.resolve();
    });
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => end.reject(tooLate(left, timeout)), parseMilliseconds(timeout, "wait(…) option timeout"));
  try {
    await end.promise;
  } finally {
    clearTimeout(timer);
  }
  const done = all.filter(({ status }) => status !== "pending");
  return { done, notDone: all.filter(({ status }) => status === "pending") };
}

/** Futures as they end, the first first. */
export async function* asCompleted<F extends Held<unknown>>(futures: Iterable<F>): AsyncGenerator<F, void> {
  const ended: F[] = [];
  let wake: (() => void) | undefined;
  let left = 0;
  for (const future of futures) {
    left++;
    sourceOf(checked(future, "asCompleted")).whenDone(() => {
      ended.push(future);
      wake?.();
    });
  }
  // An index, not shift: that would cost as much as there are.
  for (let next = 0; next < left; next++) {
    while (next >= ended.length) await new Promise<void>((resolve) => (wake = resolve));
    yield ended[next];
  }
}

function checked<F extends Held<unknown>>(future: F, what: string): F {
  if (future instanceof Held) return future;
  throw new OptionError(`${what}(…) expects futures, found a ${typeof future}.`, {
    fix: "pass what submit(…) or map(…) gave.",
  });
}

function tooLate(left: number, timeout: number | string): StalledError {
  return new StalledError(
    `${left} ${left === 1 ? "future has" : "futures have"} not ended within ${String(timeout)}.`,
    {
      fields: { left, timeout },
      fix: "wait longer, or cancel them.",
    },
  );
}
