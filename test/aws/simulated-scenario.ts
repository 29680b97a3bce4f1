import type { Span } from "../../lib/kernels/kernel.ts";
import type { Plan, StageOutput, TaskRule } from "../../lib/plan/plan.ts";
import { RangeIndex, type RangesRule } from "../../lib/plan/rules.ts";
import { hostileAt } from "../runtime/kernels.ts";
import { callOf, foldWith, planOf } from "../runtime/plans.ts";
import { randomOf } from "./simulated-clock.ts";

/** One stage, made from a seed, and what must come of it: said without any of the code that is tested. */
export type Kind = "join" | "sum" | "ranges" | "enough" | "keep" | "failing" | "failing-ranges";

/** What a scripted task gives. */
export interface Given {
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly span?: Span;
}

export interface Failing {
  readonly task: number;
  /** The row in its range, for ranges. */
  readonly row: number;
}

export interface Scenario {
  readonly seed: number;
  readonly kind: Kind;
  readonly plan: Plan;
  readonly count: number;
  /** Tasks of a batch: a power of two. */
  readonly size: number;
  readonly lanes: number;
  /** What task `index` gives; `from`: the start that it was told. */
  give(index: number, from?: number): Given | Failing;
  readonly expected: Expected;
}

export type Expected =
  | {
      readonly ok: true;
      /** Undefined where the stage keeps. */
      readonly partial?: Uint8Array;
      readonly tasks: number;
      readonly records: number;
      readonly repaired: { readonly [task: string]: number };
    }
  | { readonly ok: false; readonly task: number; readonly row?: number };

const KINDS: readonly Kind[] = ["join", "ranges", "sum", "enough", "ranges", "keep", "failing", "failing-ranges"];
const text = new TextEncoder();
const float = (value: number) => new Uint8Array(Float64Array.of(value).buffer);

/** The fold as its shape defines it: the reference that results are held against. */
export function fixedTree<P>(leaves: readonly P[], merge: (a: P, b: P) => P): P {
  if (leaves.length === 1) return leaves[0];
  const half = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return merge(fixedTree(leaves.slice(0, half), merge), fixedTree(leaves.slice(half), merge));
}

const bracket = (a: string, b: string) => `(${a}${b})`;
const recordsAt = (index: number) => 1 + ((index * 7919) % 13);

export function scenarioOf(seed: number, kind: Kind = KINDS[seed % KINDS.length]): Scenario {
  const random = randomOf(seed * 7_777 + 13);
  const below = (n: number) => Math.floor(random() * n);
  const size = 2 ** below(4);
  const base = { seed, kind, size, lanes: 1 + below(16) };
  if (kind === "ranges" || kind === "failing-ranges")
    return { ...base, ...rangesOf(random, kind === "failing-ranges") };
  const count = 1 + below(random() < 0.1 ? 150 : 40);
  const stage = (output: StageOutput): Plan => planOf({ work: callOf("one"), tasks: count, output });
  const leaves = Array.from({ length: count }, (_, i) => `${i},`.repeat(kind === "enough" ? i % 3 : 1));
  const all = { tasks: count, records: sumOf(count), repaired: {} };
  const give = (index: number): Given => ({ bytes: text.encode(leaves[index]), records: recordsAt(index) });
  if (kind === "sum") {
    const partial = float(
      fixedTree(
        Array.from(leaves, (_, i) => hostileAt(i)),
        (a, b) => a + b,
      ),
    );
    const giveSum = (index: number): Given => ({ bytes: float(hostileAt(index)), records: recordsAt(index) });
    return { ...base, count, plan: stage(foldWith("sum")), give: giveSum, expected: { ok: true, partial, ...all } };
  }
  if (kind === "keep") return { ...base, count, plan: stage({ kind: "keep" }), give, expected: { ok: true, ...all } };
  if (kind === "enough") {
    const enough = 1 + below(2 * count);
    let tasks = 0;
    for (let amount = 0; tasks < count && amount < enough; tasks++) amount += tasks % 3;
    const fold = foldWith("join2", { enough: true });
    const plan = stage(fold.kind === "fold" ? { ...fold, enough } : fold);
    const partial = text.encode(fixedTree(leaves.slice(0, tasks), bracket));
    return { ...base, count, plan, give, expected: { ok: true, partial, tasks, records: sumOf(tasks), repaired: {} } };
  }
  const plan = stage(foldWith("join2"));
  if (kind === "join")
    return {
      ...base,
      count,
      plan,
      give,
      expected: { ok: true, partial: text.encode(fixedTree(leaves, bracket)), ...all },
    };
  const bad = new Set(Array.from({ length: 1 + below(3) }, () => below(count)));
  const giveBad = (index: number) => (bad.has(index) ? { task: index, row: 0 } : give(index));
  return { ...base, count, plan, give: giveBad, expected: { ok: false, task: Math.min(...bad) } };
}

function sumOf(count: number): number {
  return Array.from({ length: count }, (_, i) => recordsAt(i)).reduce((a, b) => a + b, 0);
}

/** Files of records, some of which begin where a range cannot know it: see chain.ts. */
function rangesOf(random: () => number, failing: boolean): Omit<Scenario, "seed" | "kind" | "size" | "lanes"> {
  const below = (n: number) => Math.floor(random() * n);
  const files = Array.from({ length: 1 + below(3) }, () => {
    const length = 1 + below(900);
    const starts = Array.from({ length: below(40) }, () => 1 + below(length)).filter((start) => start < length);
    return { length, starts: [0, ...new Set(starts)].sort((a, b) => a - b) };
  });
  const sources = files.map(({ length }, i) => ({ url: `s3://data/${i}`, size: length, etag: "1" }));
  const tasks: TaskRule & RangesRule = { kind: "ranges", sources, blockSize: 10 + below(80) };
  const index = RangeIndex.of(tasks);
  const badFile = failing ? below(files.length) : -1;
  const badStart = failing ? files[badFile].starts[below(files[badFile].starts.length)] : -1;
  const wrongness = random();
  const truths = Array.from({ length: index.count }, (_, task) => {
    const { start, end, sourceIndex, rangeIndex } = index.rangeAt(task);
    const { length, starts } = files[sourceIndex];
    const firstFrom = (at: number) => starts.find((one) => one >= at) ?? length;
    const from = firstFrom(start);
    // Where a record has swallowed the whole range, the range is empty.
    const truth = { from, next: Math.max(from, firstFrom(end)) };
    const right = rangeIndex === 0 || random() > wrongness;
    const shifted = Math.min(length, start + 1 + below(end - start + 20));
    const doubt = !right && random() < 0.4;
    const guess = right || doubt || shifted === from ? truth : { from: shifted, next: Math.max(shifted, truth.next) };
    const inside = starts.filter((one) => one >= from && one < end);
    const row = sourceIndex === badFile ? inside.indexOf(badStart) : -1;
    return {
      sourceIndex,
      inside,
      truth,
      guess: doubt || (row >= 0 && rangeIndex > 0) ? { ...truth, doubt: "?" } : guess,
      row,
    };
  });
  const value = (task: number) => truths[task].inside.map((at) => `${truths[task].sourceIndex}:${at},`).join("");
  const give = (task: number, from?: number): Given | Failing => {
    const { guess, truth, inside, row } = truths[task];
    const trusted = from !== undefined || index.rangeAt(task).rangeIndex === 0;
    if (trusted && row >= 0) return { task, row };
    if (trusted) {
      const span = { from: from ?? truth.from, next: truth.next };
      return { bytes: text.encode(value(task)), records: inside.length, span };
    }
    const isRight = guess.from === truth.from && guess.next === truth.next;
    return { bytes: text.encode(isRight ? value(task) : "wrong,"), records: isRight ? inside.length : 99, span: guess };
  };
  const wrong = truths.flatMap(({ guess, truth }, task) =>
    "doubt" in guess || guess.from !== truth.from ? [[String(task), truth.from] as const] : [],
  );
  const plan = planOf({ work: callOf("one"), tasks, output: foldWith("join2") });
  const all = { count: index.count, plan, give };
  const bad = truths.findIndex(({ row }) => row >= 0);
  if (bad >= 0) return { ...all, expected: { ok: false, task: bad, row: files[badFile].starts.indexOf(badStart) } };
  const partial = text.encode(
    fixedTree(
      truths.map((_, task) => value(task)),
      bracket,
    ),
  );
  const records = truths.reduce((sum, { inside }) => sum + inside.length, 0);
  return { ...all, expected: { ok: true, partial, tasks: index.count, records, repaired: Object.fromEntries(wrong) } };
}
