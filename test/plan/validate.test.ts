import { describe, expect, test } from "vitest";
import { col } from "../../lib/collections/expression.ts";
import { PlanError } from "../../lib/errors.ts";
import { validatePlan } from "../../lib/plan/validate.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { defaultStore } from "../../lib/store/default-store.ts";

type Loose = Record<string, unknown>;

const stage = (init: Loose = {}): Loose => ({
  id: "read",
  work: { op: "call", params: { module: "file:///a.ts", name: "a" } },
  tasks: { kind: "count", count: 3 },
  output: { kind: "keep" },
  estimate: { bytesIn: 0, peakBytes: { task: 1_000 } },
  ...init,
});
const planOf = (...stages: unknown[]): Loose => ({ abanico: 1, stages, notes: [] });
const source = { url: "file:///a.csv", size: 10, etag: "1" };
const fold = { kind: "fold", fold: { op: "call", params: {} } };
const scanParams = {
  source: { format: "csv", csv: { columns: [{ name: "a", type: "int64", widensTo: null }] } },
  columns: [{ name: "a", type: "int64" }],
  steps: [{ do: "filter", condition: col("a").gt(1).node }],
  sink: { to: "group", keys: [], aggregates: [{ name: "n", value: { kind: "size" } }], keepNulls: false },
};
const scan = (change: Loose): Loose =>
  planOf(stage({ work: { op: "frame.scan", params: { ...scanParams, ...change } } }));

function refusal(plan: unknown): PlanError {
  try {
    validatePlan(plan);
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error("this should have been refused");
}

describe("plans that are well formed", () => {
  test.each<[string, Loose]>([
    ["a count", planOf(stage())],
    ["items", planOf(stage({ tasks: { kind: "items", items: [1, null, { a: "b" }] } }))],
    ["ranges", planOf(stage({ tasks: { kind: "ranges", sources: [source], blockSize: 4 }, output: fold }))],
    ["refs", planOf(stage({ tasks: { kind: "refs", refs: [{ run: "r", stage: "s", task: 0, section: 1 }] } }))],
    ["no tasks", planOf(stage({ tasks: { kind: "count", count: 0 } }))],
    ["limits", planOf(stage({ retries: 0, timeoutMs: 1, output: { ...fold, enough: 0 } }))],
    [
      "outputs of a stage before",
      planOf(stage(), stage({ id: "b", tasks: { kind: "outputs", stage: "read", count: 3 } })),
    ],
    [
      "sections of an exchange",
      planOf(
        stage({ output: { kind: "exchange", partitions: 2 } }),
        stage({ id: "b", tasks: { kind: "sections", stage: "read", producers: 3, partitions: 2 } }),
      ),
    ],
    ["a scan", scan({})],
  ])("%s", (_, plan) => {
    validatePlan(plan);
    validatePlan(JSON.parse(JSON.stringify(plan)));
  });
});

describe("plans that are refused, by path", () => {
  const sections = { kind: "sections", stage: "read", producers: 3, partitions: 2 };
  const exchange = stage({ output: { kind: "exchange", partitions: 2 } });

  test.each<[string, unknown, RegExp]>([
    ["", null, /an object, found null/],
    ["", [], /an object, found an array of 0/],
    ["stage", { ...planOf(stage()), stage: [] }, /nothing.*\n {2}fix: did you mean "stages"\?/],
    ["abanico", { ...planOf(stage()), abanico: 2 }, /version 1 of plans, found 2\.\n.*update abanico/],
    ["abanico", { ...planOf(stage()), abanico: "1" }, /found "1"/],
    ["notes", { abanico: 1, stages: [stage()] }, /an array, found nothing/],
    ["notes[0]", { ...planOf(stage()), notes: [1] }, /a string, found 1/],
    ["stages", planOf(), /at least one stage/],
    ["stages[0]", planOf(7), /an object, found 7/],
    ["stages[0].retires", planOf(stage({ retires: 1 })), /did you mean "retries"/],
    ["stages[0].id", planOf(stage({ id: "a/b" })), /letters, digits and hyphens, found "a\/b"/],
    ["stages[0].id", planOf(stage({ id: "" })), /letters/],
    ["stages[1].id", planOf(stage(), stage()), /an id of its own, found "read"/],
    ["stages[0].work", planOf(stage({ work: undefined })), /an object, found nothing/],
    [
      "stages[0].work.op",
      planOf(stage({ work: { op: "toString", params: {} } })),
      /the name of a kernel, found "toString"/,
    ],
    ["stages[0].work.params", planOf(stage({ work: { op: "call", params: [] } })), /an object/],
    ["stages[0].tasks.kind", planOf(stage({ tasks: { kind: "range" } })), /did you mean "ranges"/],
    ["stages[0].tasks.count", planOf(stage({ tasks: { kind: "count", count: -1 } })), /at least 0, found -1/],
    ["stages[0].tasks.count", planOf(stage({ tasks: { kind: "count", count: 1.5 } })), /whole number/],
    ["stages[0].tasks.count", planOf(stage({ tasks: { kind: "count", count: NaN } })), /found NaN/],
    ["stages[0].tasks.items", planOf(stage({ tasks: { kind: "items" } })), /an array/],
    [
      "stages[0].tasks.blockSize",
      planOf(stage({ tasks: { kind: "ranges", sources: [], blockSize: 0 } })),
      /at least 1/,
    ],
    [
      "stages[0].tasks.sources[1].size",
      planOf(stage({ tasks: { kind: "ranges", sources: [source, { ...source, size: -5 }], blockSize: 1 } })),
      /found -5/,
    ],
    [
      "stages[0].tasks.refs[0].task",
      planOf(stage({ tasks: { kind: "refs", refs: [{ run: "r", stage: "s" }] } })),
      /nothing/,
    ],
    [
      "stages[0].tasks.stage",
      planOf(stage({ tasks: { ...sections, stage: "later" } }), stage({ id: "later" })),
      /earlier stage/,
    ],
    ["stages[0].tasks.stage", planOf(stage({ tasks: { kind: "outputs", stage: "read", count: 1 } })), /earlier stage/],
    [
      "stages[1].tasks.stage",
      planOf(stage(), stage({ id: "b", tasks: sections })),
      /output "exchange"; that of "read" is "keep"/,
    ],
    [
      "stages[1].tasks.stage",
      planOf(exchange, stage({ id: "b", tasks: { kind: "outputs", stage: "read", count: 1 } })),
      /"keep"/,
    ],
    [
      "stages[1].tasks.count",
      planOf(stage(), stage({ id: "b", tasks: { kind: "outputs", stage: "read", count: 4 } })),
      /at most the 3/,
    ],
    [
      "stages[1].tasks.producers",
      planOf(exchange, stage({ id: "b", tasks: { ...sections, producers: 2 } })),
      /the 3 tasks/,
    ],
    [
      "stages[1].tasks.partitions",
      planOf(exchange, stage({ id: "b", tasks: { ...sections, partitions: 3 } })),
      /the 2 partitions/,
    ],
    ["stages[0].output.kind", planOf(stage({ output: { kind: "folds" } })), /did you mean "fold"/],
    ["stages[0].output.partitions", planOf(stage({ output: { kind: "exchange", partitions: 0 } })), /at least 1/],
    [
      "stages[0].output.fold.op",
      planOf(stage({ output: { kind: "fold", fold: { op: "sum", params: {} } } })),
      /name of a fold/,
    ],
    ["stages[0].output.enough", planOf(stage({ output: { ...fold, enough: "5" } })), /found "5"/],
    ["stages[0].estimate", planOf(stage({ estimate: undefined })), /an object/],
    ["stages[0].estimate.bytesIn", planOf(stage({ estimate: { bytesIn: -1, peakBytes: {} } })), /not negative/],
    [
      'stages[0].estimate.peakBytes["a block"]',
      planOf(stage({ estimate: { bytesIn: 1, peakBytes: { "a block": Infinity } } })),
      /not negative, found Infinity/,
    ],
    ["stages[0].retries", planOf(stage({ retries: -1 })), /at least 0/],
    ["stages[0].timeoutMs", planOf(stage({ timeoutMs: 0 })), /more than 0/],
    ["stages[0].work.params.columns[0].type", scan({ columns: [{ name: "a", type: "int" }] }), /did you mean "int64"/],
    ["stages[0].work.params.source.format", scan({ source: { format: "orc" } }), /"csv" or "frame"/],
    [
      "stages[0].work.params.steps[0].condition.args[1].op",
      scan({ steps: [{ do: "filter", condition: { op: "gt", args: [{ op: "col", name: "a" }, { op: "literal" }] } }] }),
      /found "literal"/,
    ],
    ["stages[0].work.params.sink.to", scan({ sink: { to: "groups" } }), /"collect" or "group"/],
  ])("%s", (path, plan, message) => {
    const error = refusal(plan);
    expect(error.fields["path"]).toBe(path);
    expect(error.message).toMatch(message);
    expect(error.fix).toBeTruthy();
  });

  test("deep nesting is refused, not a full stack", () => {
    let condition: unknown = { op: "col", name: "a" };
    for (let i = 0; i < 5_000; i++) condition = { op: "not", args: [condition] };
    expect(refusal(scan({ steps: [{ do: "filter", condition }] })).message).toMatch(/at most 1000 expressions/);
  });
});

test("a runtime refuses a plan before anything runs", async () => {
  const runtime = createInlineRuntime({ store: defaultStore() });
  const events: unknown[] = [];
  // What an untyped caller may send.
  const plan = planOf(stage({ tasks: { kind: "count", count: -1 } })) as never;
  await expect(runtime.run(plan, { onEvent: (event) => events.push(event) })).rejects.toThrow(
    "stages[0].tasks.count expects a whole number of at least 0, found -1.",
  );
  expect(events).toEqual([]);
  await runtime.close();
});
