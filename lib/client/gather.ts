import { OptionError, StalledError } from "../errors.ts";
import { isPlain } from "../callables/holes.ts";
import { knownKeys, parseMilliseconds, shown, wrong } from "../collections/options.ts";
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
  /** What becomes of futures that failed: the first failure is thrown, or they are left out of arrays and objects (one by itself is undefined). Default "raise". */
  readonly errors?: "raise" | "skip";
}

/** Fetches the values of futures. */
export async function gather<const F>(futures: F, options: GatherOptions = {}): Promise<Gathered<F>> {
  knownKeys(options, ["errors"], "gather(…)");
  const { errors = "raise" } = options;
  if (errors !== "raise" && errors !== "skip") throw wrong("gather(…) option errors", '"raise" or "skip"', errors);
  if (!(futures instanceof Held) && (typeof futures !== "object" || futures === null || !isPlain(futures)))
    throw wrong(
      "gather(…)",
      "a future, or an array or plain object of them",
      futures,
      isIterable(futures) ? "pass an array: gather([...futures])." : "pass what submit(…) or map(…) gave.",
    );
  const value = await valuesOf(futures, errors);
  return (value === LEFT_OUT ? undefined : value) as Gathered<F>; // of the same shape
}

/** Stands for a future that failed, until what holds it is put together. */
const LEFT_OUT = Symbol("left out");

function valuesOf(given: unknown, errors: "raise" | "skip"): unknown {
  if (given instanceof Held) return errors === "raise" ? given.result() : given.result().catch(() => LEFT_OUT);
  if (typeof given !== "object" || given === null) return given;
  if (Array.isArray(given)) return arrayOf(given, errors);
  return Object.getPrototypeOf(given) === Object.prototype ? objectOf(given, errors) : given;
}

async function arrayOf(given: readonly unknown[], errors: "raise" | "skip"): Promise<unknown[]> {
  const values = await arrayOfAll(given, errors);
  return errors === "raise" ? values : values.filter((value) => value !== LEFT_OUT);
}

async function objectOf(given: object, errors: "raise" | "skip"): Promise<object> {
  const keys = Object.keys(given);
  const values = await arrayOfAll(Object.values(given), errors);
  return Object.fromEntries(keys.map((key, i) => [key, values[i]] as const).filter(([, value]) => value !== LEFT_OUT));
}

/** As Promise.all of what each gives, but for no promise each where a call says itself when it has ended: there may be very many. */
function arrayOfAll(given: readonly unknown[], errors: "raise" | "skip"): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const values = new Array<unknown>(given.length);
    const later: Promise<void>[] = [];
    let left = given.length;
    const end = () => resolve(later.length === 0 ? values : Promise.all(later).then(() => values));
    if (left === 0) end();
    for (let i = 0; i < given.length; i++)
      deliver(given[i], errors, (value, error) => {
        if (error === undefined) values[i] = value;
        else if (errors === "raise") reject(error);
        else values[i] = LEFT_OUT;
        if (value instanceof Promise) later.push(value.then((awaited) => void (values[i] = awaited), reject));
        if (--left === 0) end();
      });
  });
}

function deliver(given: unknown, errors: "raise" | "skip", receive: (value: unknown, error: unknown) => void): void {
  const source = given instanceof Held ? sourceOf(given) : undefined;
  if (source?.deliver !== undefined) source.deliver(receive);
  else receive(valuesOf(given, errors), undefined);
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
  options: WaitOptions = {},
): Promise<{ readonly done: F[]; readonly notDone: F[] }> {
  knownKeys(options, ["timeout", "until"], "wait(…)");
  const { timeout, until = "all" } = options;
  if (!["all", "first", "failure"].includes(until))
    throw wrong("wait(…) option until", '"all", "first" or "failure"', until);
  const limitMs = timeout === undefined ? undefined : parseMilliseconds(timeout, "wait(…) option timeout");
  const all = [...futuresOf(futures, "wait(…)")];
  const end = Promise.withResolvers<void>();
  let left = all.length;
  if (left === 0) end.resolve();
  for (const future of all)
    sourceOf(future).whenDone(() => {
      left--;
      if (left === 0 || until === "first" || (until === "failure" && future.status !== "finished")) end.resolve();
    });
  const timer = limitMs === undefined ? undefined : setTimeout(() => end.reject(tooLate(left, timeout)), limitMs);
  try {
    await end.promise;
  } finally {
    clearTimeout(timer);
  }
  const done = all.filter(({ status }) => status !== "pending");
  return { done, notDone: all.filter(({ status }) => status === "pending") };
}

/** Futures as they end, the first first. */
export function asCompleted<F extends Held<unknown>>(futures: Iterable<F>): AsyncIterableIterator<F, undefined> {
  const ended: F[] = [];
  let waiting: (() => void)[] = [];
  let all = 0;
  for (const future of futuresOf(futures, "asCompleted(…)")) {
    all++;
    sourceOf(future).whenDone(() => {
      ended.push(future);
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    });
  }
  let given = 0;
  // No generator: that would await the futures that it yields, and give their values.
  return {
    async next() {
      if (given === all) return { done: true, value: undefined };
      const mine = given++;
      while (mine >= ended.length) await new Promise<void>((resolve) => waiting.push(resolve));
      return { done: false, value: ended[mine] };
    },
    async return() {
      given = all;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What may be iterated over, as futures, each checked when it comes. @throws OptionError */
export function* futuresOf<F extends Held<unknown>>(
  futures: Iterable<F>,
  where: string,
): Generator<F, void, undefined> {
  const expected = "an array (or another iterable) of futures";
  if (futures instanceof Held)
    throw wrong(where, expected, futures, `put it into an array: ${where.replace("…", "[future]")}.`);
  if (!isIterable(futures)) throw wrong(where, expected, futures, "pass what map(…) gave.");
  let place = 0;
  for (const future of futures) {
    if (!(future instanceof Held))
      throw new OptionError(`${where} expects futures, found ${shown(future)} in place ${place}.`, {
        fields: { place },
        fix: "pass what submit(…) or map(…) gave.",
      });
    yield future;
    place++;
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function tooLate(left: number, timeout: number | string | undefined): StalledError {
  return new StalledError(
    `${left} ${left === 1 ? "future has" : "futures have"} not ended within ${typeof timeout === "number" ? `${timeout} ms` : String(timeout)}.`,
    {
      fields: { left, timeout },
      fix: "wait longer, or cancel them.",
    },
  );
}
