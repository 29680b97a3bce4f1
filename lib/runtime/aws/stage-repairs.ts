import type { Batch, StageDone } from "./protocol.ts";

/**
 * Tasks that are to be run again, since they had guessed their first record wrongly (chain.ts). Collect starts the first few itself as soon as they are known:
 * along a source they come one by one, and a round of the state machine for each would take long. Where they are many, or one that was started does not come,
 * they are left to the next round, whose map has more workers, and retries.
 *
 *     waiting ──▶ started ──▶ (settled)
 *        └──────────┴──▶ for the next round ──▶ in this round ──▶ (settled)
 *
 * In a stage of several lanes there is but one round, since what a lane waits for may be another's repair: there they wait, and are started again.
 */
interface Repair {
  readonly task: number;
  /** Where its first record starts, in bytes of its source. */
  readonly from: number;
  by: "waiting" | "started" | "next-round" | "round";
  /** When it was started, in milliseconds since 1970. */
  at: number;
}

export interface RepairState {
  readonly open: readonly Repair[];
  readonly repaired: StageDone["repaired"];
}

export class StageRepairs {
  readonly #open = new Map<number, Repair>();
  readonly #repaired: { [task: string]: number };
  readonly #left: "next-round" | "waiting";

  /** `rounds`: whether there is a next one. */
  constructor({ open, repaired }: RepairState = { open: [], repaired: {} }, rounds = true) {
    this.#left = rounds ? "next-round" : "waiting";
    for (const repair of open) this.#open.set(repair.task, { ...repair });
    this.#repaired = { ...repaired };
  }

  /** Those that have not come. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether there is one of the tasks below `end` that may still come in this round. */
  underWay(end: number): boolean {
    return [...this.#open.values()].some(({ task, by }) => task < end && by !== "next-round");
  }

  /** All tasks that were ever repaired, with their proven starts. */
  get repaired(): StageDone["repaired"] {
    return this.#repaired;
  }

  /** The proven start of a task whose repair has not come. */
  from(task: number): number | undefined {
    return this.#open.get(task)?.from;
  }

  add(task: number, from: number): void {
    this.#open.set(task, { task, from, by: "waiting", at: 0 });
    this.#repaired[task] = from;
  }

  settle(task: number): void {
    this.#open.delete(task);
  }

  truncate(count: number): void {
    for (const task of this.#open.keys()) if (task >= count) this.#open.delete(task);
    for (const task of Object.keys(this.#repaired)) if (Number(task) >= count) delete this.#repaired[task];
  }

  /** A round has begun: those of the tasks below `end` are in its manifest. */
  beginRound(end: number): void {
    for (const repair of this.#open.values()) if (repair.task < end) repair.by = "round";
  }

  /** What is to be started now, so that at most `limit` are under way by that; others wait, or are left to the next round. */
  start(limit: number, now: number): Batch[] {
    let started = [...this.#open.values()].filter(({ by }) => by === "started").length;
    const batches: Batch[] = [];
    for (const repair of this.#open.values()) {
      if (repair.by !== "waiting") continue;
      if (started++ >= limit) {
        repair.by = this.#left;
        continue;
      }
      repair.by = "started";
      repair.at = now;
      batches.push({ first: repair.task, count: 1, from: repair.from });
    }
    return batches;
  }

  /** Those that were started before this time do not seem to come. */
  giveUp(before: number): void {
    for (const repair of this.#open.values()) if (repair.by === "started" && repair.at < before) repair.by = this.#left;
  }

  /** Of the tasks below `end`: those of this round that have not come, or those for the next. */
  batches(by: "round" | "next-round", end: number): Batch[] {
    return [...this.#open.values()]
      .filter((repair) => repair.by === by && repair.task < end)
      .sort((a, b) => a.task - b.task)
      .map(({ task, from }) => ({ first: task, count: 1, from }));
  }

  state(): RepairState {
    return { open: [...this.#open.values()], repaired: this.#repaired };
  }
}
