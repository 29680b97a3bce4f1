import { runnerOf } from "../../lib/client/runner.ts";
import type { Collection } from "../../lib/collections/collection.ts";
import { fromTravelling } from "../../lib/collections/from-json.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { taskCount } from "../../lib/plan/rules.ts";
import { validatePlan } from "../../lib/plan/validate.ts";
import { CallGraph } from "../../lib/runtime/calls/call-graph.ts";
import { WaveExecutor, type WaveHost } from "../../lib/runtime/calls/wave-executor.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { Vault } from "../../lib/runtime/vault.ts";
import type { Store } from "../../lib/store/store.ts";

/** Graphs of calls, whose waves are run as plans by a runtime. Plans are told in their order. */
export function wavesOver(runtime: Runtime, store: Store, changes: Partial<WaveHost> = {}) {
  const plans: Plan[] = [];
  const compute = async (collection: Collection<unknown>): Promise<unknown> => {
    const waves = new WaveExecutor({
      run: (plan) => {
        validatePlan(plan);
        plans.push(plan);
        return runtime.run(plan);
      },
      keep: (bytes) => runtime.keep(bytes),
      fetch: (ref) => runtime.fetch(ref),
      ...changes,
    });
    const calls = new CallGraph(waves, new Vault(2 ** 30));
    const host = { runtime: { ...runtime, calls }, store, onEvent: () => undefined };
    const { signal } = new AbortController();
    calls.collections = async (given) => {
      const one = fromTravelling(given);
      return (await runnerOf(one)).compute(one, host, signal);
    };
    return (await runnerOf(collection)).compute(collection, host, signal);
  };
  return { compute, plans, tasks: () => plans.map(({ stages }) => taskCount(stages[0].tasks)) };
}
