import { columnsRead, formatExpression, type ExpressionNode } from "../../collections/expression.ts";
import type { Operation } from "../../kernels/frame/steps.ts";
import type { JoinBase } from "../lower/frame/join-columns.ts";
import type { Pipeline } from "../lower/frame/logical.ts";
import { mayFail } from "../../collections/typing.ts";

/** A pipeline, and what was done to it. */
export interface OptimizedPipeline {
  readonly pipeline: Pipeline;
  readonly notes: readonly string[];
}

/**
 * Moves filters that stand right behind a join to the side whose columns they read, where no row that they would leave out could have
 * mattered otherwise, and they cannot fail on rows that the join leaves out.
 */
export function pushFiltersIntoJoin({ base, operations }: Pipeline): OptimizedPipeline {
  if (base.kind !== "join") return { pipeline: { base, operations }, notes: [] };
  const notes: string[] = [];
  let join = base;
  let at = 0;
  const rest: Operation[] = [];
  for (; at < operations.length; at++) {
    const operation = operations[at];
    if (operation.do !== "filter") break;
    const stays: ExpressionNode[] = [];
    for (const condition of conjuncts(operation.condition)) {
      const side = mayFail(condition) ? undefined : sideOf(condition, join);
      if (side === undefined) {
        stays.push(condition);
        continue;
      }
      const filtered: Pipeline = {
        base: join[side].base,
        operations: [...join[side].operations, { do: "filter", condition }],
      };
      join = side === "left" ? { ...join, left: filtered } : { ...join, right: filtered };
      notes.push(`pushed down: filter ${formatExpression(condition)} runs before the join, on its ${side} side`);
    }
    if (stays.length > 0) rest.push({ do: "filter", condition: stays.reduce((a, b) => ({ op: "and", args: [a, b] })) });
  }
  return { pipeline: { base: join, operations: [...rest, ...operations.slice(at)] }, notes };
}

function conjuncts(condition: ExpressionNode): ExpressionNode[] {
  return condition.op === "and" ? condition.args.flatMap(conjuncts) : [condition];
}

/** The side that has all that the condition reads, under the same names, and may lose rows. */
function sideOf(condition: ExpressionNode, { how, output }: JoinBase): "left" | "right" | undefined {
  const read = [...columnsRead(condition)];
  if (read.length === 0) return undefined;
  const allOf = (side: "left" | "right") =>
    read.every((name) =>
      output.some((column) => column.name === name && column.column === name && [side, "key"].includes(column.from)),
    );
  if (how !== "right" && how !== "outer" && allOf("left")) return "left";
  if ((how === "inner" || how === "right") && allOf("right")) return "right";
  return undefined;
}
