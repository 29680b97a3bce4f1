import type { CallableRef } from "../../callables/reference.ts";
import { OptionError } from "../../errors.ts";
import type { ValueJson } from "../../values-json.ts";
import {
  arrayAt,
  objectAt,
  oneOfAt,
  refuse,
  refusedOption,
  textAt,
  textsAt,
  wholeAt,
  type PlainObject,
} from "../plain.ts";
import { checkTextOptions } from "./sources-options.ts";
import type { BagItemNode, BagNode, BagStep, FoldFunctions, KeyNode, OnError, TextOptions } from "./nodes.ts";

/** Checks of bags that come from outside, node by node. All throw PlanError whose `fields.path` says where something is not well formed. */

export const ON_ERROR = ["fail", "skip", "collect"] as const satisfies readonly OnError[];
const SOURCES = ["sequence", "glob", "text", "jsonLines"] as const;
const OPERATIONS = {
  step: ["step"],
  distinct: ["by", "partitions"],
  groupBy: ["by", "partitions"],
  foldBy: ["by", "fold", "partitions"],
  frequencies: ["partitions"],
  join: ["other", "by", "otherBy", "partitions"],
  zip: ["other"],
  repartition: ["partitions"],
} as const;
const KINDS = [...SOURCES, ...(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[])]; // its own keys
/** Operations on each other: more than anyone writes, and few enough for every walk along them. */
const MAX_DEPTH = 1_000;

export function bagAt(value: unknown, path: string, depth: number): BagNode {
  if (depth > MAX_DEPTH) refuse("bag", `at most ${MAX_DEPTH} operations`, "more");
  const kind = oneOfAt(objectAt(value, path)["kind"], `${path}.kind`, KINDS);
  if (kind === "sequence" || kind === "glob" || kind === "text" || kind === "jsonLines")
    return sourceAt(kind, value, path);
  const node = objectAt(value, path, ["kind", "input", ...OPERATIONS[kind]]);
  const input = bagAt(node["input"], `${path}.input`, depth + 1);
  const more = kind === "step" || kind === "zip" ? {} : partitionsAt(node, path);
  const by = (name: string) => keyAt(node[name], `${path}.${name}`);
  const other = () => bagAt(node["other"], `${path}.other`, depth + 1);
  switch (kind) {
    case "step":
      return { kind, input, step: stepAt(node["step"], `${path}.step`) };
    case "distinct":
      return { kind, input, by: node["by"] === null ? null : by("by"), ...more };
    case "groupBy":
      return { kind, input, by: by("by"), ...more };
    case "foldBy":
      return { kind, input, by: by("by"), fold: foldAt(node["fold"], `${path}.fold`), ...more };
    case "frequencies":
      return { kind, input, ...more };
    case "join":
      return { kind, input, other: other(), by: by("by"), otherBy: by("otherBy"), ...more };
    case "zip":
      return { kind, input, other: other() };
    case "repartition":
      return { kind, input, partitions: wholeAt(node["partitions"], `${path}.partitions`, 1) };
  }
}

const ITEM_FIELDS = {
  fold: ["fold"],
  reduce: ["fn"],
  count: [],
  sum: [],
  mean: [],
  results: [],
  std: ["ddof"],
  min: ["by"],
  max: ["by"],
  take: ["count"],
  topK: ["count", "by"],
  write: ["path"],
} as const;
const ITEMS = Object.keys(ITEM_FIELDS) as (keyof typeof ITEM_FIELDS)[]; // its own keys

export function bagItemAt(value: unknown, path: string): BagItemNode {
  const kind = oneOfAt(objectAt(value, path)["kind"], `${path}.kind`, ITEMS);
  const node = objectAt(value, path, ["kind", "input", ...ITEM_FIELDS[kind]]);
  const input = bagAt(node["input"], `${path}.input`, 0);
  const by = () => (node["by"] === null ? null : keyAt(node["by"], `${path}.by`));
  switch (kind) {
    case "fold":
      return { kind, input, fold: foldAt(node["fold"], `${path}.fold`) };
    case "reduce":
      return { kind, input, fn: callableAt(node["fn"], `${path}.fn`) };
    case "std":
      return { kind, input, ddof: wholeAt(node["ddof"], `${path}.ddof`) };
    case "min":
    case "max":
      return { kind, input, by: by() };
    case "take":
      return { kind, input, count: wholeAt(node["count"], `${path}.count`) };
    case "topK":
      return { kind, input, count: wholeAt(node["count"], `${path}.count`), by: by() };
    case "write":
      return { kind, input, path: textAt(node["path"], `${path}.path`) };
    default:
      return { kind, input };
  }
}

function sourceAt(kind: (typeof SOURCES)[number], value: unknown, path: string): BagNode {
  if (kind === "sequence") {
    const node = objectAt(value, path, ["kind", "parts", "items"]);
    const parts = arrayAt(node["parts"], `${path}.parts`).map((part, i) => valueAt(part, `${path}.parts[${i}]`));
    return { kind, parts, items: wholeAt(node["items"], `${path}.items`) };
  }
  const node = objectAt(value, path, ["kind", "paths", "options", "onError"]);
  const paths = textsAt(node["paths"], `${path}.paths`);
  if (paths.length === 0) refuse(`${path}.paths`, "at least one path, URL or glob", paths);
  if (kind === "glob") return { kind, paths };
  const options = textOptionsAt(node["options"], `${path}.options`);
  if (kind === "text") return { kind, paths, options };
  return { kind, paths, options, onError: oneOfAt(node["onError"] ?? "fail", `${path}.onError`, ON_ERROR) };
}

function textOptionsAt(value: unknown, path: string): TextOptions {
  const options = objectAt(value ?? {}, path) as TextOptions; // checked in the next lines
  try {
    return checkTextOptions(options, "readText");
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw refusedOption(error, path);
  }
}

export function stepAt(value: unknown, path: string): BagStep {
  const kind = oneOfAt(objectAt(value, path)["do"], `${path}.do`, ["map", "filter", "flatMap", "pluck"]);
  const step = objectAt(value, path, ["do", "onError", ...(kind === "pluck" ? ["key", "otherwise"] : ["fn", "args"])]);
  const onError = oneOfAt(step["onError"], `${path}.onError`, ON_ERROR);
  if (kind === "pluck") {
    const otherwise =
      step["otherwise"] === undefined ? {} : { otherwise: valueAt(step["otherwise"], `${path}.otherwise`) };
    return { do: kind, key: nameAt(step["key"], `${path}.key`), onError, ...otherwise };
  }
  const args = arrayAt(step["args"], `${path}.args`).map((arg, i) => valueAt(arg, `${path}.args[${i}]`));
  return { do: kind, fn: callableAt(step["fn"], `${path}.fn`), args, onError };
}

export function keyAt(value: unknown, path: string): KeyNode {
  if (oneOfAt(objectAt(value, path)["by"], `${path}.by`, ["fn", "name"]) === "fn")
    return { by: "fn", fn: callableAt(objectAt(value, path, ["by", "fn"])["fn"], `${path}.fn`) };
  return { by: "name", name: nameAt(objectAt(value, path, ["by", "name"])["name"], `${path}.name`) };
}

export function foldAt(value: unknown, path: string): FoldFunctions {
  const fold = objectAt(value, path, ["step", "initial", "combine"]);
  return {
    step: callableAt(fold["step"], `${path}.step`),
    initial: valueAt(fold["initial"], `${path}.initial`),
    combine: callableAt(fold["combine"], `${path}.combine`),
  };
}

export function callableAt(value: unknown, path: string): CallableRef {
  const kind = oneOfAt(objectAt(value, path)["kind"], `${path}.kind`, ["inline", "module", "builtin"]);
  const ref = objectAt(value, path, ["kind", "name", ...FUNCTION_FIELDS[kind]]);
  const name = textAt(ref["name"], `${path}.name`);
  const text = (field: string) => textAt(ref[field], `${path}.${field}`);
  switch (kind) {
    case "builtin":
      return { kind, name };
    case "module":
      return {
        kind,
        name,
        bundle: text("bundle"),
        hash: text("hash"),
        ...(ref["cloud"] === undefined ? {} : { cloud: text("cloud") }),
      };
    case "inline": {
      const file = ref["file"] === undefined ? {} : { file: text("file") };
      const line = ref["line"] === undefined ? {} : { line: wholeAt(ref["line"], `${path}.line`) };
      return { kind, name, source: text("source"), ...file, ...line };
    }
  }
}

const FUNCTION_FIELDS = {
  inline: ["source", "file", "line"],
  module: ["bundle", "hash", "cloud"],
  builtin: [],
} as const;

function partitionsAt(node: PlainObject, path: string): { readonly partitions?: number } {
  if (node["partitions"] === undefined) return {};
  return { partitions: wholeAt(node["partitions"], `${path}.partitions`, 1) };
}

function nameAt(value: unknown, path: string): string | number {
  return typeof value === "number" ? wholeAt(value, path) : textAt(value, path);
}

export function valueAt(value: unknown, path: string): ValueJson {
  const object = objectAt(value, path, ["json", "value"]);
  if ("value" in object) return { value: textAt(object["value"], `${path}.value`) };
  if (!("json" in object)) refuse(path, "{ json } or { value }", value);
  return value as ValueJson; // JSON that was parsed is JSON
}
