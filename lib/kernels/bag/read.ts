import { OptionError } from "../../errors.ts";
import { InternalError } from "../../errors.ts";
import type { Ref, TaskInput } from "../../plan/plan.ts";
import { valueFromJson } from "../../values-json.ts";
import type { Span, TaskContext } from "../kernel.ts";
import { readJsonLines } from "../text/json-lines.ts";
import { readLines } from "../text/lines.ts";
import { accumulateOf } from "./accumulate.ts";
import { readChunks } from "./chunks.ts";
import { Counts } from "./counts.ts";
import { isThenable, type Flow } from "./flow.ts";
import { Keyed } from "./keys.ts";
import type { BagReader, Meet, ValuesItem } from "./params.ts";
import { addCounts } from "./send-counts.ts";
import type { Failures } from "./steps.ts";
import type { Place } from "./user-errors.ts";

/** What was read: how many items, and for ranges of text where their lines stand. */
export interface ReadReport {
  readonly recordsIn: number;
  readonly span?: Span;
}

/** Reads the items of a partition and pushes them on, until there are none, or no more are needed. */
export async function readItems(
  reader: BagReader,
  input: TaskInput,
  context: TaskContext,
  flow: Flow,
  failures: Failures,
  place: Place,
): Promise<ReadReport> {
  switch (reader.from) {
    case "values":
      return readValues(input, flow);
    case "text":
      return readLines(rangeOf(input), context, reader, ({ lines }) => flow.push(lines), flow);
    case "jsonLines":
      return readJsonLines(rangeOf(input), context, reader, flow, failures, place);
    case "chunks":
      return readKept(refsOf(input), context, flow, failures);
    case "sections":
      return new Meeting(refsOf(input), context, flow, failures, place).read(reader.meet);
  }
}

async function readValues(input: TaskInput, flow: Flow): Promise<ReadReport> {
  if (input.kind !== "item") throw new InternalError(`Values come as a task's item, found ${input.kind}.`);
  const { values } = input.item as unknown as ValuesItem; // as the planner wrote it
  const items = valueFromJson(values);
  if (!Array.isArray(items)) throw new InternalError("A partition of values is no list.");
  if (items.length > 0) await flow.push(items);
  return { recordsIn: items.length };
}

async function readKept(
  refs: readonly Ref[],
  context: TaskContext,
  flow: Flow,
  failures: Failures,
): Promise<ReadReport> {
  let recordsIn = 0;
  for (const ref of refs)
    for (const { list, failed } of readChunks(await context.fetch(ref))) {
      recordsIn += list.length;
      for (const record of failed) failures.push(record);
      if (flow.full) return { recordsIn };
      const pushed = list.length === 0 ? undefined : flow.push(list);
      if (pushed !== undefined) await pushed;
    }
  return { recordsIn };
}

/** The receiving side of an exchange: sections of one partition, in the producers' order. */
class Meeting {
  readonly #refs: readonly Ref[];
  readonly #context: TaskContext;
  readonly #flow: Flow;
  readonly #failures: Failures;
  readonly #place: Place;
  #recordsIn = 0;

  constructor(refs: readonly Ref[], context: TaskContext, flow: Flow, failures: Failures, place: Place) {
    this.#refs = refs;
    this.#context = context;
    this.#flow = flow;
    this.#failures = failures;
    this.#place = place;
  }

  async read(meet: Meet): Promise<ReadReport> {
    switch (meet.do) {
      case "concat":
        for await (const list of this.#lists()) if (list.length > 0) await this.#push(list);
        break;
      case "distinct":
        await this.#distinct();
        break;
      case "groupBy":
        await this.#groups();
        break;
      case "frequencies":
        await this.#frequencies();
        break;
      case "foldBy":
        await this.#folds(meet);
        break;
      case "join":
        await this.#join(meet.left);
        break;
      case "zip":
        await this.#zip(meet.left);
    }
    return { recordsIn: this.#recordsIn };
  }

  async #distinct(): Promise<void> {
    const seen = new Keyed<true>();
    for await (const list of this.#lists()) {
      const fresh: unknown[] = [];
      for (let i = 0; i < list.length; i += 2) {
        const before = seen.size;
        seen.getOrMake(list[i], () => true);
        if (seen.size > before) fresh.push(list[i + 1]);
      }
      if (fresh.length > 0) await this.#push(fresh);
      if (this.#flow.full) return;
    }
  }

  async #groups(): Promise<void> {
    const groups = new Keyed<unknown[]>();
    for await (const list of this.#lists())
      for (let i = 0; i < list.length; i += 2) groups.getOrMake(list[i], () => []).push(list[i + 1]);
    await this.#pushPairs(groups.entries());
  }

  async #frequencies(): Promise<void> {
    const counts = new Counts();
    for await (const list of this.#lists()) if (list.length > 0) addCounts(counts, list);
    await this.#pushPairs(counts.entries());
  }

  async #folds({ fold }: Extract<Meet, { do: "foldBy" }>): Promise<void> {
    const { combine } = await accumulateOf(fold, "foldBy", this.#place);
    const states = new Keyed<{ value: unknown; begun: boolean }>();
    for await (const list of this.#lists())
      for (let i = 0; i < list.length; i += 2) {
        const state = states.getOrMake(list[i], () => ({ value: undefined, begun: false }));
        const merged = state.begun ? combine(state.value, list[i + 1]) : list[i + 1];
        state.value = isThenable(merged) ? await merged : merged;
        state.begun = true;
      }
    await this.#pushPairs(mapPairs(states.entries(), ({ value }) => value));
  }

  /** The other bag's items of the partition are held; this bag's go past them. */
  async #join(left: number): Promise<void> {
    const others = new Keyed<unknown[]>();
    for await (const list of this.#lists(left))
      for (let i = 0; i < list.length; i += 2) others.getOrMake(list[i], () => []).push(list[i + 1]);
    for await (const list of this.#lists(0, left))
      for (let i = 0; i < list.length; i += 2) {
        const matches = others.get(list[i]);
        if (matches !== undefined) await this.#push(matches.map((other) => [list[i + 1], other]));
        if (this.#flow.full) return;
      }
  }

  async #zip(left: number): Promise<void> {
    const [mine, others]: unknown[][] = [[], []];
    for await (const list of this.#lists(0, left)) for (const item of list) mine.push(item);
    for await (const list of this.#lists(left)) for (const item of list) others.push(item);
    if (mine.length !== others.length)
      throw new OptionError(
        `zip(…) expects bags with as many items in each partition; ${this.#place.partition} has ${mine.length} in one, and ${others.length} in the other.`,
        {
          fields: { partition: this.#place.part, left: mine.length, right: others.length },
          fix: "make both from lists of the same length, without filters between; if only the cuts differ: a.repartition(1).zip(b.repartition(1)).",
        },
      );
    if (mine.length > 0) await this.#push(mine.map((item, i) => [item, others[i]]));
  }

  /** Lists of some of the producers. */
  async *#lists(from = 0, to = this.#refs.length): AsyncGenerator<readonly unknown[]> {
    for (const ref of this.#refs.slice(from, to)) {
      this.#context.signal.throwIfAborted();
      for (const { list, items, failed } of readChunks(await this.#context.fetch(ref))) {
        this.#recordsIn += items;
        for (const record of failed) this.#failures.push(record);
        yield list;
      }
    }
  }

  async #pushPairs(pairs: Iterable<readonly [unknown, unknown]>): Promise<void> {
    let piece: unknown[] = [];
    for (const pair of pairs) {
      piece.push(pair);
      if (piece.length < 1_024) continue;
      await this.#push(piece);
      piece = [];
      if (this.#flow.full) return;
    }
    if (piece.length > 0) await this.#push(piece);
  }

  async #push(items: readonly unknown[]): Promise<void> {
    const pushed = this.#flow.push(items);
    if (pushed !== undefined) await pushed;
  }
}

function* mapPairs<V>(entries: Iterable<[unknown, V]>, of: (value: V) => unknown): Generator<[unknown, unknown]> {
  for (const [key, value] of entries) yield [key, of(value)];
}

/** Of a task over text. */
export function rangeOf(input: TaskInput): Extract<TaskInput, { kind: "range" }> {
  if (input.kind === "range") return input;
  throw new InternalError(`Lines are read from a range, found ${input.kind}.`);
}

function refsOf(input: TaskInput): readonly Ref[] {
  if (input.kind === "refs") return input.refs;
  throw new InternalError(`Kept items are read from refs, found ${input.kind}.`);
}
