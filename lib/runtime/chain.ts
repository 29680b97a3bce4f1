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
 *
 * Of several gates each may see a window of the tasks. Where a source goes on in the next window, its chain is two: the first ends with an *exit*, and nothing
 * of the second is judged before it has *entered* there.
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
  readonly exit?: Crossing;
}

/** What a chain has proven where a window ends. */
export interface Crossing {
  /** Byte in the source where the first record behind the window starts. */
  readonly next: number;
  /** Records of the source before it. */
  readonly rows: number;
}

/** Tasks [start, end). */
interface Window {
  readonly start: number;
  readonly end: number;
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
  /** It goes on with a source that has begun in another window. */
  readonly enters: boolean;
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
  readonly #window: Window;
  #exit: Crossing | undefined;

  /** `window`: of a gate that sees but these tasks. */
  constructor(rule: RangesRule, window?: Window) {
    this.#index = RangeIndex.of(rule);
    this.#ended = new Bitset(rule.sources.length);
    this.#window = window ?? { start: 0, end: this.#index.count };
  }

  /** What the next window's gate enters with: there is none before it is proven, and where its source is another one. */
  get exit(): Crossing | undefined {
    return this.#exit;
  }

  /** Whether nothing of the window's first source is judged, since what was before it is not proven yet. */
  get awaitsEntry(): boolean {
    const { start, end } = this.#window;
    if (start >= end || this.#ended.has(this.#index.sourceOf(start))) return false;
    const chain = this.#chainOf(start);
    return chain.enters && chain.next === undefined;
  }

  /** Brings what is proven where the window starts. Twice is once. */
  enter({ next, rows }: Crossing): Verdict {
    if (!this.awaitsEntry) return { released: [], repairs: [] };
    const { start } = this.#window;
    Object.assign(this.#chainOf(start), { next, rows });
    return this.#judge(start);
  }

  /**
   * Brings a task's span and the records it read; `given` where the task was told to start, if it was. What comes twice
   * is ignored: a range that is verified or waits already, and a guess for a range that is repairing.
   */
  offer(task: number, span: Span, records = 0, given?: number): Verdict {
    const nothing = { released: [], repairs: [] };
    if (this.#ended.has(this.#index.sourceOf(task))) return nothing;
    const chain = this.#chainOf(task);
    const range = task - chain.first;
    if (range < chain.verified || chain.waiting.has(range)) return nothing;
    if (range === chain.verified && chain.repairing && given === undefined) return nothing;
    chain.waiting.set(range, { span, records });
    return this.#judge(task);
  }

  /** Of the task's chain what can be. */
  #judge(task: number): Verdict {
    const released: number[] = [];
    const repairs: Repair[] = [];
    const source = this.#index.sourceOf(task);
    const chain = this.#chainOf(task);
    if (chain.enters && chain.next === undefined) return { released, repairs };
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
      const goesOn = this.#index.firstTask(source + 1) > this.#window.end;
      if (goesOn && chain.next !== undefined) this.#exit = { next: chain.next, rows: chain.rows };
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
      ...(this.#exit === undefined ? {} : { exit: this.#exit }),
    };
  }

  static restore(rule: RangesRule, { ended, chains, exit }: GateState, window?: Window): ChainGate {
    const gate = new ChainGate(rule, window);
    gate.#exit = exit;
    for (const [start, end] of ended) gate.#ended.add(start, end);
    for (const { source, waiting, next, ...rest } of chains) {
      const chain = gate.#chainOf(Math.max(gate.#window.start, gate.#index.firstTask(source)));
      Object.assign(chain, rest, { next });
      for (const { range, span, records } of waiting) chain.waiting.set(range, { span, records });
    }
    return gate;
  }

  #chainOf(task: number): Chain {
    const source = this.#index.sourceOf(task);
    let chain = this.#chains.get(source);
    if (chain === undefined) {
      const begin = this.#index.firstTask(source);
      const first = Math.max(begin, this.#window.start);
      const length = Math.min(this.#index.firstTask(source + 1), this.#window.end) - first;
      chain = {
        first,
        length,
        enters: begin < first,
        verified: 0,
        next: undefined,
        rows: 0,
        repairing: false,
        waiting: new Map(),
      };
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
