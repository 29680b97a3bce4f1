import type { StageReport } from "../runtime.ts";
import { bytesOut, type TaskResult } from "../task.ts";

/** What a stage's report adds up. Records are counted when an output is accepted, so each shard's once. */
export class Tally {
  attempts = 0;
  repaired = 0;
  busyMs = 0;
  spilledBytes = 0;
  /** Tasks whose outputs were accepted. */
  accepted = 0;
  #recordsIn = 0;
  #recordsOut = 0;
  #bytesOut = 0;
  #startedAt: number | undefined;

  /** False where it had begun before. */
  begin(): boolean {
    if (this.#startedAt !== undefined) return false;
    this.#startedAt = performance.now();
    return true;
  }

  accept(result: TaskResult): void {
    const { recordsIn, recordsOut } = result;
    this.accepted++;
    this.#recordsIn += recordsIn;
    this.#recordsOut += recordsOut;
    this.#bytesOut += bytesOut(result);
  }

  report(stage: string): StageReport {
    return {
      stage,
      tasks: this.accepted,
      attempts: this.attempts,
      repaired: this.repaired,
      recordsIn: this.#recordsIn,
      recordsOut: this.#recordsOut,
      bytesOut: this.#bytesOut,
      busyMs: this.busyMs,
      wallMs: this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt,
      spilledBytes: this.spilledBytes,
    };
  }
}
