import { CancelledError } from "../errors.ts";
import { refuseTooLarge } from "../plan/estimate.ts";
import type { Plan, Ref } from "../plan/plan.ts";
import { validatePlan } from "../plan/validate.ts";
import { CallGraph } from "./calls/call-graph.ts";
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
  /** A task's share of the memory where all lanes are busy, in bytes. */
  readonly taskBytes: number;
  /** Outputs and waiting partials beyond this go to disk, in bytes. */
  readonly vaultBytes: number;
}

export function runtimeOver({ executor, taskLimitBytes, taskBytes, vaultBytes }: CoreOptions): Runtime {
  const running = new Map<string, Run>();
  const vault = new Vault(vaultBytes, (spill) => running.get(spill.run)?.spilled(spill));
  const calls = new CallGraph(executor, vault);
  let closed: Promise<void> | undefined;

  const fetch = async ({ run, stage, task, section }: Ref): Promise<Uint8Array> => {
    return section === undefined ? vault.get(run, stage, task) : vault.section(run, stage, task, section);
  };
  const peek = ({ run, stage, task, section }: Ref): Uint8Array | undefined => {
    const bytes = vault.peek(run, stage, task);
    return bytes === undefined || section === undefined ? bytes : readSection(bytes, section);
  };

  const run = async (plan: Plan, options: RunOptions = {}): Promise<RunResult> => {
    if (closed !== undefined) throw new CancelledError("The runtime is closed.", { fix: "make a new client." });
    validatePlan(plan);
    refuseTooLarge(plan, taskLimitBytes);
    const started = new Run(`run-${crypto.randomUUID().slice(0, 13)}`, plan, options, { executor, vault, fetch, peek });
    running.set(started.id, started);
    try {
      return await started.start();
    } finally {
      running.delete(started.id);
    }
  };

  const keep = async (bytes: Uint8Array): Promise<Ref> => {
    if (closed !== undefined) throw new CancelledError("The runtime is closed.", { fix: "make a new client." });
    const ref = { run: `kept-${crypto.randomUUID().slice(0, 13)}`, stage: "keep", task: 0 };
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    shared.set(bytes);
    vault.put(ref.run, ref.stage, ref.task, shared);
    return ref;
  };

  const close = async (): Promise<void> => {
    for (const open of running.values())
      open.fail(new CancelledError("The client was closed while a run was going on."));
    calls.close(new CancelledError("The client is closed.", { fix: "make a new one: await Client.local()." }));
    await executor.close();
    await vault.close();
  };

  return {
    name: executor.name,
    taskBytes,
    get threads() {
      return executor.threads;
    },
    calls,
    run,
    fetch,
    keep,
    prepare: (ops) => executor.prepare(ops),
    release: async (id) => vault.deleteRun(id),
    scale: (threads) => executor.scale(threads),
    ...(executor.restart === undefined ? {} : { restart: async () => executor.restart?.() }),
    close: () => (closed ??= close()),
  };
}
