import { OptionError } from "../../errors.ts";
import { Expression } from "../expression.ts";
import { callNode, nodeOf, type Operand } from "./base.ts";
import type { ExpressionNode } from "./nodes.ts";

/**
 * A value by conditions: `when(c).then(x).when(d).then(y).otherwise(z)`. The first condition that is true decides (false and null do not); without
 * `otherwise` the rest is null. All values have one type (int64 and float64 give float64, date and timestamp timestamp). A value is not computed for rows
 * that do not take it, so it cannot fail there.
 */
export function when(condition: Operand): When {
  return new When([], nodeOf(condition));
}

/** A condition that waits for its value. */
export class When {
  readonly #before: readonly ExpressionNode[];
  readonly #condition: ExpressionNode;

  constructor(before: readonly ExpressionNode[], condition: ExpressionNode) {
    this.#before = before;
    this.#condition = condition;
  }

  then(value: Operand): Then {
    // Whatever awaits this takes it for a promise, and calls then with its callbacks.
    if (typeof value === "function")
      throw new OptionError("when(…) is no promise: it cannot be awaited.", { fix: "go on with .then(value)." });
    return new Then([...this.#before, this.#condition, nodeOf(value)]);
  }
}

/** The conditions so far as an expression: null where none is true. */
export class Then extends Expression {
  readonly #branches: readonly ExpressionNode[];

  constructor(branches: readonly ExpressionNode[]) {
    super(callNode("when", [...branches, nodeOf(null)]));
    this.#branches = branches;
  }

  when(condition: Operand): When {
    return new When(this.#branches, nodeOf(condition));
  }

  otherwise(value: Operand): Expression {
    return new Expression(callNode("when", [...this.#branches, nodeOf(value)]));
  }
}
