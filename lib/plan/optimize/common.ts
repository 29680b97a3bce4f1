import { inputsOfAggregate, type AggregateNode } from "../../collections/aggregate.ts";
import { formatExpression, type ExpressionNode } from "../../collections/expression.ts";
import { mayFail } from "../../collections/typing.ts";
import type { Operation } from "../../kernels/frame/steps.ts";
import type { Optimized } from "./operations.ts";

/** Beyond so many parts of expressions none is looked for: each is compared by its text. */
const MOST_PARTS = 2_000;

/** Names of columns of our own, which no file has. */
const COMMON = "\u0000common ";

/**
 * Computes what expressions of one operation have in common once: it becomes a column before the operation. What stands in the branches of a choice
 * alone (`when`, `coalesce`, `fillNull`) is left there if it may fail, since it is asked for some rows only.
 */
export function shareExpressions({ operations, notes }: Optimized): Optimized {
  const said = [...notes];
  let columns = 0;
  const out = operations.flatMap((operation): Operation[] => {
    const shared: Operation[] = [];
    let left = operation;
    for (;;) {
      const found = mostCommon(expressionsOf(left), shared);
      if (found === undefined) break;
      const column = { op: "col", name: `${COMMON}${++columns}` } as const;
      said.push(
        `computed once: ${formatExpression(found.node).replaceAll("\u0000", "its ")}, which stands in ${found.count} places`,
      );
      const replace = (node: ExpressionNode) => withColumn(node, found.text, column);
      left = withExpressions(left, replace);
      // What is found later is part of what was found before, and has to come before it.
      for (let i = 0; i < shared.length; i++) shared[i] = withExpressions(shared[i], replace);
      shared.unshift({ do: "assign", columns: [{ name: column.name, value: found.node }] });
    }
    return [...shared, left];
  });
  return { operations: out, notes: said };
}

interface Found {
  readonly node: ExpressionNode;
  readonly text: string;
  count: number;
  /** Whether it is asked for all rows somewhere. */
  isAsked: boolean;
}

/** The largest part that stands in more than one place. */
function mostCommon(expressions: readonly ExpressionNode[], shared: readonly Operation[]): Found | undefined {
  const all = [...expressions, ...shared.flatMap(expressionsOf)];
  const parts = new Map<string, Found>();
  let visited = 0;
  const visit = (node: ExpressionNode, isAsked: boolean): void => {
    if (node.op === "col" || node.op === "lit" || ++visited > MOST_PARTS) return;
    const text = JSON.stringify(node);
    const known = parts.get(text);
    if (known === undefined) parts.set(text, { node, text, count: 1, isAsked });
    else {
      known.count++;
      known.isAsked ||= isAsked;
    }
    const isChoice = node.op === "when" || node.op === "coalesce" || node.op === "fillNull";
    node.args.forEach((arg, i) => visit(arg, isAsked && (!isChoice || i === 0)));
  };
  for (const node of all) visit(node, true);
  if (visited > MOST_PARTS) return undefined;
  let best: Found | undefined;
  for (const part of parts.values())
    if (part.count > 1 && (part.isAsked || !mayFail(part.node)) && part.text.length > (best?.text.length ?? 0))
      best = part;
  return best;
}

function expressionsOf(operation: Operation): ExpressionNode[] {
  switch (operation.do) {
    case "filter":
      return [operation.condition];
    case "assign":
      return operation.columns.map(({ value }) => value);
    case "group":
      return operation.sink.aggregates.flatMap(({ value }) => inputsOfAggregate(value));
    default:
      return [];
  }
}

function withExpressions(operation: Operation, replace: (node: ExpressionNode) => ExpressionNode): Operation {
  switch (operation.do) {
    case "filter":
      return { ...operation, condition: replace(operation.condition) };
    case "assign":
      return { ...operation, columns: operation.columns.map(({ name, value }) => ({ name, value: replace(value) })) };
    case "group": {
      const aggregates = operation.sink.aggregates.map(({ name, value }) => ({
        name,
        value: ofInputs(value, replace),
      }));
      return { ...operation, sink: { ...operation.sink, aggregates } };
    }
    default:
      return operation;
  }
}

function ofInputs(aggregate: AggregateNode, replace: (node: ExpressionNode) => ExpressionNode): AggregateNode {
  const { input, other } = aggregate;
  return {
    ...aggregate,
    ...(input === undefined ? {} : { input: replace(input) }),
    ...(other === undefined ? {} : { other: replace(other) }),
  };
}

/** The expression with a column in the place of each part of that text. */
function withColumn(node: ExpressionNode, text: string, column: ExpressionNode): ExpressionNode {
  if (node.op === "col" || node.op === "lit") return node;
  if (JSON.stringify(node) === text) return column;
  const args = node.args.map((arg) => withColumn(arg, text, column));
  return { ...node, args } as ExpressionNode; // as many arguments as before
}
