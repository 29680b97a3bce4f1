import { expressionAt } from "../check-expression.ts";
import type { ExpressionNode } from "../expression.ts";
import { arrayAt, booleanAt, objectAt, oneOfAt, refuse, textAt, textsAt, wholeAt, type PlainObject } from "../plain.ts";
import type { FrameNode } from "./nodes.ts";
import { JOINS, type FillValues, type FrameOperation, type SortKeyNode } from "./operation-nodes.ts";
import { OVER_FIELDS, overAt } from "./over-nodes.ts";
import { PARTITION_FIELDS, partitionsAt } from "./partitions.ts";
import { SUMMARY_FIELDS, summaryAt } from "./summary-json.ts";

type Kind = FrameOperation["kind"];

/** The fields of each operation beside `kind` and `input`. */
export const OPERATION_FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  drop: ["names"],
  rename: ["names"],
  tail: ["rows"],
  skip: ["rows"],
  sample: ["fraction", "rows", "seed"],
  dropNulls: ["names"],
  fillNull: ["values"],
  sort: ["keys"],
  distinct: ["names"],
  ...SUMMARY_FIELDS,
  over: OVER_FIELDS,
  ...PARTITION_FIELDS,
  join: ["other", "how", "leftOn", "rightOn", "suffixes"],
};

export const OPERATION_KINDS = Object.keys(OPERATION_FIELDS) as Kind[]; // its own keys

/** An operation over `input`, from plain data. `frameAt` reads the other side of a join. */
export function operationAt(
  kind: Kind,
  node: PlainObject,
  input: FrameNode,
  path: string,
  frameAt: (value: unknown, path: string) => FrameNode,
): FrameOperation {
  switch (kind) {
    case "describe":
    case "matrix":
    case "window":
      return summaryAt(kind, node, input, path);
    case "mapPartitions":
    case "repartition":
      return partitionsAt(kind, node, input, path);
    case "over":
      return { kind, input, ...overAt(node, path, sortKeyAt) };
    case "drop":
      return { kind, input, names: textsAt(node["names"], `${path}.names`) };
    case "rename":
      return {
        kind,
        input,
        names: arrayAt(node["names"], `${path}.names`).map((pair, i) => pairAt(pair, `${path}.names[${i}]`)),
      };
    case "tail":
    case "skip":
      return { kind, input, rows: wholeAt(node["rows"], `${path}.rows`) };
    case "sample": {
      const seed = wholeAt(node["seed"], `${path}.seed`);
      if (node["fraction"] === undefined) return { kind, input, rows: wholeAt(node["rows"], `${path}.rows`), seed };
      if (node["rows"] !== undefined) refuse(`${path}.rows`, "nothing, beside fraction", node["rows"]);
      return { kind, input, fraction: fractionAt(node["fraction"], `${path}.fraction`), seed };
    }
    case "dropNulls":
    case "distinct":
      return {
        kind,
        input,
        ...(node["names"] === undefined ? {} : { names: textsAt(node["names"], `${path}.names`) }),
      };
    case "fillNull":
      return { kind, input, values: valuesAt(node["values"], `${path}.values`) };
    case "sort":
      return {
        kind,
        input,
        keys: arrayAt(node["keys"], `${path}.keys`).map((key, i) => sortKeyAt(key, `${path}.keys[${i}]`)),
      };
    case "join": {
      const leftOn = textsAt(node["leftOn"], `${path}.leftOn`);
      const rightOn = textsAt(node["rightOn"], `${path}.rightOn`);
      if (leftOn.length === 0) refuse(`${path}.leftOn`, "at least one column", leftOn);
      if (rightOn.length !== leftOn.length)
        refuse(`${path}.rightOn`, `${leftOn.length} columns, as leftOn has`, rightOn);
      const suffixes = textsAt(node["suffixes"], `${path}.suffixes`);
      if (suffixes.length !== 2) refuse(`${path}.suffixes`, "two texts", suffixes);
      return {
        kind,
        input,
        other: frameAt(node["other"], `${path}.other`),
        how: oneOfAt(node["how"], `${path}.how`, JOINS),
        leftOn,
        rightOn,
        suffixes: [suffixes[0], suffixes[1]],
      };
    }
  }
}

function pairAt(value: unknown, path: string): { from: string; to: string } {
  const { from, to } = objectAt(value, path, ["from", "to"]);
  return { from: textAt(from, `${path}.from`), to: textAt(to, `${path}.to`) };
}

function fractionAt(value: unknown, path: string): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  return refuse(path, "a number from 0 to 1", value);
}

/** A sort key; also of plans. */
export function sortKeyAt(value: unknown, path: string): SortKeyNode {
  const { column, descending, nulls } = objectAt(value, path, ["column", "descending", "nulls"]);
  return {
    column: textAt(column, `${path}.column`),
    descending: booleanAt(descending, `${path}.descending`),
    nulls: oneOfAt(nulls, `${path}.nulls`, ["first", "last"]),
  };
}

function valuesAt(value: unknown, path: string): FillValues {
  const { all, each } = objectAt(value, path, ["all", "each"]);
  if (each === undefined) return { all: literalAt(all, `${path}.all`) };
  return {
    each: arrayAt(each, `${path}.each`).map((item, i) => {
      const at = `${path}.each[${i}]`;
      const { name, value: filled } = objectAt(item, at, ["name", "value"]);
      return { name: textAt(name, `${at}.name`), value: expressionAt(filled, `${at}.value`) };
    }),
  };
}

function literalAt(value: unknown, path: string): ExpressionNode & { op: "lit" } {
  const node = expressionAt(value, path);
  return node.op === "lit" ? node : refuse(path, "a literal", value);
}
