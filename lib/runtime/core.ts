import { randomUUID } from "node:crypto";
import { CancelledError, PlanTooLargeError } from "../errors.ts";
import type { Plan, Ref, Stage } from "../plan/plan.ts";
import type { Executor } from "./executor.ts";
import type { Runtime, RunOptions, RunResult } from "./runtime.ts";
import { Run } from "./scheduler/run.ts";
import { readSection } from "./sections.ts";
import { Vault } from "./vault.ts";

/** A runtime from an executor: the one implementation of what a run means, whatever computes its tasks. */
export interface CoreOptions {
  readonly executor: Executor;
  /** No task may be projected to take more, in bytes. */
  readonly taskLimitBytes: number;
  /** Outputs and waiting partials beyond this go to disk, in bytes. */
  readonly vaultBytes: number;
}

export function runtimeOver({ executor, taskLimitBytes, vaultBytes }: CoreOptions): Runtime {
  const running = new Map<string, Run>();
  const vault = new Vault(vaultBytes, (spill) => running.get(spill.run)?.spilled(spill));
  let closed: Promise<void> | undefined;

  const fetch = async ({ run, stage, task, section }: Ref): Promise<Uint8Array> => {
    const bytes = await vault.get(run, stage, task);
    return section === undefined ? bytes : readSection(bytes, section);
  };
  const peek = ({ run, stage, task, section }: Ref): Uint8Array | undefined => {
    const bytes = vault.peek(run, stage, task);
    return bytes === undefined || section === undefined ? bytes : readSection(bytes, section);
  };

  const run = async (plan: Plan, options: RunOptions = {}): Promise<RunResult> => {
    if (closed !== undefined) throw new CancelledError("The runtime is closed.", { fix: "make a new client." });
    for (const stage of plan.stages) checkSize(stage, taskLimitBytes);
    const started = new Run(`run-${randomUUID().slice(0, 13)}`, plan, options, { executor, vault, fetch, peek });
    running.set(started.id, started);
    try {
      return await started.start();
    } finally {
      running.delete(started.id);
    }
  };

  const close = async (): Promise<void> => {
    for (const open of running.values())
      open.fail(new CancelledError("The client was closed while a run was going on."));
    await executor.close();
    await vault.close();
  };

  return {
    name: executor.name,
    get threads() {
      return executor.threads;
    },
    run,
    fetch,
    release: async (id) => vault.deleteRun(id),
    scale: (threads) => executor.scale(threads),
    close: () => (closed ??= close()),
  };
}

function checkSize(stage: Stage, limit: number): void {
  const terms = Object.entries(stage.estimate.peakBytes);
  const peak = terms.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (peak <= limit) return;
  const largest = terms.sort(([, a], [, b]) => b - a).map(([term, bytes]) => `${term} ${bytes}`);
  throw new PlanTooLargeError(
    `A task of stage "${stage.id}" would take ${peak} bytes, and the limit of a worker is ${limit} bytes ` +
      `(largest first: ${largest.join(", ")}).`,
    {
      fields: { stage: stage.id, peakBytes: peak, limitBytes: limit },
      fix: `make the block or chunk size about ${Math.ceil(peak / limit)} times smaller, or raise memoryLimit.`,
    },
  );
}
