import { accumulateOf, type Accumulate } from "./accumulate.ts";
import { Best } from "./best.ts";
import { withKeys } from "./by-key.ts";
import { isThenable, type MaybePromise } from "./flow.ts";
import type { Gather } from "./gather.ts";
import { InternalError } from "../../errors.ts";
import { addToMoments, addToSum, noMoments, noSum, numberOf } from "./numbers.ts";
import type { BagFold } from "./params.ts";
import { SchemaFinder } from "./schema.ts";
import { userError, type Place } from "./user-errors.ts";

/** The partials of a bag's folds, made item by item: the other half of folds.ts. */
export async function foldedOf(fold: BagFold, place: Place): Promise<Gather> {
  switch (fold.do) {
    case "count": {
      let count = 0;
      return gather(
        (items) => void (count += items.length),
        () => count,
      );
    }
    case "sum":
    case "mean": {
      const sum = noSum();
      return gather(
        each(place, fold.do, (item) => addToSum(sum, item, fold.do)),
        () => sum,
      );
    }
    case "std": {
      const moments = noMoments();
      return gather(
        each(place, "std", (item) => addToMoments(moments, numberOf(item, "std"))),
        () => moments,
      );
    }
    case "best": {
      const best = new Best(fold.count, fold.least);
      const keys = await withKeys(fold.by, "by", place);
      return gather(
        (items) => keys(items, (key, item) => best.offer(key, item)),
        () => best.ranked(),
      );
    }
    case "schema": {
      const finder = new SchemaFinder(place, fold.types);
      return gather(
        (items) => finder.add(items),
        () => finder.partial(),
      );
    }
    case "fold":
      return new Folding(await accumulateOf(fold.fold, "fold", place), (accumulate) => ({
        value: accumulate.initial(),
      }));
    case "reduce": {
      const same = { step: fold.fn, combine: fold.fn, initial: { json: null } };
      return new Folding(await accumulateOf(same, "reduce", place), () => undefined);
    }
    case "collect":
      throw new InternalError("What a bag collects comes as chunks.");
  }
}

function gather(push: (items: readonly unknown[]) => MaybePromise<void>, value: () => unknown): Gather {
  return { full: false, push, finish: () => ({ value: value(), recordsOut: 1 }) };
}

/** One item after the other; what is thrown names the item's place. */
function each(place: Place, step: string, add: (item: unknown) => void): (items: readonly unknown[]) => void {
  let before = 0;
  return (items) => {
    let i = 0;
    try {
      for (; i < items.length; i++) add(items[i]);
    } catch (error) {
      throw userError(error, { step, item: items[i], index: before + i, place });
    }
    before += items.length;
  };
}

/** A user's fold over one partition. Without an initial value the first item begins it. */
class Folding implements Gather {
  readonly full = false;
  readonly #accumulate: Accumulate;
  #state: { readonly value: unknown } | undefined;
  #index = 0;

  constructor(accumulate: Accumulate, begin: (accumulate: Accumulate) => { readonly value: unknown } | undefined) {
    this.#accumulate = accumulate;
    this.#state = begin(accumulate);
  }

  push(items: readonly unknown[]): MaybePromise<void> {
    for (let i = 0; i < items.length; i++) {
      const stepped = this.#step(items[i]);
      if (isThenable(stepped)) return this.#waiting(items, i, stepped);
      this.#state = { value: stepped };
    }
    return undefined;
  }

  finish() {
    return { value: this.#state === undefined ? { none: true } : this.#state, recordsOut: 1 };
  }

  #step(item: unknown): unknown {
    const index = this.#index++;
    return this.#state === undefined ? item : this.#accumulate.step(this.#state.value, item, index);
  }

  async #waiting(items: readonly unknown[], from: number, first: PromiseLike<unknown>): Promise<void> {
    this.#state = { value: await first };
    for (let i = from + 1; i < items.length; i++) this.#state = { value: await this.#step(items[i]) };
  }
}
