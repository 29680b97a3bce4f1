/**
 * The little language of `--filter`, `--assign` and `--agg`, parsed by precedence climbing (Richards & Whitby-Strevens, BCPL, 1979) into the
 * library's own expressions. Loosest first:
 *
 *     or   xor   and   not   = == != <> < <= > >=, is [not] null, [not] in (…), [not] between … and …   + -   * / // %   - (sign)   **
 *
 * Comparisons do not chain. Names are columns (any other name in `backticks`), 'strings' stand in single or double quotes, words are read in
 * any case. It also reads what an expression prints. Functions are the library's, with their constants behind the arguments: slice(name, 0, 3).
 */
import { makeAggregate, type Aggregate, type AggregateKind } from "../collections/aggregate.ts";
import { AGGREGATES, AGGREGATE_NAMES } from "../collections/aggregate-table.ts";
import { Expression, col, lit } from "../collections/expression.ts";
import type { ExpressionNode } from "../collections/expression/nodes.ts";
import type { Params } from "../collections/functions/spec.ts";
import { paramProblem } from "../collections/functions/table.ts";
import { SCALAR_TYPES } from "../collections/schema.ts";
import { nearestNames } from "../errors.ts";
import { CALLED, callFrom, functionNamed } from "./call.ts";
import { COMPARISON, NOT, OPERATORS, POWER, SIGN, UNARY } from "./operators.ts";
import { tokensOf, unreadable, type Token } from "./tokens.ts";

/** A condition or value over columns. @throws UsageError with a caret below the place. */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.expression(0);
  parser.end();
  return expression;
}

/** `NAME = EXPRESSION`. */
export function parseAssignment(text: string): { name: string; value: Expression } {
  const parser = new Parser(text);
  const name = parser.target('"revenue = quantity * price"');
  const value = parser.expression(0);
  parser.end();
  return { name, value };
}

/** `NAME = sum(EXPRESSION)`, or any other aggregate: `size()`, `corr(x, y)`, `quantile(x, 0.9, "lower")`. */
export function parseAggregate(text: string): { name: string; value: Aggregate } {
  const parser = new Parser(text);
  const name = parser.target('"revenue = sum(revenue)"');
  const value = parser.aggregate();
  parser.end();
  return { name, value };
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  /** What binds at least as strongly as `power`. */
  expression(power: number): Expression {
    let left = this.#prefix(power);
    for (;;) {
      const word = this.#word();
      if (power <= COMPARISON && ["is", "in", "between", "not"].includes(word)) left = this.#test(left);
      else {
        const operator = Object.hasOwn(OPERATORS, word) ? OPERATORS[word] : undefined;
        if (operator === undefined || operator.power < power) return left;
        this.#at++;
        // Powers group to the right, and take a sign at their right; all others group to the left.
        left = operator.make(left, this.expression(operator.power === POWER ? SIGN : operator.power + 1));
        if (operator.power !== COMPARISON) continue;
      }
      this.#refuseChain();
    }
  }

  /** The name before `=`. */
  target(example: string): string {
    const [name, equals] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]];
    if ((name.kind !== "name" && name.kind !== "column") || equals?.text !== "=")
      this.#fail(name, "a name and = are expected first", `write it as ${example}.`);
    this.#at += 2;
    return name.text;
  }

  /** A name, and in parentheses its expressions and constants. */
  aggregate(): Aggregate {
    const token = this.#tokens[this.#at];
    const kind = aggregateNamed(this.#word());
    if (kind === undefined || this.#tokens[this.#at + 1]?.text !== "(")
      this.#fail(
        token,
        `an aggregate is expected`,
        nearest(token, AGGREGATE_NAMES) ?? `use one of ${AGGREGATE_NAMES.join(", ")}, as in sum(x).`,
      );
    this.#at += 2;
    const spec = AGGREGATES[kind];
    const inputs = Array.from({ length: spec.inputs }, (_, i) => {
      if (i > 0) this.#expect(",");
      return this.expression(0).node;
    });
    const params: Record<string, Params[string]> = {};
    for (const { name } of spec.params ?? []) {
      if (!this.#takeWord(",")) break;
      if (!this.#takeWord("null")) params[name] = this.#plainConstant();
    }
    const problem = paramProblem(spec, params);
    if (problem !== undefined) this.#fail(token, `${kind} expects ${problem.expected} for ${problem.name}`);
    this.#expect(")");
    return makeAggregate(kind, inputs, params);
  }

  end(): void {
    const token = this.#tokens[this.#at];
    if (token.kind === "end") return;
    const fix = token.kind === "string" ? "names of columns take no quotes, or backticks." : undefined;
    this.#fail(token, "an operator or the end is expected", fix);
  }

  #prefix(power: number): Expression {
    const word = this.#word();
    if (word === "not" && power <= NOT) {
      this.#at++;
      return this.expression(NOT).not();
    }
    if (word === "-" || word === "+") {
      const [, next, after] = this.#tokens.slice(this.#at, this.#at + 3);
      this.#at++;
      if (word === "+") return this.expression(SIGN);
      // −5 is a number, −x and −5 ** 2 are operations.
      if (next.kind !== "number" || after.text === "**") return this.expression(SIGN).neg();
      this.#at++;
      return this.#number(next, `-${next.text}`);
    }
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at++];
    if (token.kind === "number") return this.#number(token, token.text);
    if (token.kind === "string") return lit(token.text);
    if (token.kind === "column") return col(token.text);
    if (token.text === "(") {
      const inner = this.expression(0);
      this.#expect(")");
      return inner;
    }
    if (token.kind !== "name") this.#fail(token, "a value is expected");
    if (this.#word() === "(") return this.#call(token);
    const word = token.text.toLowerCase();
    if (word === "true" || word === "false") return lit(word === "true");
    if (word === "null") return lit(null);
    if (["and", "or", "xor", "not", "is", "in", "between"].includes(word))
      this.#fail(token, "a value is expected", `put a column of this name in backticks: \`${token.text}\`.`);
    return col(token.text);
  }

  /** Digits alone are int64, with a point or an exponent float64. */
  #number(token: Token, text: string): Expression {
    const digits = text.replaceAll("_", "");
    const value = Number(digits);
    if (Object.is(value, -0)) return lit(value);
    if (!/^-?\d+$/.test(digits)) return new Expression({ op: "lit", type: "float64", value });
    if (Number.isSafeInteger(value)) return lit(value);
    if (BigInt.asIntN(64, BigInt(digits)) !== BigInt(digits))
      this.#fail(token, "an integer of 64 bits is expected", `write ${digits}.0 for a float.`);
    return lit(BigInt(digits));
  }

  #call(token: Token): Expression {
    this.#expect("(");
    const name = token.text.toLowerCase();
    if (aggregateNamed(name) !== undefined)
      this.#fail(token, `${token.text} is an aggregate; it may stand only in --agg`);
    const arg = () => this.expression(0);
    let value: Expression;
    if (name === "not") value = arg().not();
    else if (name === "cast") value = this.#cast();
    else if (name === "fillnull") {
      const first = arg();
      this.#expect(",");
      value = first.fillNull(arg());
    } else if (Object.hasOwn(UNARY, name)) value = UNARY[name](arg());
    else value = this.#function(token);
    this.#expect(")");
    return value;
  }

  /** What stands between the parentheses of a function of the table. */
  #function(token: Token): Expression {
    const name = functionNamed(token.text);
    if (name === undefined)
      this.#fail(
        token,
        `there is no function ${token.text}`,
        nearest(token, CALLED) ?? `there are ${CALLED.join(", ")}.`,
      );
    const given: ExpressionNode[] = [];
    while (this.#word() !== ")") {
      if (given.length > 0) this.#expect(",");
      given.push(this.expression(0).node);
    }
    const node = callFrom(name, given);
    return typeof node === "string" ? this.#fail(token, node) : new Expression(node);
  }

  /** `x, float64` or `x as float64`; a third word "null" says what becomes of values that do not fit. */
  #cast(): Expression {
    const value = this.expression(0);
    if (this.#word() === "as") this.#at++;
    else this.#expect(",");
    const token = this.#tokens[this.#at++];
    const type = SCALAR_TYPES.find((known) => known === token.text);
    if (type === undefined) this.#fail(token, `a type is expected: ${SCALAR_TYPES.join(", ")}`);
    if (!this.#takeWord(",")) return value.cast(type);
    const errors = this.#tokens[this.#at++];
    if (errors.text !== "null") this.#fail(errors, '"null" is expected');
    return value.cast(type, { errors: "null" });
  }

  /** `is [not] null`, `[not] in (…)`, `[not] between … and …`. */
  #test(left: Expression): Expression {
    if (this.#takeWord("is")) {
      const negative = this.#takeWord("not");
      this.#expect("null");
      return negative ? left.isNotNull() : left.isNull();
    }
    const negative = this.#takeWord("not");
    const positive = this.#takeWord("in") ? left.isIn(this.#list()) : this.#between(left);
    return negative ? positive.not() : positive;
  }

  #between(left: Expression): Expression {
    this.#expect("between");
    const low = this.expression(COMPARISON + 1);
    this.#expect("and");
    return left.between(low, this.expression(COMPARISON + 1));
  }

  #list(): (boolean | number | bigint | string)[] {
    const close = this.#word() === "[" ? "]" : ")";
    this.#expect(close === "]" ? "[" : "(");
    const values: (boolean | number | bigint | string)[] = [];
    while (this.#word() !== close) {
      if (values.length > 0) this.#expect(",");
      values.push(this.#constant());
    }
    this.#expect(close);
    return values;
  }

  #constant(): boolean | number | bigint | string {
    const token = this.#tokens[this.#at];
    const { node } = this.expression(SIGN);
    const value = node.op === "lit" ? node.value : null;
    if (value === null) this.#fail(token, "a number, a string, true or false is expected");
    if (typeof value !== "object") return value;
    return "int" in value ? BigInt(value.int) : Number(value.float);
  }

  #plainConstant(): boolean | number | string {
    const token = this.#tokens[this.#at];
    const value = this.#constant();
    return typeof value === "bigint" ? this.#fail(token, "a smaller number is expected") : value;
  }

  #refuseChain(): void {
    const operator = Object.hasOwn(OPERATORS, this.#word()) ? OPERATORS[this.#word()] : undefined;
    if (operator?.power === COMPARISON)
      this.#fail(this.#tokens[this.#at], "comparisons do not chain", "join two of them with and.");
  }

  /** The word here, in small letters where its case does not count. */
  #word(): string {
    const { kind, text } = this.#tokens[this.#at];
    if (kind === "string" || kind === "column") return "";
    return kind === "name" ? text.toLowerCase() : text;
  }

  #takeWord(word: string): boolean {
    if (this.#word() !== word) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#takeWord(word)) this.#fail(this.#tokens[this.#at], `${word} is expected`);
  }

  #fail(token: Token, problem: string, fix?: string): never {
    const found = token.kind === "end" ? "the end" : JSON.stringify(token.text);
    throw unreadable(this.#text, token.at, `${problem}, found ${found}`, fix);
  }
}

function aggregateNamed(word: string): AggregateKind | undefined {
  return AGGREGATE_NAMES.find((name) => name.toLowerCase() === word.toLowerCase());
}

function nearest(token: Token, known: readonly string[]): string | undefined {
  const near = token.kind === "name" ? nearestNames(token.text, known) : [];
  return near.length > 0 ? `did you mean ${near.join(" or ")}?` : undefined;
}
