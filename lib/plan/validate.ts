import { arrayAt, amountAt, objectAt, oneOfAt, refuse, textAt, textsAt, wholeAt } from "../collections/plain.ts";
import { PlanError } from "../errors.ts";
import { isFold, isKernel } from "../kernels/registry.ts";
import { PLAN_VERSION, type Plan, type Stage, type StageOutput, type TaskRule } from "./plan.ts";
import { taskCount } from "./rules.ts";
import { checkArrayCombine, checkArrayFold, checkArrayRun } from "./validate-array.ts";
import { checkImages, checkSheetParams } from "./validate-images.ts";
import { checkBag, checkBagFold } from "./validate-bag.ts";
import { checkScan } from "./validate-scan.ts";

/**
 * Checks a plan on its way in, wherever it comes from: our planner, a tool, JSON that somebody sent. The work is in proportion to stages,
 * sources and refs, never to tasks; items are not looked into.
 *
 * @throws PlanError whose `fields.path` says where, as in `stages[1].tasks.blockSize`.
 */
export function validatePlan(value: unknown): asserts value is Plan {
  const plan = objectAt(value, "", ["abanico", "stages", "notes"]);
  checkVersion(plan["abanico"]);
  textsAt(plan["notes"], "notes");
  const stages = arrayAt(plan["stages"], "stages");
  if (stages.length === 0) refuse("stages", "at least one stage", stages);
  const earlier = new Map<string, Stage>();
  stages.forEach((stage, i) => {
    const checked = stageAt(stage, `stages[${i}]`, earlier);
    earlier.set(checked.id, checked);
  });
}

function checkVersion(found: unknown): void {
  if (found === PLAN_VERSION) return;
  const newer = typeof found === "number" && found > PLAN_VERSION;
  const fix = newer ? "update abanico: a newer version made this plan." : `write "abanico": ${PLAN_VERSION}.`;
  refuse("abanico", `the version ${PLAN_VERSION} of plans`, found, fix);
}

function stageAt(value: unknown, path: string, earlier: ReadonlyMap<string, Stage>): Stage {
  const known = ["id", "work", "tasks", "output", "estimate", "retries", "timeoutMs", "beside"];
  const stage = objectAt(value, path, known) as unknown as Stage; // what the checks below make of it
  checkId(stage.id, `${path}.id`, earlier);
  checkTasks(stage.tasks, `${path}.tasks`, earlier);
  checkWork(stage.work, `${path}.work`, "kernel");
  checkOutput(stage.output, `${path}.output`);
  checkEstimate(stage.estimate, `${path}.estimate`);
  if (stage.beside !== undefined) checkOutputsOf(stage.beside, `${path}.beside`, earlier);
  if (stage.retries !== undefined) wholeAt(stage.retries, `${path}.retries`);
  if (stage.timeoutMs !== undefined && amountAt(stage.timeoutMs, `${path}.timeoutMs`) === 0)
    refuse(`${path}.timeoutMs`, "more than 0 milliseconds", 0, "leave it out for no limit.");
  return stage;
}

function checkId(value: unknown, path: string, earlier: ReadonlyMap<string, Stage>): void {
  const id = textAt(value, path);
  if (!/^[A-Za-z0-9-]+$/.test(id)) refuse(path, "letters, digits and hyphens", id);
  if (earlier.has(id)) refuse(path, "an id of its own", id, "give each stage another id.");
}

function checkWork(value: unknown, path: string, what: "kernel" | "fold"): void {
  const work = objectAt(value, path, ["op", "params"]);
  const op = textAt(work["op"], `${path}.op`);
  const params = objectAt(work["params"], `${path}.params`);
  if (!(what === "kernel" ? isKernel(op) : isFold(op)))
    refuse(
      `${path}.op`,
      `the name of a ${what}`,
      op,
      `correct it; a ${what} of a later version needs a newer abanico.`,
    );
  if (what === "kernel" && op === "frame.scan") checkScan(params, `${path}.params`);
  if (what === "kernel" && op === "frame.map") checkWork(params["rows"], `${path}.params.rows`, "kernel");
  if (what === "kernel" && op === "bag.run") checkBag(params, `${path}.params`);
  if (what === "fold" && op === "bag.fold") checkBagFold(params, `${path}.params`);
  if (what === "kernel" && op === "calls.run") checkCalls(params, `${path}.params`);
  if (what === "kernel" && op === "array.run") checkArrayRun(params, `${path}.params`);
  if (what === "kernel" && op === "array.combine") checkArrayCombine(params, `${path}.params`);
  if (what === "fold" && op === "array.reduce") checkArrayFold(params, `${path}.params`);
  if (what === "kernel" && op === "images.run") checkImages(params, `${path}.params`);
  if (what === "kernel" && op === "images.sheet") checkSheetParams(params, `${path}.params`);
}

/** See kernels/call/run-calls.ts; the calls themselves lie where the tasks' refs say. */
function checkCalls(value: unknown, path: string): void {
  const params = objectAt(value, path, ["digest", "slots", "patienceMs"]);
  textAt(params["digest"], `${path}.digest`);
  wholeAt(params["slots"], `${path}.slots`);
  amountAt(params["patienceMs"], `${path}.patienceMs`);
}

function checkOutput(value: unknown, path: string): void {
  const kind = oneOfAt<StageOutput["kind"]>(objectAt(value, path)["kind"], `${path}.kind`, [
    "fold",
    "keep",
    "exchange",
  ]);
  if (kind === "keep") objectAt(value, path, ["kind"]);
  else if (kind === "exchange")
    wholeAt(objectAt(value, path, ["kind", "partitions"])["partitions"], `${path}.partitions`, 1);
  else {
    const { fold, enough } = objectAt(value, path, ["kind", "fold", "enough"]);
    checkWork(fold, `${path}.fold`, "fold");
    if (enough !== undefined) wholeAt(enough, `${path}.enough`);
  }
}

function checkEstimate(value: unknown, path: string): void {
  const estimate = objectAt(value, path, ["bytesIn", "peakBytes"]);
  amountAt(estimate["bytesIn"], `${path}.bytesIn`);
  const terms = objectAt(estimate["peakBytes"], `${path}.peakBytes`);
  for (const [term, bytes] of Object.entries(terms)) amountAt(bytes, `${path}.peakBytes[${JSON.stringify(term)}]`);
}

const RULES: Readonly<Record<TaskRule["kind"], readonly string[]>> = {
  ranges: ["kind", "sources", "blockSize"],
  items: ["kind", "items"],
  count: ["kind", "count"],
  outputs: ["kind", "stage", "count"],
  union: ["kind", "of"],
  sections: ["kind", "stage", "producers", "partitions", "and"],
  refs: ["kind", "refs"],
};
const KINDS = Object.keys(RULES) as (keyof typeof RULES)[]; // its own keys

function checkTasks(value: unknown, path: string, earlier: ReadonlyMap<string, Stage>): void {
  const kind = oneOfAt(objectAt(value, path)["kind"], `${path}.kind`, KINDS);
  const rule = objectAt(value, path, RULES[kind]);
  switch (kind) {
    case "ranges":
      wholeAt(rule["blockSize"], `${path}.blockSize`, 1);
      return arrayAt(rule["sources"], `${path}.sources`).forEach((source, i) => checkSource(source, path, i));
    case "items":
      return void arrayAt(rule["items"], `${path}.items`);
    case "count":
      return void wholeAt(rule["count"], `${path}.count`);
    case "refs":
      return arrayAt(rule["refs"], `${path}.refs`).forEach((ref, i) => checkRef(ref, path, i));
    case "outputs": {
      const read = producerAt(rule["stage"], path, earlier, "keep");
      const count = wholeAt(rule["count"], `${path}.count`);
      if (count > taskCount(read.tasks))
        refuse(`${path}.count`, `at most the ${taskCount(read.tasks)} tasks of "${read.id}"`, count);
      return;
    }
    case "union":
      return checkOutputsOf(rule["of"], `${path}.of`, earlier);
    case "sections":
      checkSections(rule, path, producerAt(rule["stage"], path, earlier, "exchange"));
      if (rule["and"] === undefined) return;
      return checkOtherSections(rule, path, earlier);
  }
}

function checkSections(rule: { readonly [key: string]: unknown }, path: string, read: Stage): void {
  const producers = wholeAt(rule["producers"], `${path}.producers`);
  const partitions = wholeAt(rule["partitions"], `${path}.partitions`, 1);
  if (producers !== taskCount(read.tasks))
    refuse(`${path}.producers`, `the ${taskCount(read.tasks)} tasks of "${read.id}"`, producers);
  if (read.output.kind === "exchange" && read.output.partitions !== partitions)
    refuse(`${path}.partitions`, `the ${read.output.partitions} partitions of "${read.id}"`, partitions);
}

function checkOtherSections(
  rule: { readonly [key: string]: unknown },
  path: string,
  earlier: ReadonlyMap<string, Stage>,
): void {
  const at = `${path}.and`;
  const and = objectAt(rule["and"], at, ["stage", "producers"]);
  const other = { ...and, partitions: rule["partitions"] };
  checkSections(other, at, producerAt(and["stage"], at, earlier, "exchange"));
}

/** Lists of stages that keep their outputs, all of which are read. */
function checkOutputsOf(value: unknown, path: string, earlier: ReadonlyMap<string, Stage>): void {
  arrayAt(value, path).forEach((item, i) => {
    const outputs = objectAt(item, `${path}[${i}]`, ["stage", "count"]);
    const read = producerAt(outputs["stage"], `${path}[${i}]`, earlier, "keep");
    const count = wholeAt(outputs["count"], `${path}[${i}].count`);
    if (count !== taskCount(read.tasks))
      refuse(`${path}[${i}].count`, `the ${taskCount(read.tasks)} tasks of "${read.id}"`, count);
  });
}

/** The earlier stage that a rule reads, which has to give what the rule wants. */
function producerAt(
  value: unknown,
  path: string,
  earlier: ReadonlyMap<string, Stage>,
  kind: "keep" | "exchange",
): Stage {
  const id = textAt(value, `${path}.stage`);
  const stage = earlier.get(id);
  if (stage === undefined)
    refuse(`${path}.stage`, "the id of an earlier stage", id, "stages read only stages before them.");
  if (stage.output.kind !== kind)
    throw new PlanError(
      `${path}.stage expects a stage with output "${kind}"; that of "${id}" is "${stage.output.kind}".`,
      {
        fields: { path: `${path}.stage`, expected: kind, found: stage.output.kind },
        fix: `give "${id}" the output "${kind}".`,
      },
    );
  return stage;
}

function checkSource(value: unknown, path: string, i: number): void {
  const at = `${path}.sources[${i}]`;
  const source = objectAt(value, at, ["url", "size", "etag"]);
  textAt(source["url"], `${at}.url`);
  wholeAt(source["size"], `${at}.size`);
  textAt(source["etag"], `${at}.etag`);
}

function checkRef(value: unknown, path: string, i: number): void {
  const at = `${path}.refs[${i}]`;
  const ref = objectAt(value, at, ["run", "stage", "task", "section"]);
  textAt(ref["run"], `${at}.run`);
  textAt(ref["stage"], `${at}.stage`);
  wholeAt(ref["task"], `${at}.task`);
  if (ref["section"] !== undefined) wholeAt(ref["section"], `${at}.section`);
}
