import { aggregateAt, expressionAt } from "../collections/check-expression.ts";
import { OVER_FIELDS, overAt } from "../collections/dataframe/over-nodes.ts";
import { sortKeyAt } from "../collections/dataframe/operation-json.ts";
import { windowColumnsAt } from "../collections/dataframe/summary-json.ts";
import { arrayAt, booleanAt, objectAt, oneOfAt, refuse, textAt, textsAt, wholeAt } from "../collections/plain.ts";
import { SCALAR_TYPES } from "../collections/schema.ts";

/** Checks of what "frame.scan" tasks do: steps, sinks, operations on whole partitions. `PlanError` says where they are not well formed. */

export function checkFields(value: unknown, path: string): void {
  arrayAt(value, path).forEach((column, i) => {
    const { name, type } = objectAt(column, `${path}[${i}]`);
    textAt(name, `${path}[${i}].name`);
    oneOfAt(type, `${path}[${i}].type`, SCALAR_TYPES);
  });
}

const STEPS = ["filter", "assign", "sample", "place", "lookup"] as const;
const OPERATIONS = [
  ...STEPS,
  "select",
  "head",
  "tail",
  "sort",
  "distinct",
  "group",
  "window",
  "over",
  "stack",
] as const;

export function checkStep(value: unknown, path: string): void {
  oneOfAt(objectAt(value, path)["do"], `${path}.do`, STEPS);
  checkOperation(value, path);
}

function checkOperation(value: unknown, path: string): void {
  const kind = oneOfAt(objectAt(value, path)["do"], `${path}.do`, OPERATIONS);
  const step = objectAt(value, path, ["do", ...FIELDS[kind]]);
  switch (kind) {
    case "filter":
      expressionAt(step["condition"], `${path}.condition`);
      return checkKeep(step["keep"], path);
    case "assign":
      return named(step["columns"], `${path}.columns`, expressionAt);
    case "sample": {
      textsAt(step["columns"], `${path}.columns`);
      wholeAt(step["seed"], `${path}.seed`);
      const { fraction } = step;
      if (typeof fraction !== "number" || !(fraction >= 0 && fraction <= 1))
        refuse(`${path}.fraction`, "a number from 0 to 1", fraction);
      return checkKeep(step["keep"], path);
    }
    case "place":
      return void textAt(step["name"], `${path}.name`);
    case "lookup":
      textAt(step["table"], `${path}.table`);
      return checkJoin(step["join"], `${path}.join`);
    case "select":
      return void textsAt(step["names"], `${path}.names`);
    case "distinct":
      return void textsAt(step["columns"], `${path}.columns`);
    case "head":
    case "tail":
      return void wholeAt(step["rows"], `${path}.rows`);
    case "sort":
      return checkSortKeys(step["keys"], `${path}.keys`);
    case "group":
      return checkGather(step["sink"], `${path}.sink`);
    case "window":
      return void windowColumnsAt(step["columns"], `${path}.columns`);
    case "over":
      return void overAt(step, path, sortKeyAt);
    case "stack":
      textAt(step["label"], `${path}.label`);
      textsAt(step["rows"], `${path}.rows`);
      return arrayAt(step["columns"], `${path}.columns`).forEach((column, i) => {
        const { name, from } = objectAt(column, `${path}.columns[${i}]`, ["name", "from"]);
        textAt(name, `${path}.columns[${i}].name`);
        textsAt(from, `${path}.columns[${i}].from`);
      });
  }
}

const FIELDS: Readonly<Record<(typeof OPERATIONS)[number], readonly string[]>> = {
  filter: ["condition", "keep"],
  assign: ["columns"],
  sample: ["columns", "fraction", "seed", "keep"],
  place: ["name"],
  lookup: ["table", "join"],
  select: ["names"],
  head: ["rows"],
  tail: ["rows"],
  sort: ["keys"],
  distinct: ["columns"],
  group: ["sink"],
  window: ["columns"],
  over: OVER_FIELDS,
  stack: ["label", "rows", "columns"],
};

function checkKeep(value: unknown, path: string): void {
  if (value !== undefined) textsAt(value, `${path}.keep`);
}

function checkSortKeys(value: unknown, path: string): void {
  arrayAt(value, path).forEach((key, i) => sortKeyAt(key, `${path}[${i}]`));
}

function checkJoin(value: unknown, path: string): void {
  const join = objectAt(value, path, ["how", "probeKeys", "tableKeys", "table", "output"]);
  oneOfAt(join["how"], `${path}.how`, ["inner", "left", "semi", "anti", "outer"]);
  const probe = textsAt(join["probeKeys"], `${path}.probeKeys`);
  const table = textsAt(join["tableKeys"], `${path}.tableKeys`);
  if (probe.length !== table.length) refuse(`${path}.tableKeys`, `${probe.length} columns, as probeKeys has`, table);
  checkFields(join["table"], `${path}.table`);
  checkFields(join["output"], `${path}.output`);
  arrayAt(join["output"], `${path}.output`).forEach((item, i) => {
    const at = `${path}.output[${i}]`;
    const from = oneOfAt(objectAt(item, at)["from"], `${at}.from`, ["probe", "table", "key"]);
    const fields = from === "key" ? ["probe", "table"] : ["column"];
    const output = objectAt(item, at, ["name", "type", "from", ...fields]);
    for (const field of fields) textAt(output[field], `${at}.${field}`);
  });
}

export function checkSink(value: unknown, path: string): void {
  const to = oneOfAt(objectAt(value, path)["to"], `${path}.to`, ["collect", "group", "exchange", "sample"]);
  if (to === "sample") {
    const { keys, rows } = objectAt(value, path, ["to", "keys", "rows"]);
    checkSortKeys(keys, `${path}.keys`);
    wholeAt(rows, `${path}.rows`);
  } else if (to === "exchange") {
    const { gather, partitions, by } = objectAt(value, path, ["to", "gather", "partitions", "by"]);
    checkGather(gather, `${path}.gather`);
    wholeAt(partitions, `${path}.partitions`, 1);
    checkDestination(by, `${path}.by`);
  } else checkGather(value, path);
}

function checkDestination(value: unknown, path: string): void {
  const how = oneOfAt(objectAt(value, path)["do"], `${path}.do`, ["hash", "range", "all"]);
  if (how === "all") objectAt(value, path, ["do"]);
  else if (how === "hash") textsAt(objectAt(value, path, ["do", "keys"])["keys"], `${path}.keys`);
  else {
    const { keys, sample, positions } = objectAt(value, path, ["do", "keys", "sample", "positions"]);
    checkSortKeys(keys, `${path}.keys`);
    textAt(sample, `${path}.sample`);
    booleanAt(positions, `${path}.positions`);
  }
}

function checkGather(value: unknown, path: string): void {
  if (oneOfAt(objectAt(value, path)["to"], `${path}.to`, ["collect", "group"]) === "collect") {
    const { columns, limit, pick } = objectAt(value, path, ["to", "columns", "limit", "pick"]);
    textsAt(columns, `${path}.columns`);
    if (limit !== undefined) wholeAt(limit, `${path}.limit`);
    if (pick !== undefined) checkPick(pick, `${path}.pick`);
    return;
  }
  const { keys, aggregates, keepNulls } = objectAt(value, path, ["to", "keys", "aggregates", "keepNulls"]);
  textsAt(keys, `${path}.keys`);
  named(aggregates, `${path}.aggregates`, aggregateAt);
  booleanAt(keepNulls, `${path}.keepNulls`);
}

function checkPick(value: unknown, path: string): void {
  const by = oneOfAt(objectAt(value, path)["by"], `${path}.by`, ["distinct", "order", "last"]);
  if (by === "distinct") textsAt(objectAt(value, path, ["by", "columns"])["columns"], `${path}.columns`);
  else if (by === "order") checkSortKeys(objectAt(value, path, ["by", "keys"])["keys"], `${path}.keys`);
  else objectAt(value, path, ["by"]);
}

export function checkWhole(value: unknown, path: string): void {
  const { make, then } = objectAt(value, path, ["make", "then"]);
  checkMake(make, `${path}.make`);
  arrayAt(then, `${path}.then`).forEach((operation, i) => checkOperation(operation, `${path}.then[${i}]`));
}

function checkMake(value: unknown, path: string): void {
  const how = oneOfAt(objectAt(value, path)["do"], `${path}.do`, ["rows", "groups", "groupRows", "join", "windows"]);
  if (how === "rows") return checkFields(objectAt(value, path, ["do", "schema"])["schema"], `${path}.schema`);
  if (how === "groups" || how === "groupRows") {
    const { sink, schema } = objectAt(value, path, ["do", "sink", "schema"]);
    checkGather(sink, `${path}.sink`);
    return checkFields(schema, `${path}.schema`);
  }
  if (how === "windows") {
    const stages = ["totals", "lastRows", "firstRows"];
    const make = objectAt(value, path, ["do", "schema", "columns", ...stages]);
    for (const name of stages) if (make[name] !== undefined) textAt(make[name], `${path}.${name}`);
    windowColumnsAt(make["columns"], `${path}.columns`);
    return checkFields(make["schema"], `${path}.schema`);
  }
  const { join, probe, rows, schema } = objectAt(value, path, ["do", "join", "probe", "rows", "schema"]);
  checkJoin(join, `${path}.join`);
  textAt(probe, `${path}.probe`);
  checkFields(rows, `${path}.rows`);
  checkFields(schema, `${path}.schema`);
}

function named(value: unknown, path: string, check: (value: unknown, path: string) => unknown): void {
  arrayAt(value, path).forEach((item, i) => {
    const { name, value: inner } = objectAt(item, `${path}[${i}]`, ["name", "value"]);
    textAt(name, `${path}[${i}].name`);
    check(inner, `${path}[${i}].value`);
  });
}
