import { Expression, lit } from "../collections/expression.ts";
import type { Duration } from "../collections/expression/time-methods.ts";
import { fieldName, variantOf, type Expr, type IntervalNode, type Kinds, type ValueNode } from "./ast.ts";
import type { Problems } from "./problem.ts";

/** A constant. Numbers without point and exponent are int64 where they fit, all others float64. */
export function literalOf(node: ValueNode, problems: Problems): Expression {
  const { value } = node;
  if (value === "Null") return lit(null);
  if (value.Boolean !== undefined) return lit(value.Boolean);
  const text = value.SingleQuotedString ?? value.DollarQuotedString?.value;
  if (text !== undefined) return lit(text);
  if (value.Number !== undefined) return numberOf(value.Number[0]);
  throw problems.unsupported(node, `A constant of kind ${Object.keys(value)[0]}`);
}

function numberOf(spelling: string): Expression {
  const text = spelling.replaceAll("_", "");
  if (/^\d+$/.test(text)) {
    const whole = BigInt(text);
    if (Number.isSafeInteger(Number(text))) return lit(Number(text));
    if (BigInt.asIntN(64, whole) === whole) return lit(whole);
  }
  const value = Number(text);
  // A float64 even where its value is whole, as 1.0 or 1e5.
  return Number.isSafeInteger(value) ? new Expression({ op: "lit", type: "float64", value }) : lit(value);
}

/** As in date '2020-01-31'. */
export function typedLiteral({ data_type: type, value }: Kinds["TypedString"], problems: Problems): Expression {
  const to = type === "Date" ? "date" : typeof type === "object" && "Timestamp" in type ? "timestamp" : undefined;
  const text = value.value === "Null" ? undefined : value.value.SingleQuotedString;
  if (to !== undefined && text !== undefined) return lit(text, to);
  throw problems.unsupported(
    value,
    "A constant of this type",
    "write date '2020-01-31' or timestamp '2020-01-31 12:00:00'.",
  );
}

type Unit = keyof Duration;
const UNITS: readonly Unit[] = [
  "years",
  "months",
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
];

/** As in interval '1' year, interval 3 day, interval '1 year 2 months', interval '90' day. `sign` −1 turns it. */
export function durationOf(node: IntervalNode, sign: 1 | -1, problems: Problems): Duration {
  const text = textOf(node.value);
  const unit = node.leading_field === undefined ? "" : ` ${fieldName(node.leading_field)}`;
  const words = `${text ?? ""}${unit}`.trim().toLowerCase().split(/\s+/);
  const total: Record<string, number> = {};
  for (let i = 0; i < words.length; i += 2) {
    const amount = Number(words[i]);
    const known = UNITS.find((name) => name === words[i + 1] || name === `${words[i + 1]}s`);
    if (text === undefined || words[i] === "" || !Number.isSafeInteger(amount) || known === undefined)
      throw problems.at(
        node,
        "expected an interval of whole numbers and units.",
        `as interval '1 year 2 months'; units are ${UNITS.join(", ")}.`,
      );
    total[known] = (total[known] ?? 0) + sign * amount;
  }
  return total;
}

/** The text or the number as it is written. */
function textOf(expr: Expr): string | undefined {
  const { kind, value } = variantOf(expr);
  if (kind !== "Value" || value.value === "Null") return undefined;
  return value.value.SingleQuotedString ?? value.value.Number?.[0];
}
