import type { Table } from "apache-arrow";
import { OptionError } from "../../errors.ts";
import { formatBag } from "../bag/format.ts";
import { Collection } from "../collection.ts";
import { Aggregate, Expression, asExpression, formatExpression, type Operand } from "../expression.ts";
import { wholeNumber } from "../options.ts";
import { frameFromJson, frameToJson, type FrameJson } from "./json.ts";
import type { FrameNode } from "./nodes.ts";

/**
 * A lazy table: a description of rows to come. Every method but `compute`, `persist`, `show` and `explain` just describes, and returns at once;
 * nothing is read until then.
 *
 * `compute` gives the rows as an Apache Arrow table. A grouped frame is sorted by its keys, nulls last; otherwise rows keep the files' order.
 */
export class DataFrame extends Collection<Table> {
  readonly kind = "frame";
  readonly node: FrameNode;

  constructor(node: FrameNode) {
    super();
    this.node = node;
  }

  /** The rows for which the condition is true (not false, not null). */
  filter(condition: Expression): DataFrame {
    if (!(condition instanceof Expression))
      throw new OptionError(`filter(…) expects an expression, found ${describe(condition)}.`, {
        fix: 'write a condition over columns, as in col("quantity").gt(50).',
      });
    return new DataFrame({ kind: "filter", input: this.node, condition: condition.node });
  }

  /** Adds columns, or replaces those of the same name. All expressions see the columns as they were before. */
  assign(columns: Readonly<Record<string, Operand>>): DataFrame {
    const list = Object.entries(columns).map(([name, value]) => ({ name, value: asExpression(value).node }));
    if (list.length === 0) return this;
    return new DataFrame({ kind: "assign", input: this.node, columns: list });
  }

  /** These columns, in this order. */
  select(...names: (string | readonly string[])[]): DataFrame {
    const flat = names.flat();
    const twice = flat.find((name, i) => flat.indexOf(name) !== i);
    if (twice !== undefined)
      throw new OptionError(`select(…) names "${twice}" twice.`, { fix: "name each column once." });
    return new DataFrame({ kind: "select", input: this.node, names: flat });
  }

  /** The first rows, in the order of the files. Reads no more shards than it takes. Default 5. */
  head(rows = 5): DataFrame {
    return new DataFrame({ kind: "head", input: this.node, rows: wholeNumber(rows, "head(…)", 0) });
  }

  /**
   * Groups rows by the values of columns. Rows with a null (or NaN) key are left out, as in pandas; `keepNulls: true` gives them groups of their own.
   * No keys: all rows are one group.
   */
  groupBy(...keys: (string | readonly string[] | GroupOptions)[]): GroupBy {
    const last = keys[keys.length - 1];
    const options: GroupOptions = typeof last === "object" && !Array.isArray(last) ? (last as GroupOptions) : {}; // neither a name nor a list
    const names = keys.filter((key) => key !== options).flat() as string[]; // what is left are names
    const wrong = names.find((name) => typeof name !== "string");
    if (wrong !== undefined)
      throw new OptionError(`groupBy(…) expects column names, found ${describe(wrong)}.`, {
        fix: "assign the expression to a column first, then group by its name.",
      });
    return new GroupBy(this.node, names, options.keepNulls ?? false);
  }

  /** Aggregates over all rows: a frame of one row. */
  agg(aggregates: Readonly<Record<string, Aggregate>>): DataFrame {
    return new GroupBy(this.node, [], false).agg(aggregates);
  }

  /** Prints the first rows as a text table on standard output. */
  async show(rows = 10): Promise<void> {
    const { formatTable } = await import("./format-table.ts");
    process.stdout.write(`${formatTable(await this.head(rows + 1).compute(), rows)}\n`);
  }

  /** The description as JSON, from which `fromJSON` makes the frame again: a pipeline to keep or to send. @throws PlanError for a persisted frame. */
  toJSON(): FrameJson {
    return frameToJson(this.node);
  }

  /** The frame of a description as `toJSON` gives it (an object; parse text first). @throws PlanError that says where it is not well formed. */
  static fromJSON(json: unknown): DataFrame {
    return new DataFrame(frameFromJson(json));
  }

  override toString(): string {
    return formatNode(this.node);
  }

  get [Symbol.toStringTag](): string {
    return "DataFrame";
  }
}

export interface GroupOptions {
  readonly keepNulls?: boolean;
}

/** Rows in groups: waits for `agg`. */
export class GroupBy {
  readonly #input: FrameNode;
  readonly #keys: readonly string[];
  readonly #keepNulls: boolean;

  constructor(input: FrameNode, keys: readonly string[], keepNulls: boolean) {
    this.#input = input;
    this.#keys = keys;
    this.#keepNulls = keepNulls;
  }

  /** One row a group: the keys, then these aggregates by name. */
  agg(aggregates: Readonly<Record<string, Aggregate>>): DataFrame {
    const list = Object.entries(aggregates).map(([name, value]) => {
      if (!(value instanceof Aggregate))
        throw new OptionError(`agg({ ${name}: … }) expects an aggregate, found ${describe(value)}.`, {
          fix: `say how to combine the values, as in ${name}: col("${name}").sum().`,
        });
      if (this.#keys.includes(name))
        throw new OptionError(`agg({ ${name}: … }) has the name of a key.`, {
          fix: "give the aggregate another name.",
        });
      return { name, value: value.node };
    });
    return new DataFrame({
      kind: "group",
      input: this.#input,
      keys: this.#keys,
      aggregates: list,
      keepNulls: this.#keepNulls,
    });
  }
}

function describe(value: unknown): string {
  if (value instanceof Expression) return `the expression ${String(value)}`;
  if (value instanceof Aggregate) return `the aggregate ${String(value)}`;
  return value === null ? "null" : `a ${typeof value}`;
}

/** Operations from the source down, a line each. */
export function formatNode(node: FrameNode): string {
  return ["DataFrame (lazy)", ...lines(node).map((line) => `  ${line}`)].join("\n");
}

function lines(node: FrameNode): string[] {
  switch (node.kind) {
    case "csv":
      return [`read csv   ${node.paths.join(", ")}`];
    case "file":
      return [`read ${node.format.padEnd(7)}${node.paths.join(", ")}`];
    case "kept":
      return [
        `kept       ${node.rows} rows in ${node.refs.length} parts: ${node.schema.map(({ name, type }) => `${name} ${type}`).join(", ")}`,
      ];
    case "bag":
      return [
        ...formatBag(node.bag)
          .split("\n")
          .slice(1)
          .map((line) => line.slice(2)),
        "as a frame",
      ];
    case "filter":
      return [...lines(node.input), `filter     ${formatExpression(node.condition)}`];
    case "assign":
      return [
        ...lines(node.input),
        ...node.columns.map(({ name, value }) => `assign     ${name} = ${formatExpression(value)}`),
      ];
    case "select":
      return [...lines(node.input), `select     ${node.names.join(", ")}`];
    case "head":
      return [...lines(node.input), `head       ${node.rows} rows`];
    case "group":
      return [
        ...lines(node.input),
        `group by   ${node.keys.join(", ") || "(all rows)"}: ${node.aggregates.map(({ name, value }) => `${name} = ${String(new Aggregate(value))}`).join(", ")}`,
      ];
  }
}
