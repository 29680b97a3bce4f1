import { OptionError } from "../errors.ts";
import { AGGREGATES, type AggregateKind } from "./aggregate-table.ts";
import { formatExpression } from "./expression/format.ts";
import type { ExpressionNode } from "./expression/nodes.ts";
import type { Params } from "./functions/spec.ts";
import { paramProblem, writtenParams } from "./functions/table.ts";

export type { AggregateKind } from "./aggregate-table.ts";

/** An aggregate as plain data. `input` absent: rows are counted. */
export interface AggregateNode {
  readonly kind: AggregateKind;
  readonly input?: ExpressionNode;
  /** The second expression of aggregates of two. */
  readonly other?: ExpressionNode;
  readonly params?: Params;
}

/** One value a group. */
export class Aggregate {
  readonly node: AggregateNode;

  constructor(node: AggregateNode) {
    this.node = node;
  }

  toString(): string {
    return formatAggregate(this.node);
  }
}

/** How many rows a group has, nulls and all. int64. */
export function size(): Aggregate {
  return new Aggregate({ kind: "size" });
}

/** An aggregate of expressions and constants; those that are undefined are left out. @throws OptionError for a constant that cannot stand there */
export function makeAggregate(
  kind: AggregateKind,
  inputs: readonly ExpressionNode[],
  params: Readonly<Record<string, Params[string] | undefined>> = {},
): Aggregate {
  const given = Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, Params[string]] => entry[1] !== undefined),
  );
  const problem = paramProblem(AGGREGATES[kind], given);
  if (problem !== undefined)
    throw new OptionError(
      `${kind}(…) expects ${problem.expected} for ${problem.name}, found ${String(problem.found)}.`,
      { fields: { aggregate: kind, param: problem.name } },
    );
  const [input, other] = inputs;
  return new Aggregate({
    kind,
    ...(input === undefined ? {} : { input }),
    ...(other === undefined ? {} : { other }),
    ...(Object.keys(given).length === 0 ? {} : { params: given }),
  });
}

/** The aggregate as people write it, and as the command line reads it. */
export function formatAggregate({ kind, input, other, params = {} }: AggregateNode): string {
  const inputs = [input, other].flatMap((node) => (node === undefined ? [] : [formatExpression(node)]));
  const constants = writtenParams(AGGREGATES[kind], params).map((value) => JSON.stringify(value));
  return `${kind}(${[...inputs, ...constants].join(", ")})`;
}

/** The expressions that an aggregate reads. */
export function inputsOfAggregate({ input, other }: AggregateNode): ExpressionNode[] {
  return [input, other].filter((node) => node !== undefined);
}
