import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataFrame, col, concat, fromJSON, readCsv, size } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { explainPlan } from "../../lib/plan/explain.ts";
import { lowerFrame } from "../../lib/plan/lower/frame.ts";
import { peakBytes } from "../../lib/plan/estimate.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { taskCount } from "../../lib/plan/rules.ts";
import { validatePlan } from "../../lib/plan/validate.ts";

const store = defaultStore();
const rows = Array.from({ length: 2_000 }, (_, i) => `${i % 700},name ${i % 50},${i}\n`);
await store.put("memory://lower/a.csv", Buffer.from(`id,name,v\n${rows.join("")}`));
await store.put("memory://lower/b.csv", Buffer.from(`id,city\n1,Rome\n2,Bern\n`));
const a = readCsv("memory://lower/a.csv", { blockSize: 4_000 });
const b = readCsv("memory://lower/b.csv");
const planOf = async (frame: DataFrame, taskBytes = Infinity): Promise<Plan> =>
  (await lowerFrame(frame.node, { store, taskBytes })).plan;
const shapeOf = (plan: Plan) => plan.stages.map(({ id, output }) => `${id}: ${output.kind}`);
const readBy = (plan: Plan, id: string) =>
  (plan.stages.find((stage) => stage.id === id)?.work.params["columns"] as { name: string }[]).map(({ name }) => name); // as the planner writes them

const FRAMES: Readonly<Record<string, DataFrame>> = {
  sort: a.sort(["name", "v"], { descending: [true, false], nulls: "first" }),
  top: a.topK(5, "v"),
  tail: a.tail(3),
  distinct: a.distinct("name"),
  "distinct rows": a.distinct(),
  "inner join": a.join(b, { on: "id" }),
  "outer join": a.join(b, { leftOn: "id", rightOn: "id", how: "outer" }),
  "anti join of groups": a.join(b.groupBy("id").agg({ n: size() }), { on: "id", how: "anti" }),
  concat: concat([a, b, a.head(3)]),
  columns: a.rename({ id: "key" }).drop("v").fillNull("none").dropNulls("key").sample(0.5, { seed: 3 }),
  filled: a.fillNull({ v: 0 }).dropNulls(),
  counts: a.valueCounts("name"),
  groups: a.groupBy("id", "name").agg({ sum: col("v").sum() }),
};

describe.each(Object.entries(FRAMES))("%s", (_name, frame) => {
  test("is the same frame after a way through JSON", () => {
    const again = fromJSON(JSON.parse(JSON.stringify(frame)));
    expect(again).toBeInstanceOf(DataFrame);
    expect(JSON.stringify(again)).toBe(JSON.stringify(frame));
    expect(String(again)).toBe(String(frame));
  });

  test("becomes a plan that is well formed, and whose tasks fit their memory", async () => {
    for (const taskBytes of [1_000, 30_000, 20_000_000, Infinity]) {
      const plan = JSON.parse(JSON.stringify(await planOf(frame, taskBytes))) as unknown;
      validatePlan(plan);
      expect(explainPlan(plan, [])).toContain(plan.stages[0].id);
      if (taskBytes < 20_000_000) continue;
      for (const stage of plan.stages) expect(peakBytes(stage)).toBeLessThanOrEqual(taskBytes);
    }
  });

  test("whatever is broken in its plan is refused by its path, or changes nothing", async () => {
    const text = JSON.stringify(await planOf(frame, 1_000));
    fc.assert(
      fc.property(fc.nat(10_000), fc.constantFrom(null, "zzz", -1, [], {}), (place, value) => {
        const plan = JSON.parse(text) as Plan;
        const path = broken(plan.stages, place, value);
        if (path === undefined) return;
        try {
          validatePlan(plan);
        } catch (error) {
          expect(error).toMatchObject({ tag: "Plan" });
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Puts a value in the place of one of the leaves and branches; answers what stood there. */
function broken(root: unknown, place: number, value: unknown): unknown {
  const places: { readonly owner: Record<string, unknown>; readonly key: string }[] = [];
  const visit = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      const owner = node as Record<string, unknown>; // an object, arrays among them
      places.push({ owner, key });
      visit(owner[key]);
    }
  };
  visit(root);
  const { owner, key } = places[place % places.length];
  const before = owner[key];
  owner[key] = value;
  return before;
}

describe("plans", () => {
  test("of what is small gather it in one place, of what is large they exchange it", async () => {
    expect(shapeOf(await planOf(a.sort("v")))).toEqual(["scan: fold"]);
    expect(shapeOf(await planOf(a.sort("v"), 30_000))).toEqual(["sample: keep", "exchange: exchange", "finish: fold"]);
    expect(shapeOf(await planOf(a.distinct("id")))).toEqual(["scan: fold"]);
    expect(shapeOf(await planOf(a.groupBy("id").agg({ n: size() })))).toEqual(["scan: fold"]);
    expect(shapeOf(await planOf(a.groupBy("id").agg({ n: size() }), 30_000))).toEqual([
      "sample: keep",
      "exchange: exchange",
      "finish: fold",
    ]);
    expect(shapeOf(await planOf(a.join(b, { on: "id" })))).toEqual(["right-side: keep", "scan: fold"]);
    expect(shapeOf(await planOf(a.join(a, { on: "id" }), 30_000))).toEqual([
      "left-side: exchange",
      "right-side: exchange",
      "finish: fold",
    ]);
  });

  test("have more partitions where tasks have less memory", async () => {
    const partitions = async (taskBytes: number) => {
      const { stages } = await planOf(a.sort("v"), taskBytes);
      return taskCount(stages[stages.length - 1].tasks);
    };
    expect(await partitions(30_000)).toBeGreaterThan(10);
    expect(await partitions(3_000)).toBeGreaterThan(5 * (await partitions(30_000)));
  });

  test("read blocks that fit a thread's memory, unless they were asked for", async () => {
    await store.put("memory://lower/large.csv", Buffer.from(`id,name,v\n${rows.join("").repeat(80)}`));
    const blocks = (plan: Plan) =>
      plan.stages.flatMap(({ tasks }) => (tasks.kind === "ranges" ? [tasks.blockSize] : []));
    const large = readCsv("memory://lower/large.csv");
    const plan = await planOf(large.sort("v"), 20_000_000);
    expect(new Set(blocks(plan)).size).toBe(1);
    expect(blocks(plan)[0]).toBeLessThan(2_000_000);
    for (const stage of plan.stages) expect(peakBytes(stage)).toBeLessThanOrEqual(20_000_000);
    expect(plan.notes.join("\n")).toMatch(/^blocks of .* in place of 16.78 MB, so that tasks fit/m);
    const joined = await planOf(large.join(b, { on: "id" }).sort("v"), 20_000_000);
    for (const stage of joined.stages) expect(peakBytes(stage)).toBeLessThanOrEqual(20_000_000);
    expect(new Set(blocks(await planOf(large.sort("v"))))).toEqual(new Set([16 * 2 ** 20]));
    const asked = readCsv("memory://lower/large.csv", { blockSize: "16MiB" });
    expect(new Set(blocks(await planOf(asked.sort("v"), 20_000_000)))).toEqual(new Set([16 * 2 ** 20]));
  });

  test("read and send no column that nobody needs", async () => {
    const join = await planOf(a.join(a, { on: "id" }).select("v_x"), 30_000);
    expect(readBy(join, "left-side")).toEqual(["id", "v"]);
    expect(readBy(join, "right-side")).toEqual(["id"]);
    const sort = await planOf(a.sort("name").select("v"), 3_000);
    expect(readBy(sort, "exchange")).toEqual(["name", "v"]);
    expect(readBy(sort, "sample")).toEqual(["name"]);
    const grouped = await planOf(
      a
        .join(b, { on: "id" })
        .groupBy("city")
        .agg({ sum: col("v").sum() }),
    );
    expect(readBy(grouped, "scan")).toEqual(["id", "v"]);
  });

  test("filter before they move rows, and say so", async () => {
    const sorted = await planOf(a.sort("v").filter(col("id").gt(3)), 3_000);
    expect(sorted.notes).toContain("pushed down: filter id > 3 runs before rows are moved");
    const joined = await planOf(a.join(b, { on: "id" }).filter(col("v").gt(3).and(col("city").eq("Rome"))));
    expect(joined.notes).toContain("pushed down: filter v > 3 runs before the join, on its left side");
    expect(joined.notes).toContain('pushed down: filter city == "Rome" runs before the join, on its right side');
    const outer = await planOf(a.join(b, { on: "id", how: "outer" }).filter(col("v").gt(3)));
    expect(outer.notes.join()).not.toContain("pushed down");
  });

  test("explain themselves", async () => {
    const plan = await planOf(a.join(a.sort("v").head(9), { on: "id", how: "left" }).sort("v_x"), 30_000);
    const text = explainPlan(plan, []);
    for (const line of [
      "gather    the first 9 rows by v",
      "look up   left join on id to right-side, held by each worker",
      "send      to ranges of v_x, as sample has them",
      "sort      by v_x",
      "limit pushed down: each task gives its first 9 rows by v",
      "left join on id: broadcast of the right side, which is small",
    ])
      expect(text).toContain(line);
  });
});

test("pipelines that are not well formed are refused by their paths", () => {
  const json = JSON.stringify(a.join(b, { on: "id" }).sort("id"));
  const refused = (find: string, put: string) => expect(() => fromJSON(JSON.parse(json.replace(find, put))));
  refused('"inner"', '"cross"').toThrow(/frame.input.how expects "inner" or/);
  refused('"leftOn":["id"]', '"leftOn":[]').toThrow(/frame.input.leftOn expects at least one column/);
  refused('"nulls":"last"', '"nulls":"end"').toThrow(/frame.keys\[0\].nulls expects "first" or "last"/);
  refused('"other":{', '"other":{"extra":1,').toThrow(/frame.input.other/);
});
