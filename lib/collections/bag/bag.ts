import type { Callable } from "../../callables/reference.ts";
import { OptionError } from "../../errors.ts";
import { Collection } from "../collection.ts";
import { DataFrame } from "../dataframe/dataframe.ts";
import { knownKeys, wholeNumber, wrong } from "../options.ts";
import type { ScalarType } from "../schema.ts";
import { BagItem, type BagResults } from "./bag-item.ts";
import {
  describedFunction,
  describedKey,
  describedValue,
  partitionsOption,
  type PartitionOptions,
} from "./describe.ts";
import { checkFrameTypes } from "./frame-types.ts";
import { formatBag } from "./format.ts";
import { bagFromJson, bagToJson, type BagJson } from "./json.ts";
import type { BagNode, BagStep, OnError } from "./nodes.ts";
import { sequenceNode } from "./sequence.ts";

/** How items are compared: by what a function gives for them, or by one of their properties. */
export type KeyOf<T, K = unknown> = ((item: T) => K | Promise<K>) | (keyof T & (string | number));
type KeyType<T, By> = By extends (item: T) => infer R ? Awaited<R> : By extends keyof T ? T[By] : unknown;
/** Anything that flatMap takes apart. */
export type Items<U> = Iterable<U> | AsyncIterable<U> | Promise<Iterable<U> | AsyncIterable<U>>;

/**
 * A lazy list of any values, in partitions. Every method just describes, and returns at once; `compute` gives the items as an array,
 * `for await` one partition after the other.
 *
 * Functions run on the workers, one item at a time. Where they are async, up to 8 calls of a partition are under way at a time, and results
 * keep the items' order. They travel by their source: what they need from around them is
 * passed behind them (`bag.map((x, k) => x * k, k)`). Values travel as structured clones.
 *
 * Order. `map`, `filter`, `flatMap`, `pluck`, `repartition` and `zip` keep it. `distinct`, `groupBy`, `foldBy`, `frequencies` and `join` give
 * items by partition of their key's hash, within one in order of first sight: a small bag has one such partition, and so the order of
 * first sight. All orders depend on the data and the partitions alone, never on workers or time.
 */
export class Bag<T> extends Collection<T[]> {
  readonly kind = "bag";
  readonly node: BagNode;
  readonly #onError: OnError;

  /** `onError`: for the operations that follow, see `onError`. */
  constructor(node: BagNode, onError: OnError = "fail") {
    super();
    this.node = node;
    this.#onError = onError;
  }

  /** What the function gives for each item. */
  map<U, E extends readonly unknown[] = []>(fn: (item: T, ...extra: E) => U | Promise<U>, ...extra: E): Bag<U> {
    return this.#step(this.#call("map", fn, extra));
  }

  /** The items for which the function gives something true. */
  filter<U extends T, E extends readonly unknown[] = []>(fn: (item: T, ...extra: E) => item is U, ...extra: E): Bag<U>;
  filter<E extends readonly unknown[] = []>(fn: (item: T, ...extra: E) => unknown, ...extra: E): Bag<T>;
  filter(fn: Callable, ...extra: unknown[]): Bag<T> {
    return this.#step(this.#call("filter", fn, extra));
  }

  /** All that the function gives for each item: an array, any iterable, a generator, also async ones. A string is refused: it is seldom meant letter by letter. */
  flatMap<U, E extends readonly unknown[] = []>(fn: (item: T, ...extra: E) => Items<U>, ...extra: E): Bag<U> {
    return this.#step(this.#call("flatMap", fn, extra));
  }

  /** One property (or index) of each item. `otherwise` stands in for it where an item lacks it; without it that is an error. */
  pluck<K extends keyof T & (string | number)>(key: K, otherwise?: T[K]): Bag<T[K]> {
    const more = otherwise === undefined ? {} : { otherwise: describedValue(otherwise, "pluck(…)") };
    if (typeof key !== "string" && !Number.isSafeInteger(key))
      throw wrong("pluck(…)", "a property's name or an index", key);
    return this.#step({ do: "pluck", key, onError: this.#onError, ...more });
  }

  /**
   * What becomes of items whose function fails, in the `map`, `filter`, `flatMap` and `pluck` that follow: "fail" (the default) fails the
   * run; "skip" leaves the item out; "collect" leaves it out and tells of it: `compute()` gives the items that went well, as always, and
   * `results()` gives them with those that failed. So what follows an `onError` has the same types and needs no case for failures.
   */
  onError(mode: OnError): Bag<T> {
    if (!["fail", "skip", "collect"].includes(mode)) throw wrong("onError(…)", '"fail", "skip" or "collect"', mode);
    return new Bag<T>(this.node, mode);
  }

  /** The items, and those that failed under "collect", with their errors and where they were. Aggregates just leave failed items out. */
  results(): BagItem<BagResults<T>> {
    return new BagItem<BagResults<T>>({ kind: "results", input: this.node });
  }

  /** Each item once: the first of those that are equal (by value), or of those whose keys are. */
  distinct(by?: KeyOf<T>, options: PartitionOptions = {}): Bag<T> {
    const key = by === undefined ? null : describedKey(by, "distinct(…)");
    return this.#next({ kind: "distinct", input: this.node, by: key, ...partitionsOption(options, "distinct") });
  }

  /** Pairs of a key and the items that have it, in their order. Keys are compared by value. */
  groupBy<const By extends KeyOf<T>>(by: By, options: PartitionOptions = {}): Bag<[KeyType<T, By>, T[]]> {
    const key = describedKey(by, "groupBy(…)");
    return this.#next({ kind: "groupBy", input: this.node, by: key, ...partitionsOption(options, "groupBy") });
  }

  /**
   * Pairs of a key and the fold of the items that have it: as `groupBy`, without ever holding the groups. `initial` begins each
   * partition's fold of each key, so it has to be neutral; `combine` makes one of two partitions' results, and must be associative.
   * It may be left out where `step` does that as well.
   */
  foldBy<const By extends KeyOf<T>>(
    by: By,
    step: (left: T, right: T) => T | Promise<T>,
    initial: T,
  ): Bag<[KeyType<T, By>, T]>;
  foldBy<const By extends KeyOf<T>, A>(
    by: By,
    step: (accumulator: A, item: T) => A | Promise<A>,
    initial: A,
    combine: (left: A, right: A) => A | Promise<A>,
    options?: PartitionOptions,
  ): Bag<[KeyType<T, By>, A]>;
  foldBy(by: KeyOf<T>, step: Callable, initial: unknown, combine?: Callable, options: PartitionOptions = {}): unknown {
    const fold = {
      step: describedFunction(step, "foldBy(…)"),
      initial: describedValue(initial, "foldBy(…)"),
      combine: describedFunction(combine ?? step, "foldBy(…)"),
    };
    const key = describedKey(by, "foldBy(…)");
    return this.#next({ kind: "foldBy", input: this.node, by: key, fold, ...partitionsOption(options, "foldBy") });
  }

  /** Pairs of an item and how often it is there. `topK` of them goes by that number. */
  frequencies(options: PartitionOptions = {}): Bag<[T, number]> {
    return this.#next({ kind: "frequencies", input: this.node, ...partitionsOption(options, "frequencies") });
  }

  /** Pairs of an item and one of the other bag (or list) with an equal key: an inner join. `otherBy` defaults to `by`. */
  join<U>(other: Bag<U> | readonly U[], by: KeyOf<T>, otherBy?: KeyOf<U>, options: PartitionOptions = {}): Bag<[T, U]> {
    const key = describedKey(by, "join(…)");
    const otherKey = otherBy === undefined ? key : describedKey(otherBy, "join(…)");
    const right = nodeOf(other, "join(…)");
    const more = partitionsOption(options, "join");
    return this.#next({ kind: "join", input: this.node, other: right, by: key, otherBy: otherKey, ...more });
  }

  /**
   * Pairs of items at the same place. Bags with as many partitions have as many items in each of them: an error names the first that has
   * not. Bags that are cut into different numbers of partitions are brought into one, which has to fit into memory.
   */
  zip<U>(other: Bag<U>): Bag<[T, U]> {
    return this.#next({ kind: "zip", input: this.node, other: nodeOf(other, "zip(…)") });
  }

  /** The same items in the same order, in so many partitions. Splits and joins whole partitions evenly, so the new ones are about as equal as the old. */
  repartition(partitions: number): Bag<T> {
    return this.#next({
      kind: "repartition",
      input: this.node,
      partitions: wholeNumber(partitions, "repartition(…)", 1),
    });
  }

  /**
   * Folds all items into one value: `step` within each partition, from `initial` on (so it has to be neutral), `combine` over the
   * partitions' results along a fixed tree (so it must be associative). `combine` may be left out where `step` does that as well.
   */
  fold(step: (left: T, right: T) => T | Promise<T>, initial: T): BagItem<T>;
  fold<A>(
    step: (accumulator: A, item: T) => A | Promise<A>,
    initial: A,
    combine: (left: A, right: A) => A | Promise<A>,
  ): BagItem<A>;
  fold(step: Callable, initial: unknown, combine?: Callable): unknown {
    const fold = {
      step: describedFunction(step, "fold(…)"),
      initial: describedValue(initial, "fold(…)"),
      combine: describedFunction(combine ?? step, "fold(…)"),
    };
    return new BagItem({ kind: "fold", input: this.node, fold });
  }

  /** As `fold`, beginning with the first item. Undefined for a bag without items. */
  reduce(fn: (left: T, right: T) => T | Promise<T>): BagItem<T | undefined> {
    return new BagItem({ kind: "reduce", input: this.node, fn: describedFunction(fn, "reduce(…)") });
  }

  /** How many items there are. */
  count(): BagItem<number> {
    return new BagItem({ kind: "count", input: this.node });
  }

  /** The sum: of numbers (with twice their precision underway), or of bigints. 0 for no items. */
  sum(): BagItem<T extends bigint ? bigint : number> {
    return new BagItem({ kind: "sum", input: this.node });
  }

  /** The mean of numbers; NaN for no items. */
  mean(): BagItem<number> {
    return new BagItem({ kind: "mean", input: this.node });
  }

  /** The standard deviation of numbers, by Welford's and Chan's method; NaN for no more than `ddof` items. `ddof` defaults to 0, as Dask's bag has it. */
  std(options: { readonly ddof?: number } = {}): BagItem<number> {
    knownKeys(options, ["ddof"], "std");
    return new BagItem({
      kind: "std",
      input: this.node,
      ddof: wholeNumber(options.ddof ?? 0, "std option ddof", 0),
    });
  }

  /** The least item, or the one with the least key; the first of equals. Numbers, bigints, strings (by code unit), dates, booleans, and arrays of them. Undefined for no items. */
  min(by?: KeyOf<T>): BagItem<T | undefined> {
    return new BagItem({ kind: "min", input: this.node, by: by === undefined ? null : describedKey(by, "min(…)") });
  }

  /** The greatest, as `min`. */
  max(by?: KeyOf<T>): BagItem<T | undefined> {
    return new BagItem({ kind: "max", input: this.node, by: by === undefined ? null : describedKey(by, "max(…)") });
  }

  /** The `count` greatest items (or those with the greatest keys), the greatest first, the first of equals first. */
  topK(count: number, by?: KeyOf<T>): BagItem<T[]> {
    const counted = this.node.kind === "frequencies" ? ({ by: "name", name: 1 } as const) : null;
    const key = by === undefined ? counted : describedKey(by, "topK(…)");
    return new BagItem({ kind: "topK", input: this.node, count: wholeNumber(count, "topK(…)", 0), by: key });
  }

  /** The first items. Runs no more partitions than it takes. */
  take(count: number): BagItem<T[]> {
    return new BagItem({ kind: "take", input: this.node, count: wholeNumber(count, "take(…)", 0) });
  }

  /**
   * A frame with a row an item: items are objects, their properties columns. Types are found from all values (bool; int64, float64
   * where one is no whole number; string) or given; null, undefined and properties that are not there are null.
   */
  toDataFrame(options: { readonly types?: Readonly<Record<string, ScalarType>> } = {}): DataFrame {
    knownKeys(options, ["types"], "toDataFrame");
    const types = options.types === undefined ? {} : { types: checkFrameTypes(options.types) };
    return new DataFrame({ kind: "bag", bag: this.node, ...types });
  }

  /**
   * Writes the items, which must be strings, a line each: a file a partition. `*` in the path (or URL) is the partition's number with
   * leading zeros; a path without it is a folder, for files `part-*.txt`. Gives the paths (or URLs) written.
   */
  writeText(path: string): BagItem<string[]> {
    if (typeof path !== "string" || path === "" || path.split("*").length > 2)
      throw new OptionError(`writeText(…) expects a path with at most one "*", found ${JSON.stringify(path)}.`, {
        fix: 'write "out/words-*.txt", or a folder.',
      });
    const pattern = path.includes("*") ? path : `${path.replace(/\/$/, "")}/part-*.txt`;
    return new BagItem({ kind: "write", input: this.node, path: pattern });
  }

  /** The items, a partition at a time: what was read is let go of. Runs the bag first and keeps the partitions with the workers. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const { node } = await this.persist();
    if (node.kind !== "kept") return;
    // One part is fetched while the one before is used; `node` lives as long as this does, and so what it keeps.
    for (const ref of node.refs) yield* await new Bag<T>({ ...node, refs: [ref] }).compute();
  }

  /** The description as JSON, from which `fromJSON` makes the bag again. @throws PlanError for inline functions and persisted bags. */
  toJSON(): BagJson {
    return bagToJson(this.node, this.#onError);
  }

  /** The bag of a description as `toJSON` gives it (an object; parse text first). @throws PlanError that says where it is not well formed. */
  static fromJSON(json: unknown): Bag<unknown> {
    const { node, onError } = bagFromJson(json);
    return new Bag(node, onError);
  }

  override toString(): string {
    return formatBag(this.node);
  }

  get [Symbol.toStringTag](): string {
    return "Bag";
  }

  #call(what: "map" | "filter" | "flatMap", fn: Callable, extra: readonly unknown[]): BagStep {
    const args = extra.map((value) => describedValue(value, `${what}(…)`));
    return { do: what, fn: describedFunction(fn, `${what}(…)`), args, onError: this.#onError };
  }

  #step<U>(step: BagStep): Bag<U> {
    return this.#next({ kind: "step", input: this.node, step });
  }

  #next<U>(node: BagNode): Bag<U> {
    return new Bag<U>(node, this.#onError);
  }
}

function nodeOf<U>(other: Bag<U> | readonly U[], what: string): BagNode {
  if (other instanceof Bag) return other.node;
  if (Array.isArray(other)) return sequenceNode(other, { partitions: 1 }, what);
  throw wrong(what, "a bag (or an array)", other);
}
