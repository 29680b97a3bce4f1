import type { Expression } from "../expression.ts";
import { ExpressionBase, type Operand } from "./base.ts";

/** Functions of numbers, and choices among values. Null gives null, NaN gives NaN, unless said otherwise. */
export abstract class MathMethods extends ExpressionBase {
  /** Square root, float64; NaN below 0. */
  sqrt(): Expression {
    return this.call("sqrt");
  }
  /** e to this power, float64. */
  exp(): Expression {
    return this.call("exp");
  }
  /** Natural logarithm, float64; -Infinity at 0, NaN below. */
  log(): Expression {
    return this.call("log");
  }
  /** Logarithm to base 2, float64; as `log` at 0 and below. */
  log2(): Expression {
    return this.call("log2");
  }
  /** Logarithm to base 10, float64; as `log` at 0 and below. */
  log10(): Expression {
    return this.call("log10");
  }
  /** Sine of an angle in radians, float64; NaN of infinities. */
  sin(): Expression {
    return this.call("sin");
  }
  /** Cosine of an angle in radians, float64; NaN of infinities. */
  cos(): Expression {
    return this.call("cos");
  }
  /** Tangent of an angle in radians, float64; NaN of infinities. */
  tan(): Expression {
    return this.call("tan");
  }
  /** −1, 0 or 1 with the value's type; NaN stays. */
  sign(): Expression {
    return this.call("sign");
  }
  /** Rounded to so many decimals (default 0; negative: tens, hundreds …), halves to the even neighbour, as NumPy and pandas do. The type stays. @throws OverflowError for an int64 rounded beyond 64 bits */
  round(decimals?: number): Expression {
    return this.call("round", [], { decimals });
  }
  /** Rounded down to a whole number; the type stays. */
  floor(): Expression {
    return this.call("floor");
  }
  /** Rounded up to a whole number; the type stays. */
  ceil(): Expression {
    return this.call("ceil");
  }
  /** No less than `low` and no more than `high`; a bound that is null (or absent, or NaN) bounds nothing. int64 and float64 give float64. */
  clip(low: Operand = null, high: Operand = null): Expression {
    return this.call("clip", [low, high]);
  }
  /** Whether the value is NaN (a null is null). bool. */
  isNaN(): Expression {
    return this.call("isNaN");
  }

  /** The first of the values that is not null: this one, or the others in turn; null where all are. Types as for `fillNull`. NaN is a value. */
  coalesce(...others: readonly Operand[]): Expression {
    return this.call("coalesce", others);
  }
  /** Null where the value equals the other, else the value. */
  nullIf(other: Operand): Expression {
    return this.call("nullIf", [other]);
  }
}
