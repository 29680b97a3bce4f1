import { namedTwice } from "../names.ts";
import { OptionError } from "../../errors.ts";
import { asExpression, type Operand } from "../expression.ts";
import { knownKeys, wholeNumber, wrong } from "../options.ts";
import { notOneOf } from "./one-of.ts";
import type { FrameNode } from "./nodes.ts";
import { JOINS, type ConcatNode, type FillValues, type JoinNode, type SortKeyNode } from "./operation-nodes.ts";

export interface SortOptions {
  /** Largest first: for all keys, or key by key. Default false. Equal rows stay in their order either way. */
  readonly descending?: boolean | readonly boolean[];
  /** Where nulls go, and NaN with them, whatever the direction. Default "last". */
  readonly nulls?: "first" | "last";
}

export function sortKeys(by: string | readonly string[], options: SortOptions, where: string): SortKeyNode[] {
  knownKeys(options, ["descending", "nulls"], where);
  const columns = columnNames([by].flat(), where);
  const { descending = false, nulls = "last" } = options;
  if (nulls !== "first" && nulls !== "last") throw notOneOf(`${where} option nulls`, ["first", "last"], nulls);
  const flags = [descending].flat();
  if (flags.some((flag) => typeof flag !== "boolean") || (Array.isArray(descending) && flags.length !== columns.length))
    throw wrong(
      `${where} option descending`,
      `true or false, or one of them for each of the ${columns.length} columns`,
      descending,
      `write descending: true, or [${columns.map((_, i) => i === 0).join(", ")}].`,
    );
  return columns.map((column, i) => ({ column, descending: flags.length > 1 ? flags[i] : flags[0], nulls }));
}

/** Names, checked to be texts, at least one, and each once. */
export function columnNames(names: readonly unknown[], where: string): string[] {
  const other = names.find((name) => typeof name !== "string");
  if (names.length === 0 || other !== undefined)
    throw new OptionError(
      `${where} expects column names, found ${names.length === 0 ? "none" : other === null ? "null" : `a ${typeof other}`}.`,
      { fix: "name columns by text; assign an expression to a column first." },
    );
  const texts = names as string[]; // just checked
  const twice = namedTwice(texts);
  if (twice !== undefined) throw new OptionError(`${where} names "${twice}" twice.`, { fix: "name each column once." });
  return texts;
}

export interface JoinOptions {
  /** Columns that both frames have, the values of which are to be equal. Comes out once. */
  readonly on?: string | readonly string[];
  /** Columns of this frame, and of the other, in pairs; instead of `on`. Both come out. */
  readonly leftOn?: string | readonly string[];
  readonly rightOn?: string | readonly string[];
  /** Default "inner". */
  readonly how?: JoinNode["how"];
  /** What is put behind names that both frames have, beside those in `on`. Default ["_x", "_y"], as in pandas. */
  readonly suffixes?: readonly [string, string];
}

export function joinNode(input: FrameNode, other: FrameNode, options: JoinOptions): JoinNode {
  knownKeys(options, ["on", "leftOn", "rightOn", "how", "suffixes"], "join(…)");
  const { on, leftOn = on, rightOn = on, how = "inner", suffixes = ["_x", "_y"] } = options;
  if (
    leftOn === undefined ||
    rightOn === undefined ||
    (on !== undefined && (options.leftOn ?? options.rightOn) !== undefined)
  )
    throw new OptionError("join(…) expects either on, or leftOn and rightOn.", {
      fix: 'say which columns are to be equal, as in { on: "id" } or { leftOn: "id", rightOn: "customer" }.',
    });
  const left = columnNames([leftOn].flat(), "join(…)");
  const right = columnNames([rightOn].flat(), "join(…)");
  if (left.length !== right.length)
    throw new OptionError(`join(…) has ${left.length} columns in leftOn and ${right.length} in rightOn.`, {
      fields: { leftOn: left, rightOn: right },
      fix: "name as many columns of one frame as of the other: they are compared in pairs.",
    });
  if (!JOINS.includes(how)) throw notOneOf("join(…) option how", JOINS, how);
  if (!Array.isArray(suffixes) || suffixes.length !== 2 || suffixes.some((text) => typeof text !== "string"))
    throw wrong("join(…) option suffixes", "two texts", suffixes, 'write ["_left", "_right"].');
  return { kind: "join", input, other, how, leftOn: left, rightOn: right, suffixes: [suffixes[0], suffixes[1]] };
}

export function concatNode(inputs: readonly FrameNode[]): ConcatNode {
  if (inputs.length === 0) throw wrong("concat([…])", "at least one frame", inputs);
  return { kind: "concat", inputs };
}

export function fillValues(value: Operand | Readonly<Record<string, Operand>>): FillValues {
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return {
      each: Object.entries(value as Readonly<Record<string, Operand>>).map(([name, item]) => ({
        name,
        value: asExpression(item).node,
      })),
    };
  const { node } = asExpression(value as Operand);
  if (node.op === "lit" && node.type !== "null") return { all: node };
  throw new OptionError("fillNull(…) expects a value, or an object of values by column.", {
    fix: 'write fillNull(0), or fillNull({ price: 0, name: "unknown" }).',
  });
}

/** How much of the rows: either a fraction of them, or a number. */
export interface SampleOptions {
  /** From 0 to 1. */
  readonly fraction?: number;
  /** Of rows. */
  readonly n?: number;
  /** A whole number. Default 0. */
  readonly seed?: number;
}

/** A random part of the rows. */
export function sampleNode(input: FrameNode, { fraction, n, seed = 0 }: SampleOptions): FrameNode {
  if ((fraction === undefined) === (n === undefined))
    throw new OptionError("sample(…) expects either a fraction, or n.", {
      fix: "write sample(0.01) for about one row in a hundred, or sample({ n: 100 }).",
    });
  if (fraction !== undefined && (typeof fraction !== "number" || !(fraction >= 0 && fraction <= 1)))
    throw new OptionError(`sample(…) expects a fraction from 0 to 1, found ${String(fraction)}.`, {
      fix: "write sample(0.01) for about one row in a hundred, or sample({ n: 100 }).",
    });
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw wrong("sample(…) option seed", "a whole number of at least 0", seed);
  if (fraction !== undefined) return { kind: "sample", input, fraction, seed };
  return { kind: "sample", input, rows: wholeNumber(n ?? 0, "sample(…) option n", 0), seed };
}
