/** Tasks shorter than this, in milliseconds, are sent ahead to the end of a stage. */
const QUICK_MS = 10;
/** What a job of many short tasks should take, in milliseconds: long against a message, short against the tail of a stage. */
const JOB_MS = 8;
const LARGEST_JOB = 256;

/**
 * How many tasks of one stage to put into a job. Learnt from how long they take: jobs of tiny tasks grow to 256,
 * tasks above 10 ms go one at a time, and near the end jobs shrink so that all lanes end together.
 */
export class Pace {
  #taskMs: number | undefined;
  #last = 1;

  observe(ms: number, tasks: number): void {
    if (tasks === 0) return;
    const mean = ms / tasks;
    // The first task of a lane pays for loading code; a much shorter time is the truth, not an outlier.
    const known = this.#taskMs;
    this.#taskMs = known === undefined || mean < known / 4 ? mean : (known + mean) / 2;
  }

  /**
   * Whether a lane may hold two jobs, so that it never waits for this thread, which may be busy with other things. Long tasks are
   * held back near the end, so that lanes end together. `left`: tasks not handed out yet.
   */
  sendsAhead(left: number, threads: number): boolean {
    return left > 4 * threads || (this.#taskMs !== undefined && this.#taskMs < QUICK_MS);
  }

  /** Tasks for the next job. `left`: tasks not handed out yet. */
  jobSize(left: number, threads: number): number {
    if (this.#taskMs === undefined) return 1;
    const fitting = Math.floor(JOB_MS / Math.max(this.#taskMs, 0.001));
    const fair = Math.ceil(left / (threads * 4));
    this.#last = Math.max(1, Math.min(fitting, fair, LARGEST_JOB, this.#last * 4));
    return this.#last;
  }

  /** How far beyond the lowest unfinished task others may run: what is held for its sake stays bounded. */
  window(threads: number): number {
    return threads * Math.max(8, 4 * this.#last);
  }
}
