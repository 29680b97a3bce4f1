import type { ErrorRecord } from "../../lib/errors.ts";
import type { CollectLimits } from "../../lib/runtime/aws/collect-limits.ts";
import { partialKey } from "../../lib/runtime/aws/keys.ts";
import type { RunRequest, StageDone } from "../../lib/runtime/aws/protocol.ts";
import { bytesAt, doneOf, outcomeOf } from "../../lib/runtime/aws/run-objects.ts";
import type { FaultRates, Script } from "./simulated-faults.ts";
import { functionsOf, PLACE, prepare, RUN } from "./simulated-functions.ts";
import { SimulatedMachine, type Execution, type Functions } from "./simulated-machine.ts";
import type { Scenario } from "./simulated-scenario.ts";
import { Simulation } from "./simulated-services.ts";

export interface RunOptions {
  readonly rates?: FaultRates;
  readonly script?: Script;
  readonly limits?: Partial<CollectLimits>;
  readonly request?: Partial<RunRequest>;
  readonly reorder?: boolean;
  /** In so many lanes it is folded. Default 1. */
  readonly lanes?: number;
  /** Of the simulation that is about to begin: other functions, or something done to it. */
  readonly change?: (functions: Functions, simulation: Simulation) => Functions;
}

export interface Ran {
  readonly simulation: Simulation;
  readonly execution: Execution;
  readonly done: StageDone | undefined;
  readonly partial: Uint8Array | undefined;
  readonly error: ErrorRecord | undefined;
  readonly simulatedMs: number;
}

/** One scenario through the state machine in small, with its faults. */
export async function runScenario(scenario: Scenario, options: RunOptions = {}): Promise<Ran> {
  const { rates = {}, script, limits = {}, request = {}, reorder = true, lanes = 1, change } = options;
  const simulation = new Simulation({
    seed: scenario.seed,
    rates,
    reorder,
    ...(script === undefined ? {} : { script }),
  });
  const outside = simulation.outside();
  await prepare(scenario, outside, request);
  const scripted = functionsOf(scenario, simulation, limits, lanes);
  const functions = change?.(scripted, simulation) ?? scripted;
  const machine = new SimulatedMachine(simulation, functions, scenario.lanes);
  const began = simulation.clock.now();
  const execution = await simulation.run(machine.execute(RUN));
  const outcome = await outcomeOf(outside, RUN);
  return {
    simulation,
    execution,
    done: await doneOf(outside, PLACE),
    partial: await bytesAt(outside, partialKey(PLACE)),
    error: outcome?.ok === false ? outcome.error : undefined,
    simulatedMs: simulation.clock.now() - began,
  };
}

/** Throws where a run is not what the scenario says it must be: lost, double or wrong outputs, counts that do not add up, failures without a name. */
export function check({ seed, kind, expected }: Scenario, { execution, done, partial, error }: Ran): void {
  const wrong = (what: string, wanted: unknown, found: unknown) => {
    const show = (value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : JSON.stringify(value);
    throw new Error(`Seed ${seed} (${kind}): ${what}: expected ${show(wanted)}, found ${show(found)}`);
  };
  if (!expected.ok) {
    if (execution.status !== "FAILED") wrong("it must fail", "FAILED", execution.status);
    const found = { tag: error?.tag, task: error?.fields?.["task"], row: error?.fields?.["row"] };
    if (expected.row === undefined && (found.tag !== "Task" || found.task !== expected.task))
      wrong("failure", { tag: "Task", task: expected.task }, error);
    if (expected.row !== undefined && (found.tag !== "Csv" || found.row !== expected.row))
      wrong("failure", { tag: "Csv", row: expected.row }, error);
    return;
  }
  if (execution.status !== "SUCCEEDED") wrong("it must succeed", "SUCCEEDED", { ...execution, error });
  if (done === undefined) return wrong("done.json", "there", undefined);
  if (expected.partial !== undefined && (partial === undefined || Buffer.compare(partial, expected.partial) !== 0))
    wrong("partial", expected.partial, partial);
  const { tasks, recordsIn, recordsOut, repaired } = done;
  const { tasks: count, records } = expected;
  if (tasks !== count || recordsIn !== records || recordsOut !== records)
    wrong("counts", { tasks: count, records }, { tasks, recordsIn, recordsOut });
  const sorted = (of: object) => JSON.stringify(Object.entries(of).sort(([a], [b]) => Number(a) - Number(b)));
  if (sorted(repaired) !== sorted(expected.repaired)) wrong("repairs", expected.repaired, repaired);
}
