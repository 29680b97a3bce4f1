import { CancelledError, OptionError, SchemaWidenedError } from "../../errors.ts";
import { refuseTooLarge } from "../../plan/estimate.ts";
import type { Plan, Ref } from "../../plan/plan.ts";
import { validatePlan } from "../../plan/validate.ts";
import { CallGraph } from "../calls/call-graph.ts";
import type { Bill, RunOptions, RunResult, Runtime } from "../runtime.ts";
import { Vault } from "../vault.ts";
import { BundleUploads } from "./bundle-uploads.ts";
import { CallExecutor } from "./call-executor.ts";
import type { Cloud } from "./cloud.ts";
import { describeCost, projectedBill, refuseTooCostly } from "./cost.ts";
import { KeptOutputs } from "./kept.ts";
import { callKey, partName } from "./keys.ts";
import { refuseLocal } from "./local-sources.ts";
import { newRunId, runPlan } from "./plan-run.ts";
import type { RunRequest } from "./protocol.ts";
import { workerTaskBytes } from "./services.ts";

/** Runs plans as executions of a stack's state machine, and single calls by its function `call`. */
export interface AwsOptions {
  readonly cloud: Cloud;
  /** Calls of functions at a time, at most; the account's quota may be less, and is found out. Default 256. */
  readonly concurrency?: number;
  /** Plans that are projected to cost more are refused, in US dollars. Default: none is. */
  readonly maxCost?: number;
  /** Results of calls beyond this go to this machine's disk, in bytes. Default 1 GiB. */
  readonly vaultBytes?: number;
  /** The hash of this library's code, which the stack's functions must have. Absent: not looked at. */
  readonly bundle?: string;
}

export interface AwsRuntime extends Runtime {
  readonly cloud: Cloud;
  /** What every request of this client says. */
  readonly common: Pick<RunRequest, "bundle">;
  /** The same runtime with a budget of its own, in US dollars: for the plans of one `compute`. */
  within(maxCost: number): Runtime;
}

const DEFAULT_CONCURRENCY = 256;
export function createAwsRuntime(options: AwsOptions): AwsRuntime {
  const { cloud, maxCost } = options;
  const { stack } = cloud;
  const client = crypto.randomUUID().slice(0, 13);
  const common = options.bundle === undefined ? {} : { bundle: options.bundle };
  const taskBytes = workerTaskBytes(stack.workMemoryMb);
  const bundles = new BundleUploads(cloud);
  const executor = new CallExecutor({
    cloud,
    client,
    bundles,
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    ...common,
  });
  const vault = new Vault(options.vaultBytes ?? 2 ** 30);
  const calls = new CallGraph(executor, vault);
  const outputs = new KeptOutputs(cloud);
  /** Ends what runs when the client closes. */
  const closing = new AbortController();
  /** Names of parts whose outputs are kept for this client. */
  const kept = new Set<string>();
  const tidying = new Set<Promise<void>>();
  let closed: Promise<void> | undefined;

  /** Later, and without a word: what stays behind goes with the bucket's lifecycle. */
  const tidy = (name: string): void => {
    const one = outputs
      .release(name)
      .catch(() => undefined)
      .finally(() => tidying.delete(one));
    tidying.add(one);
  };

  const refuseClosed = (): void => {
    if (closed !== undefined) throw new CancelledError("The runtime is closed.", { fix: "make a new client." });
  };

  const run = async (plan: Plan, given: RunOptions = {}, budget?: { left: number }): Promise<RunResult> => {
    refuseClosed();
    validatePlan(plan);
    refuseTooLarge(plan, taskBytes);
    refuseLocal(plan);
    charge(projectedBill(plan, stack), maxCost, budget);
    const ready = await bundles.upload(plan);
    const id = newRunId();
    const signal = given.signal === undefined ? closing.signal : AbortSignal.any([given.signal, closing.signal]);
    const { stallMs, deadlineMs } = given;
    const asked = {
      ...common,
      ...(stallMs === undefined ? {} : { stallMs }),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    };
    const name = partName(id, 0);
    let result: RunResult | undefined;
    try {
      result = await runPlan(cloud, id, ready, asked, { ...given, signal });
    } catch (error) {
      // What a run that failed, or was cancelled, has made is left for whoever looks into it or resumes it; a frame with wider types is planned again.
      if (error instanceof SchemaWidenedError) tidy(name);
      throw error;
    }
    if (result.refs === undefined) tidy(name);
    else kept.add(name);
    if (result.refs !== undefined) feed(result, given, outputs);
    return result;
  };

  const close = async (): Promise<void> => {
    closing.abort(new CancelledError("The client was closed while a run was going on."));
    calls.close(new CancelledError("The client is closed.", { fix: "make a new one: await Client.connect(…)." }));
    await executor.close();
    for (const name of kept) tidy(name);
    kept.clear();
    await Promise.all([...tidying, outputs.removeAll(callKey(client, "")).catch(() => undefined)]);
    await vault.close();
  };

  const runtime: AwsRuntime = {
    name: "aws",
    resumes: true,
    cloud,
    common,
    taskBytes,
    get threads() {
      return executor.concurrency;
    },
    calls,
    run: (plan, given) => run(plan, given),
    within(limit) {
      const budget = { left: limit };
      // Its members use no `this`; getters are looked up there.
      return Object.create(runtime, {
        run: { value: (plan: Plan, given: RunOptions = {}) => run(plan, given, budget) },
      }) as Runtime;
    },
    explainCost: (plan) => describeCost(projectedBill(plan, stack), stack),
    fetch: (ref) => outputs.fetch(ref),
    async keep(bytes) {
      refuseClosed();
      const ref = await outputs.keep(bytes);
      kept.add(ref.run);
      return ref;
    },
    prepare: () => {
      // Functions load their code when they are first called.
    },
    async release(name) {
      kept.delete(name);
      await outputs.release(name);
    },
    async scale(threads) {
      if (!Number.isSafeInteger(threads) || threads < 1)
        throw new OptionError(`The concurrency is a whole number of at least 1, found ${threads}.`);
      await executor.scale(threads);
    },
    close: () => (closed ??= close()),
  };
  return runtime;
}

/** @throws CostError */
function charge(bill: Bill, maxCost: number | undefined, budget: { left: number } | undefined): void {
  refuseTooCostly(bill, maxCost);
  if (budget === undefined) return;
  refuseTooCostly(bill, budget.left);
  budget.left -= bill.dollars;
}

/** Whoever takes outputs while the run goes on gets them when it is over, here: the functions write them where they stay. */
function feed({ run, refs = [] }: RunResult, { intake }: RunOptions, outputs: KeptOutputs): void {
  if (intake === undefined) return;
  intake.attach({
    run,
    count: () => refs.length,
    isDone: () => true,
    give: (index) => outputs.fetch(refs[index] as Ref), // below the count
    wake: () => {
      // Nothing waits for room.
    },
  });
  intake.changed();
}
