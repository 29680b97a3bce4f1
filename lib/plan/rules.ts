import { InternalError, PlanError } from "../errors.ts";
import type { OutputsOf, Plan, Ref, Source, Stage, Task, TaskInput, TaskRule } from "./plan.ts";

/**
 * Makes the tasks that a rule describes, one at a time and on demand. Nothing here grows with the number of tasks: a
 * rule over ranges keeps one prefix sum a source (8 bytes each), and everything else is arithmetic.
 */

export type RangesRule = Extract<TaskRule, { kind: "ranges" }>;

/** How many tasks a rule makes. */
export function taskCount(rule: TaskRule): number {
  switch (rule.kind) {
    case "ranges":
      return RangeIndex.of(rule).count;
    case "items":
      return rule.items.length;
    case "count":
    case "outputs":
      return rule.count;
    case "sections":
      return rule.partitions;
    case "union":
      return rule.of.reduce((sum, { count }) => sum + count, 0);
    case "refs":
      return rule.refs.length;
  }
}

/**
 * Task `index` of a stage, in O(log sources). `run` goes into refs to outputs of the same run; the runtime that
 * runs the plan knows it, the plan does not.
 */
export function taskAt(stage: Stage, index: number, run = ""): Task {
  if (!Number.isInteger(index) || index < 0 || index >= taskCount(stage.tasks))
    throw new InternalError(`Stage "${stage.id}" has ${taskCount(stage.tasks)} tasks, and no task ${index}.`);
  const task = { stage: stage.id, index, input: inputAt(stage.tasks, index, run) };
  const beside = stage.beside?.map((read) => ({ ...read, run }));
  return beside === undefined ? task : { ...task, beside };
}

/** The output that task `index` of a union reads. */
function unionRef(of: readonly OutputsOf[], index: number, run: string): Ref {
  let task = index;
  for (const { stage, count } of of) {
    if (task < count) return { run, stage, task };
    task -= count;
  }
  throw new InternalError(`A union has no output ${index}.`);
}

function inputAt(rule: TaskRule, index: number, run: string): TaskInput {
  switch (rule.kind) {
    case "ranges":
      return RangeIndex.of(rule).rangeAt(index);
    case "items":
      return { kind: "item", item: rule.items[index] };
    case "count":
      return { kind: "index", index, count: rule.count };
    case "outputs":
      return { kind: "refs", refs: [{ run, stage: rule.stage, task: index }] };
    case "union":
      return { kind: "refs", refs: [unionRef(rule.of, index, run)] };
    case "sections":
      return {
        kind: "refs",
        refs: [...sectionRefs(rule, index, run), ...(rule.and === undefined ? [] : sectionRefs(rule.and, index, run))],
      };
    case "refs":
      return { kind: "refs", refs: [rule.refs[index]] };
  }
}

function sectionRefs(
  rule: { readonly stage: string; readonly producers: number },
  section: number,
  run: string,
): Ref[] {
  return Array.from({ length: rule.producers }, (_, task) => ({ run, stage: rule.stage, task, section }));
}

/** Every task of a stage in order, each made when asked for. */
export function* tasksOf(stage: Stage, run = ""): Generator<Task> {
  const count = taskCount(stage.tasks);
  for (let index = 0; index < count; index++) yield taskAt(stage, index, run);
}

const LINES_A_PIECE = 512;

/**
 * The tasks of one stage as JSON lines, in bounded memory. Each piece holds up to 512 whole lines, every line ending in a
 * newline: a piece can be written as it comes.
 */
export async function* manifest(plan: Plan, stage: Stage, run = ""): AsyncGenerator<string> {
  if (!plan.stages.some(({ id }) => id === stage.id))
    throw new PlanError(`The plan has no stage "${stage.id}".`, { fields: { stage: stage.id } });
  let lines: string[] = [];
  for (const task of tasksOf(stage, run)) {
    lines.push(JSON.stringify(task), "\n");
    if (lines.length < 2 * LINES_A_PIECE) continue;
    yield lines.join("");
    lines = [];
  }
  if (lines.length > 0) yield lines.join("");
}

/** How many ranges a source of `size` bytes is cut into: at least one, and the last between 0.5 and 1.5 blocks. */
export function rangesIn(size: number, blockSize: number): number {
  const whole = Math.floor(size / blockSize);
  const rest = size - whole * blockSize;
  return Math.max(1, 2 * rest > blockSize ? whole + 1 : whole);
}

/** Finds the range behind a task index: prefix sums of ranges over sources, made once a rule. */
export class RangeIndex {
  static readonly #made = new WeakMap<RangesRule, RangeIndex>();

  static of(rule: RangesRule): RangeIndex {
    let index = RangeIndex.#made.get(rule);
    if (index === undefined) RangeIndex.#made.set(rule, (index = new RangeIndex(rule)));
    return index;
  }

  readonly count: number;
  readonly #sources: readonly Source[];
  readonly #blockSize: number;
  /** `#first[s]` is the first task of source s; one entry more at the end holds the count. */
  readonly #first: Float64Array;

  private constructor(rule: RangesRule) {
    if (!(rule.blockSize > 0))
      throw new PlanError(`A block size must be a positive number of bytes, found ${rule.blockSize}.`, {
        fields: { blockSize: rule.blockSize },
      });
    this.#sources = rule.sources;
    this.#blockSize = rule.blockSize;
    this.#first = new Float64Array(rule.sources.length + 1);
    for (let s = 0; s < rule.sources.length; s++)
      this.#first[s + 1] = this.#first[s] + rangesIn(rule.sources[s].size, rule.blockSize);
    this.count = this.#first[rule.sources.length];
  }

  /** Which source a task reads. */
  sourceOf(task: number): number {
    let low = 0;
    let high = this.#sources.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#first[middle] <= task) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The first task of a source; for `sources.length`, the count of all tasks. */
  firstTask(sourceIndex: number): number {
    return this.#first[sourceIndex];
  }

  rangeAt(task: number): Extract<TaskInput, { kind: "range" }> {
    const sourceIndex = this.sourceOf(task);
    const source = this.#sources[sourceIndex];
    const rangeIndex = task - this.#first[sourceIndex];
    const start = rangeIndex * this.#blockSize;
    const last = task + 1 === this.#first[sourceIndex + 1];
    const end = last ? source.size : start + this.#blockSize;
    return { kind: "range", source, start, end, sourceIndex, rangeIndex };
  }
}
