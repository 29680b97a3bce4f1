import { OptionError, PlanError } from "../../errors.ts";
import { refuseBound } from "../bag/json.ts";
import { bagAt } from "../bag/json-nodes.ts";
import { aggregateAt, expressionAt } from "../check-expression.ts";
import { arrayAt, booleanAt, objectAt, oneOfAt, refuse, refusedOption, textAt, textsAt, wholeAt } from "../plain.ts";
import { SCALAR_TYPES, type ScalarType } from "../schema.ts";
import { checkCsvOptions } from "./csv-options.ts";
import { fileAt } from "./file-options.ts";
import type { CsvOptions, FrameNode } from "./nodes.ts";
import { OPERATION_FIELDS, OPERATION_KINDS, operationAt } from "./operation-json.ts";

/** A frame as plain JSON: what a pipeline file holds, and what travels to where it runs. */
export interface FrameJson {
  readonly abanico: typeof FRAME_VERSION;
  readonly frame: FrameNode;
}

export const FRAME_VERSION = 1;

/** The frame as JSON. @throws PlanError where it starts from rows that a client keeps: they are on this machine alone. */
export function frameToJson(node: FrameNode): FrameJson {
  refuseHeld(node, "frame");
  return { abanico: FRAME_VERSION, frame: node };
}

/** Refuses what only this program, or this machine, has. */
function refuseHeld(node: FrameNode, path: string): void {
  let at = path;
  let held = node;
  for (; "input" in held; held = held.input) {
    if (held.kind === "join") refuseHeld(held.other, `${at}.other`);
    if (held.kind === "mapPartitions") refuseBound(held.fn, `${at}.fn`);
    at += ".input";
  }
  if (held.kind === "kept") refuseKept(at);
  if (held.kind === "bag") refuseBound(held.bag, `${at}.bag`);
  if ("inputs" in held) held.inputs.forEach((input, i) => refuseHeld(input, `${at}.inputs[${i}]`));
}

/** The description in a frame's JSON (parsed, not text). @throws PlanError whose `fields.path` says where it is not well formed. */
export function frameFromJson(value: unknown): FrameNode {
  const json = objectAt(value, "", ["abanico", "frame"]);
  if (json["abanico"] !== FRAME_VERSION)
    refuse(
      "abanico",
      `the version ${FRAME_VERSION} of pipelines`,
      json["abanico"],
      typeof json["abanico"] === "number" && json["abanico"] > FRAME_VERSION
        ? "update abanico: a newer version wrote this."
        : `write { "abanico": ${FRAME_VERSION}, "frame": { … } }, as frame.toJSON() does.`,
    );
  return frameAt(json["frame"], "frame", 0);
}

const KINDS = [
  ...(["csv", "file", "bag", "filter", "assign", "select", "head", "group", "kept", "concat", "sql"] as const),
  ...OPERATION_KINDS,
];
/** Operations on each other: more than anyone writes, and few enough for every walk along them. */
const MAX_DEPTH = 1_000;

function frameAt(value: unknown, path: string, depth: number): FrameNode {
  if (depth > MAX_DEPTH) refuse("frame", `at most ${MAX_DEPTH} operations`, "more");
  const kind = oneOfAt(objectAt(value, path)["kind"], `${path}.kind`, KINDS);
  if (kind === "csv") return csvAt(value, path);
  if (kind === "file") return fileAt(value, path);
  if (kind === "bag") return bagFrameAt(value, path);
  if (kind === "kept") refuseKept(path);
  if (kind === "concat") return concatAt(value, path, depth);
  if (kind === "sql") return sqlAt(value, path, depth);
  const node = objectAt(value, path, ["kind", "input", ...FIELDS[kind]]);
  const input = frameAt(node["input"], `${path}.input`, depth + 1);
  switch (kind) {
    case "filter":
      return { kind, input, condition: expressionAt(node["condition"], `${path}.condition`) };
    case "assign":
      return { kind, input, columns: namedAt(node["columns"], `${path}.columns`, expressionAt) };
    case "select":
      return { kind, input, names: textsAt(node["names"], `${path}.names`) };
    case "head":
      return { kind, input, rows: wholeAt(node["rows"], `${path}.rows`) };
    case "group":
      return {
        kind,
        input,
        keys: textsAt(node["keys"], `${path}.keys`),
        aggregates: namedAt(node["aggregates"], `${path}.aggregates`, aggregateAt),
        keepNulls: booleanAt(node["keepNulls"], `${path}.keepNulls`),
      };
    default:
      return operationAt(kind, node, input, path, (other, at) => frameAt(other, at, depth + 1));
  }
}

function concatAt(value: unknown, path: string, depth: number): FrameNode {
  const inputs = arrayAt(objectAt(value, path, ["kind", "inputs"])["inputs"], `${path}.inputs`);
  if (inputs.length === 0) refuse(`${path}.inputs`, "at least one frame", inputs);
  return { kind: "concat", inputs: inputs.map((input, i) => frameAt(input, `${path}.inputs[${i}]`, depth + 1)) };
}

function sqlAt(value: unknown, path: string, depth: number): FrameNode {
  const node = objectAt(value, path, ["kind", "text", "tables", "inputs"]);
  const tables = textsAt(node["tables"], `${path}.tables`);
  const inputs = arrayAt(node["inputs"], `${path}.inputs`);
  if (inputs.length !== tables.length) refuse(`${path}.inputs`, `an array of ${tables.length}`, inputs);
  return {
    kind: "sql",
    text: textAt(node["text"], `${path}.text`),
    tables,
    inputs: inputs.map((input, i) => frameAt(input, `${path}.inputs[${i}]`, depth + 1)),
  };
}

const FIELDS = {
  ...OPERATION_FIELDS,
  filter: ["condition"],
  assign: ["columns"],
  select: ["names"],
  head: ["rows"],
  group: ["keys", "aggregates", "keepNulls"],
} as const;

function bagFrameAt(value: unknown, path: string): FrameNode {
  const node = objectAt(value, path, ["kind", "bag", "types"]);
  const bag = bagAt(node["bag"], `${path}.bag`, 0);
  if (node["types"] === undefined) return { kind: "bag", bag };
  const entries = Object.entries(objectAt(node["types"], `${path}.types`));
  const types = entries.map(([name, type]) => [name, oneOfAt(type, `${path}.types.${name}`, SCALAR_TYPES)]);
  return { kind: "bag", bag, types: Object.fromEntries(types) as Readonly<Record<string, ScalarType>> }; // just checked
}

function csvAt(value: unknown, path: string): FrameNode {
  const node = objectAt(value, path, ["kind", "paths", "options"]);
  const paths = textsAt(node["paths"], `${path}.paths`);
  if (paths.length === 0) refuse(`${path}.paths`, "at least one path, URL or glob", paths);
  const options = objectAt(node["options"] ?? {}, `${path}.options`) as CsvOptions; // checked in the next lines
  try {
    checkCsvOptions(options);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw refusedOption(error, `${path}.options`);
  }
  return { kind: "csv", paths, options };
}

function namedAt<T>(
  value: unknown,
  path: string,
  inner: (value: unknown, path: string) => T,
): { name: string; value: T }[] {
  return arrayAt(value, path).map((item, i) => {
    const named = objectAt(item, `${path}[${i}]`, ["name", "value"]);
    return { name: textAt(named["name"], `${path}[${i}].name`), value: inner(named["value"], `${path}[${i}].value`) };
  });
}

function refuseKept(path: string): never {
  throw new PlanError(`${path} starts from rows that a client keeps with its workers; they cannot travel as JSON.`, {
    fields: { path, expected: "csv", found: "kept" },
    fix: "describe the frame from its files: call toJSON() before persist().",
  });
}
