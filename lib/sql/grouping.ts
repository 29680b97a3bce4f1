import { Expression, col, type Aggregate, type ExpressionNode } from "../collections/expression.ts";
import { aggregateType } from "../collections/aggregate-typing.ts";
import type { Field, Schema } from "../collections/schema.ts";
import { typeOf } from "../collections/typing.ts";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import { aggregateOf } from "./aggregates.ts";
import { lowerExpression, type Surroundings } from "./expressions.ts";
import type { Expr } from "./ast.ts";
import type { Rows } from "./rows.ts";

interface Key extends Field {
  readonly value: Expression;
}

/** Groups of rows: keys, and aggregates as they are met. Nulls in keys form a group. */
export class Grouping {
  readonly #rows: Rows;
  readonly #keys: Key[] = [];
  readonly #aggregates = new Map<string, Field & { readonly aggregate: Aggregate }>();

  constructor(rows: Rows, keys: readonly Expression[]) {
    this.#rows = rows;
    const { names } = rows;
    for (const value of keys) {
      const text = JSON.stringify(value.node);
      if (this.#keys.some((key) => JSON.stringify(key.value.node) === text)) continue;
      const type = typeOf(value.node, rows.schema());
      const name = value.node.op === "col" ? value.node.name : names.take(":group");
      this.#keys.push({ name, value, type: type === "null" ? "int64" : type });
    }
  }

  /** An expression of groups. @throws SqlError for a column that is neither in an aggregate nor in a key */
  lower(expr: Expr, around: Surroundings): Expression {
    return this.regrouped(lowerExpression(expr, this.#around(around)), expr);
  }

  /** An expression of rows (and aggregates) as one of groups. `place`: what is at fault where it is none. */
  regrouped(value: Expression, place: unknown): Expression {
    return new Expression(this.#regrouped(value.node, place));
  }

  /** Where aggregates may stand; in them the rows' columns are met. */
  #around(around: Surroundings): Surroundings {
    const { problems } = around;
    // A query of one value joins the groups, so that none can stand in an aggregate.
    const { scalar: _, ...rows } = around;
    return {
      ...around,
      schema: () => [...around.schema(), ...this.#aggregates.values()],
      aggregate: (call) =>
        aggregateOf(
          call,
          (part) => lowerExpression(part, rows),
          (value) => typeOf(value.node, rows.schema()),
          (aggregate) => this.#add(aggregate),
          problems,
        ),
    };
  }

  /** The rows in groups, one row each. */
  frame(): DataFrame {
    const made = this.#keys.filter(({ name, value }) => !(value.node.op === "col" && value.node.name === name));
    const assigned = this.#rows.frame.assign(Object.fromEntries(made.map(({ name, value }) => [name, value])));
    const aggregates = [...this.#aggregates].map(([, { name, aggregate }]) => [name, aggregate] as const);
    return assigned
      .groupBy(
        this.#keys.map(({ name }) => name),
        { keepNulls: true },
      )
      .agg(Object.fromEntries(aggregates));
  }

  /** The columns of the groups. */
  schema(): Schema {
    return [...this.#keys, ...this.#aggregates.values()].map(({ name, type }) => ({ name, type }));
  }

  #add(aggregate: Aggregate): Expression {
    const text = JSON.stringify(aggregate.node);
    let made = this.#aggregates.get(text);
    if (made === undefined) {
      const name = this.#rows.names.take(`:${aggregate.node.kind}`);
      made = { name, aggregate, type: aggregateType(aggregate.node, this.#rows.schema()) };
      this.#aggregates.set(text, made);
    }
    return col(made.name);
  }

  #regrouped(node: ExpressionNode, place: unknown): ExpressionNode {
    const text = JSON.stringify(node);
    const key = this.#keys.find(({ value }) => JSON.stringify(value.node) === text);
    if (key !== undefined) return { op: "col", name: key.name };
    if (node.op === "lit") return node;
    if (node.op !== "col") {
      const args = node.args.map((arg) => this.#regrouped(arg, place));
      return { ...node, args } as ExpressionNode; // as many arguments as before
    }
    const isOurs =
      [...this.#aggregates.values()].some(({ name }) => name === node.name) ||
      this.#rows.values.some(({ name }) => name === node.name);
    if (isOurs) return node;
    throw this.#rows.within.problems.at(
      place,
      `column "${node.name}" stands neither in group by nor in an aggregate.`,
      `group by it, or write any_value(${node.name}).`,
    );
  }
}
