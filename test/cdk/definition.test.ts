import { expect, test } from "vitest";
import { definitionOf, type State } from "../../cdk/definition.ts";

const functions = { plan: "P", work: "W", workImage: "I", collect: "C", finish: "F", fail: "X" };
const definition = definitionOf({ ...functions, partition: "aws", maxConcurrency: 12 });

/** A machine, or what is inside of one: a branch, a map's children. */
interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** All machines, the outermost first. */
function machinesIn(machine: Machine): readonly Machine[] {
  const inner = Object.values(machine.States).flatMap((state) => [
    // As the language has them.
    ...((state["Branches"] as readonly Machine[] | undefined) ?? []),
    ...(state["ItemProcessor"] === undefined ? [] : [state["ItemProcessor"] as Machine]),
  ]);
  return [machine, ...inner.flatMap(machinesIn)];
}

const machines = machinesIn(definition);
const states = machines.flatMap((machine) => Object.entries(machine.States));
const rulesOf = (state: State, field: "Retry" | "Catch" | "Choices") =>
  (state[field] as readonly Readonly<Record<string, unknown>>[] | undefined) ?? [];

test("every state can be reached, goes on to one that is there, and has a name of its own", () => {
  for (const { StartAt, States } of machines) {
    const targets = Object.values(States).flatMap((state) => [
      state["Next"],
      state["Default"],
      ...[...rulesOf(state, "Choices"), ...rulesOf(state, "Catch")].map((rule) => rule["Next"]),
    ]);
    const reached = new Set([StartAt, ...targets.filter((target) => target !== undefined)]);
    expect([...reached].toSorted()).toEqual(Object.keys(States).toSorted());
  }
  expect(new Set(states.map(([name]) => name)).size).toBe(states.length);
});

test("every call of a function waits out throttles and faults of the service, and has a time limit", () => {
  const tasks = states.filter(([, state]) => state["Type"] === "Task");
  expect(tasks).toHaveLength(9);
  for (const [name, state] of tasks) {
    const retried = rulesOf(state, "Retry").flatMap((rule) => rule["ErrorEquals"]);
    expect(retried, name).toEqual(
      expect.arrayContaining([
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.SdkClientException",
      ]),
    );
    expect(
      rulesOf(state, "Retry").every((rule) => rule["JitterStrategy"] === "FULL"),
      name,
    ).toBe(true);
    expect(state["TimeoutSeconds"], name).toBeGreaterThan(0);
  }
});

test("whatever fails ends in Fail, but for a round, which Advance looks at first, and a batch, which Collect is told of", () => {
  const all = Object.fromEntries(states);
  const caughtBy = (name: string) => rulesOf(all[name], "Catch").map((rule) => [rule["ErrorEquals"], rule["Next"]]);
  for (const name of ["Advance", "Finish"]) expect(caughtBy(name)).toEqual([[["States.ALL"], "Fail"]]);
  for (const kind of ["Express", "Standard"]) {
    expect(caughtBy(`Round${kind}`)).toEqual([[["States.ALL"], "Advance"]]);
    expect(caughtBy(`Work${kind}`)).toEqual([[["States.ALL"], `Lost${kind}`]]);
    // A batch that not even Lost could tell of fails the map, and with it the run.
    expect(all[`Map${kind}`]).not.toHaveProperty("ToleratedFailurePercentage");
    expect(all[`Map${kind}`]).not.toHaveProperty("ToleratedFailureCount");
  }
});

test("an Express child's limits and waits add up to less than the five minutes that it lives", () => {
  const all = Object.fromEntries(states);
  const longest = (name: string) => {
    const [throttled] = rulesOf(all[name], "Retry");
    return (
      Number(all[name]["TimeoutSeconds"]) + Number(throttled["MaxAttempts"]) * Number(throttled["MaxDelaySeconds"])
    );
  };
  expect(longest("WorkExpress") + longest("LostExpress")).toBeLessThan(300);
});

test("maps read batches of the manifest, give their results to S3, and have Express children where that is said", () => {
  const all = Object.fromEntries(states);
  for (const [kind, type] of [
    ["Express", "EXPRESS"],
    ["Standard", "STANDARD"],
  ]) {
    const map = all[`Map${kind}`];
    expect(map).toMatchObject({
      Label: kind,
      MaxConcurrency: 12,
      ItemReader: {
        ReaderConfig: { InputType: "JSONL" },
        Parameters: { "Bucket.$": "$.bucket", "Key.$": "$.manifest" },
      },
      ItemSelector: { "batch.$": "$$.Map.Item.Value", "queue.$": "$.queue", "function.$": "$.function" },
      ItemProcessor: { ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: type } },
      ResultWriter: { Parameters: { "Prefix.$": expect.stringMatching(/^States\.Format\('runs\//) as string } },
      ResultPath: null,
    });
    expect(map).not.toHaveProperty("ItemBatcher");
  }
});

test("a Collect runs for each lane, all at once, and is called until it is done", () => {
  const all = Object.fromEntries(states);
  for (const kind of ["Express", "Standard"]) {
    const lanes = all[`Lanes${kind}`];
    expect(lanes).toMatchObject({
      Type: "Map",
      ItemsPath: "$.collects",
      ItemSelector: { "run.$": "$.run", "queue.$": "$.queue", "lanes.$": "$.lanes", "lane.$": "$$.Map.Item.Value" },
      ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: `Collect${kind}` },
      ResultPath: null,
    });
    // One that waits for another's turn would wait for ever.
    expect(lanes).not.toHaveProperty("MaxConcurrency");
    expect(all[`Map${kind}`]).toMatchObject({ ItemSelector: { "lanes.$": "$.lanes" } });
    expect(all[`Collected${kind}`]).toMatchObject({ Default: `Collect${kind}` });
  }
});

test("without an image worker, images fail with an error that says what to do", () => {
  const { workImage: _, ...others } = functions;
  const { States } = definitionOf({ ...others, partition: "aws", maxConcurrency: 1 });
  expect(States["ImageWorker"]).toMatchObject({
    ResultPath: "$.error",
    Next: "Fail",
    Result: { Error: "NoImageWorker" },
  });
});
