import type { Job, OrdersJob, WorkSource } from "../executor.ts";
import { indicesOf } from "../executor.ts";
import { ABANDONED_SLOT, BATCH_SLOT, NOTHING, TASK_SLOT } from "./messages.ts";

/** A job that is out. */
export interface Flight {
  readonly batch: number;
  readonly job: Job;
  readonly source: WorkSource;
  /** No one hears of it any more. */
  abandoned: boolean;
  timedOut: boolean;
  /** What had not begun was given back to its source. */
  recalled: boolean;
  /** Ends it when it takes too long. */
  timer: NodeJS.Timeout | undefined;
  /** Looks after it from time to time. */
  watch: NodeJS.Timeout | undefined;
  /** What of it is not wanted any more. */
  readonly cancelled: Set<number>;
  /** One of these that ran when last looked at. */
  suspect: number | undefined;
}

export function flightOf(batch: number, job: Job, source: WorkSource): Flight {
  return {
    batch,
    job,
    source,
    abandoned: false,
    timedOut: false,
    recalled: false,
    timer: undefined,
    watch: undefined,
    cancelled: new Set(),
    suspect: undefined,
  };
}

/** What a thread is at, as it writes it into shared memory. */
export class Control {
  readonly slots: Int32Array;

  constructor(slots: Int32Array) {
    this.slots = slots;
  }

  /** The thing of this batch that runs now. */
  running(batch: number): number | undefined {
    if (Atomics.load(this.slots, BATCH_SLOT) !== batch) return undefined;
    const task = Atomics.load(this.slots, TASK_SLOT);
    return task === NOTHING ? undefined : task;
  }

  /** What runs, of whatever batch. */
  current(): { readonly batch: number; readonly task: number } | undefined {
    const batch = Atomics.load(this.slots, BATCH_SLOT);
    const task = Atomics.load(this.slots, TASK_SLOT);
    return batch === NOTHING || task === NOTHING ? undefined : { batch, task };
  }

  /** Of batches up to this one, nothing more begins. */
  abandon(batch: number): void {
    Atomics.store(this.slots, ABANDONED_SLOT, batch);
  }

  /**
   * What of the batch will not begin any more, since all up to it was abandoned: what comes behind that which runs. Undefined where the
   * thread does not say what runs: it is about to begin, or at its end.
   */
  notBegun(batch: number, job: OrdersJob): Int32Array | readonly number[] | undefined {
    const runs = this.running(batch);
    if (runs === undefined) return undefined;
    const indices = indicesOf(job);
    return indices.slice(indices.indexOf(runs) + 1);
  }
}
