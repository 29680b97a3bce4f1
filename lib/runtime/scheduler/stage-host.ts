import type { Ref } from "../../plan/plan.ts";
import type { RunEvent } from "../runtime.ts";
import type { SpillFile } from "../spill-file.ts";

/** What a stage of a run needs from the run, and where its outputs go. */

export interface StageHost {
  readonly run: string;
  readonly threads: number;
  readonly emit: ((event: RunEvent) => void) | undefined;
  /** Bytes at hand for the refs of a task; undefined where some are on disk or not held here. */
  inputsOf(refs: readonly Ref[]): readonly Uint8Array[] | undefined;
  /** Tasks from this one on may not start yet, where what they give is taken one by one. */
  limit?(): number;
  wake(): void;
  guard(body: () => void): void;
  /** A task's output was accepted. */
  onDone(index: number, lane: number): void;
}

/** Where accepted outputs go: into a fold, or into the vault. */
export interface Sink {
  readonly done: boolean;
  accept(index: number, body: Uint8Array, file?: SpillFile): void;
  /** Where outputs are to be written by who makes them; undefined while there is memory for them. */
  spillTo?(): string | undefined;
  /** For early stops: how much of `enough` an output has. */
  amountOf(body: Uint8Array): number;
  truncate(count: number): void;
}
