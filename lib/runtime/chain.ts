import { InternalError } from "../errors.ts";
import type { Span } from "../kernels/kernel.ts";
import { RangeIndex, type RangesRule } from "../plan/rules.ts";
import { Bitset } from "./bitset.ts";

/**
 * The chain gate: stands between fan and fold where tasks guess where their first record starts.
 *
 * A range of a CSV file may begin in the middle of a record, even inside quotes, and a task that has only its range
 * cannot always know. So it guesses, parses under the guess, and reports a span: `from`, where it took the first record
 * to start, and `next`, where the first record after the range starts. The ranges of one source form a chain:
 *
 *     range 0 ──next──▶ from? range 1 ──next──▶ from? range 2 ──▶ …
 *
 * A guess is right when it agrees with the proven end of its predecessor. States of a range, each moving only forward:
 *
 *     unseen ──▶ waiting ──▶ verified        the guess agreed with what was proven before it
 *                   │            ▲
 *                   └─▶ repairing┘           it did not, or the task had a doubt: run again with `from` given
 *
 * Invariants.
 *  1. Range 0 needs no proof: a file's first record starts where its kernel says.
 *  2. The verified ranges of a source are a prefix of its chain: range r is verified only after r − 1, and
 *     from(r) = next(r − 1).
 *  3. At most one range of a source is repairing: the first that is not verified. What lies behind it is not judged
 *     before, since the repair may move `next`. Ranges whose guess turns out right are never run again.
 *  4. A repair is trusted: it starts where it was told, so it cannot be wrong, and an error that it meets is real. Where a huge
 *     record has swallowed the whole range (`next` ≥ its end), its span is empty: from = next = what was given.
 *  5. Only verified outputs are released, each once.
 *
 * The gate also counts rows: the sum of `recordsIn` over the verified prefix is the number of rows before the range that follows.
 */
export interface Verdict {
  /** Tasks that are verified now, in order. */
  readonly released: readonly number[];
  /** Tasks to be run again from a proven start. */
  readonly repairs: readonly Repair[];
}

export interface Repair {
  readonly task: number;
  /** Byte in the source where the task's first record starts. */
  readonly from: number;
}

/** A checkpoint of the gate, as plain JSON: chains that have begun and not ended, and which sources are through as [start, end) pairs. */
export interface GateState {
  readonly ended: readonly (readonly [number, number])[];
  readonly chains: readonly ChainState[];
}

interface ChainState {
  readonly source: number;
  readonly verified: number;
  readonly next?: number;
  readonly rows: number;
  readonly repairing: boolean;
  readonly waiting: readonly { readonly range: number; readonly span: Span; readonly records: number }[];
}

interface Chain {
  /** The first task, and how many ranges there are. */
  readonly first: number;
  readonly length: number;
  /** How many leading ranges are verified. */
  verified: number;
  /** Where the first record after the verified prefix starts; undefined before range 0. */
  next: number | undefined;
  /** Records in the verified prefix. */
  rows: number;
  /** The range after the prefix is being run again. */
  repairing: boolean;
  readonly waiting: Map<number, { readonly span: Span; readonly records: number }>;
}

export class ChainGate {
  readonly #index: RangeIndex;
  /** Chains that have begun and not ended: a million small sources take a bit each, not an object. */
  readonly #chains = new Map<number, Chain>();
  readonly #ended: Bitset;

  constructor(rule: RangesRule) {
    this.#index = RangeIndex.of(rule);
    this.#ended = new Bitset(rule.sources.length);
  }

  /**
   * Brings a task's span and the records it read; `given` where the task was told to start, if it was. What comes twice
   * is ignored: a range that is verified or waits already, and a guess for a range that is repairing.
   */
  offer(task: number, span: Span, records = 0, given?: number): Verdict {
    const released: number[] = [];
    const repairs: Repair[] = [];
    const source = this.#index.sourceOf(task);
    if (this.#ended.has(source)) return { released, repairs };
    const chain = this.#chainOf(task);
    const range = task - chain.first;
    if (range < chain.verified || chain.waiting.has(range)) return { released, repairs };
    if (range === chain.verified && chain.repairing && given === undefined) return { released, repairs };
    chain.waiting.set(range, { span, records });
    for (;;) {
      const seen = chain.waiting.get(chain.verified);
      if (seen === undefined) break;
      chain.waiting.delete(chain.verified);
      const here = chain.first + chain.verified;
      if (!agrees(chain, seen.span, here)) {
        // `next` is known here: range 0 always agrees.
        repairs.push({ task: here, from: chain.next ?? 0 });
        chain.repairing = true;
        break;
      }
      chain.repairing = false;
      chain.verified++;
      chain.next = seen.span.next;
      chain.rows += seen.records;
      released.push(here);
    }
    if (chain.verified === chain.length) {
      this.#chains.delete(source);
      this.#ended.add(source);
    }
    return { released, repairs };
  }

  /** Rows of the source before the task's range. To be asked when all of them are verified. */
  rowsBefore(task: number): number {
    const chain = this.#chainOf(task);
    if (task - chain.first !== chain.verified)
      throw new InternalError(`The rows before task ${task} are not known: ${chain.verified} ranges are verified.`);
    return chain.rows;
  }

  /** A checkpoint: `restore` goes on from it. */
  state(): GateState {
    return {
      ended: this.#ended.runs(),
      chains: [...this.#chains].map(([source, { verified, next, rows, repairing, waiting }]) => ({
        source,
        verified,
        ...(next === undefined ? {} : { next }),
        rows,
        repairing,
        waiting: [...waiting].map(([range, seen]) => ({ range, ...seen })),
      })),
    };
  }

  static restore(rule: RangesRule, { ended, chains }: GateState): ChainGate {
    const gate = new ChainGate(rule);
    for (const [start, end] of ended) gate.#ended.add(start, end);
    for (const { source, waiting, next, ...rest } of chains) {
      const chain = gate.#chainOf(gate.#index.firstTask(source));
      Object.assign(chain, rest, { next });
      for (const { range, span, records } of waiting) chain.waiting.set(range, { span, records });
    }
    return gate;
  }

  #chainOf(task: number): Chain {
    const source = this.#index.sourceOf(task);
    let chain = this.#chains.get(source);
    if (chain === undefined) {
      const first = this.#index.firstTask(source);
      const length = this.#index.firstTask(source + 1) - first;
      chain = { first, length, verified: 0, next: undefined, rows: 0, repairing: false, waiting: new Map() };
      this.#chains.set(source, chain);
    }
    return chain;
  }
}

/** Whether a span may follow the verified prefix. Throws where a trusted task broke its promise. */
function agrees(chain: Chain, span: Span, task: number): boolean {
  const trusted = chain.next === undefined || chain.repairing;
  const fits = chain.next === undefined || span.from === chain.next;
  if (fits && span.doubt === undefined) return true;
  if (!trusted) return false;
  throw new InternalError(
    `Task ${task} was told to start at byte ${chain.next ?? "0"} and answered with ` +
      (span.doubt === undefined ? `a start at ${span.from}.` : `a doubt (${span.doubt}) where it had to be sure.`),
    { fields: { task, from: span.from, next: span.next } },
  );
}
