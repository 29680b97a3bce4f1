import { loadCallable, type Loaded } from "../../callables/load.ts";
import { formatCallable } from "../../collections/bag/format.ts";
import type { BagStep } from "../../collections/bag/nodes.ts";
import { TypeMismatchError } from "../../errors.ts";
import { valueFromJson } from "../../values-json.ts";
import { failedRecord, type FailedRecord } from "./chunks.ts";
import { isThenable, type Flow, type MaybePromise } from "./flow.ts";
import { sideBySide } from "./side-by-side.ts";
import { Spread } from "./spread.ts";
import { showItem, userError, type Place } from "./user-errors.ts";

/** Where items that failed go, for steps that collect them. */
export type Failures = FailedRecord[];

/** The steps as one flow that ends in `sink`. Loads their functions. */
export async function compileSteps(
  steps: readonly BagStep[],
  sink: Flow,
  place: Place,
  failures: Failures,
): Promise<Flow> {
  let flow = sink;
  for (const step of [...steps].reverse()) flow = await flowOf(step, flow, place, failures);
  return flow;
}

async function flowOf(step: BagStep, next: Flow, place: Place, failures: Failures): Promise<Flow> {
  const failing = new OnFailure(step, place, failures);
  if (step.do === "pluck") return new EachFlow(false, pluckOf(step), next, failing);
  const call = bound(await loadCallable(step.fn), step.args.map(valueFromJson));
  if (step.do === "flatMap") return new FlatMapFlow(call, next, failing);
  return new EachFlow(step.do === "filter", call, next, failing);
}

/** Without extra arguments the function itself gets one argument: builtins such as parseInt would take a second for theirs. */
function bound(fn: Loaded, args: readonly unknown[]): (item: unknown) => unknown {
  if (args.length === 0) return (item) => fn(item);
  if (args.length === 1) return (item) => fn(item, args[0]);
  return (item) => fn(item, ...args);
}

function pluckOf({ key, ...step }: Extract<BagStep, { do: "pluck" }>): (item: unknown) => unknown {
  const otherwise = step.otherwise === undefined ? undefined : { value: valueFromJson(step.otherwise) };
  return (item) => {
    const value: unknown = item === null || item === undefined ? undefined : Reflect.get(Object(item), key);
    if (value !== undefined) return value;
    if (otherwise !== undefined) return otherwise.value;
    if (typeof item === "object" && item !== null && key in item) return undefined;
    throw new TypeMismatchError(`pluck(…) expects items with ${JSON.stringify(key)}, found ${showItem(item)}.`, {
      fix: `give a value for items without it: pluck(${JSON.stringify(key)}, …).`,
    });
  };
}

/** What becomes of an item whose function failed: throws, or goes on without it. */
class OnFailure {
  readonly #step: BagStep;
  readonly #place: Place;
  readonly #failures: Failures;

  constructor(step: BagStep, place: Place, failures: Failures) {
    this.#step = step;
    this.#place = place;
    this.#failures = failures;
  }

  handle(error: unknown, item: unknown, index: number): void {
    const step = this.#name();
    const { partition } = this.#place;
    if (this.#step.onError === "skip") return;
    if (this.#step.onError === "collect") {
      this.#failures.push(failedRecord(item, error, { step, partition, index }));
      return;
    }
    const ref = this.#step.do === "pluck" ? {} : { ref: this.#step.fn };
    throw userError(error, { step, item, index, place: this.#place, ...ref });
  }

  #name(): string {
    return `${this.#step.do}(${this.#step.do === "pluck" ? String(this.#step.key) : formatCallable(this.#step.fn)})`;
  }
}

/**
 * One step: calls the function item by item, synchronously up to the first promise; from there on a few calls at a time, whose results
 * go on in the items' order.
 */
abstract class StepFlow implements Flow {
  protected readonly call: (item: unknown) => unknown;
  protected readonly next: Flow;
  protected readonly failing: OnFailure;
  /** Items that came before this list. */
  protected before = 0;

  constructor(call: (item: unknown) => unknown, next: Flow, failing: OnFailure) {
    this.call = call;
    this.next = next;
    this.failing = failing;
  }

  get full(): boolean {
    return this.next.full;
  }

  push(items: readonly unknown[]): MaybePromise<void> {
    const begun = this.run(items);
    this.before += items.length;
    return begun;
  }

  protected abstract run(items: readonly unknown[]): MaybePromise<void>;
}

/** One item for one at most: of `map` what the function gives, of `filter` the item itself where that is true. */
class EachFlow extends StepFlow {
  readonly #filters: boolean;

  constructor(filters: boolean, ...rest: ConstructorParameters<typeof StepFlow>) {
    super(...rest);
    this.#filters = filters;
  }

  protected run(items: readonly unknown[]): MaybePromise<void> {
    const { call, before } = this;
    const filters = this.#filters;
    const out: unknown[] = [];
    for (let i = 0; i < items.length; i++) {
      try {
        const result = call(items[i]);
        if (isThenable(result)) return this.#waiting(items, i, result, out, before);
        if (!filters) out.push(result);
        else if (result) out.push(items[i]);
      } catch (error) {
        this.failing.handle(error, items[i], before + i);
      }
    }
    return out.length === 0 ? undefined : this.next.push(out);
  }

  async #waiting(
    items: readonly unknown[],
    from: number,
    first: PromiseLike<unknown>,
    out: unknown[],
    before: number,
  ): Promise<void> {
    let i = from;
    for await (const one of sideBySide(items, from, first, this.call)) {
      if ("error" in one) this.failing.handle(one.error, items[i], before + i);
      else if (!this.#filters) out.push(one.value);
      else if (one.value) out.push(items[i]);
      i++;
    }
    if (out.length > 0) await this.next.push(out);
  }
}

/** Arrays are pushed on as they are; iterables and generators piece by piece, and no further than is needed. */
class FlatMapFlow extends StepFlow {
  protected run(items: readonly unknown[]): MaybePromise<void> {
    const { call, next, before } = this;
    for (let i = 0; i < items.length; i++) {
      let pushed: MaybePromise<void>;
      let result: unknown;
      try {
        result = call(items[i]);
      } catch (error) {
        this.failing.handle(error, items[i], before + i);
        continue;
      }
      if (Array.isArray(result)) pushed = next.push(result);
      else if (isThenable(result)) return this.#sideBySide(items, i, result, before);
      else return this.#waiting(items, i, result, before);
      if (pushed !== undefined) return this.#rest(items, i, pushed, before);
      if (next.full) return undefined;
    }
    return undefined;
  }

  async #rest(items: readonly unknown[], at: number, pushed: Promise<void>, before: number): Promise<void> {
    await pushed;
    for (let i = at + 1; i < items.length && !this.full; i++) await this.#one(items[i], before + i);
  }

  async #waiting(items: readonly unknown[], at: number, first: unknown, before: number): Promise<void> {
    await this.#one(items[at], before + at, { result: first });
    for (let i = at + 1; i < items.length && !this.full; i++) await this.#one(items[i], before + i);
  }

  /** Of an async function: calls overlap, what they give is taken apart one after the other. */
  async #sideBySide(items: readonly unknown[], at: number, first: unknown, before: number): Promise<void> {
    let i = at;
    for await (const one of sideBySide(items, at, first, this.call)) {
      if ("error" in one) this.failing.handle(one.error, items[i], before + i);
      else await this.#one(items[i], before + i, { result: one.value });
      if (this.full) return;
      i++;
    }
  }

  async #one(item: unknown, index: number, given?: { readonly result: unknown }): Promise<void> {
    const spread = new Spread(this.next);
    try {
      const result = given === undefined ? this.call(item) : given.result;
      await spread.from(isThenable(result) ? await result : result);
    } catch (error) {
      // What comes from below is not this function's doing.
      if (spread.failedBelow !== undefined) throw spread.failedBelow.error;
      this.failing.handle(error, item, index);
    }
  }
}
