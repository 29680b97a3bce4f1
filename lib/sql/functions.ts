import { lit, type Expression } from "../collections/expression.ts";
import { when } from "../collections/expression/when.ts";
import { extreme, joinedText, remainder, roundAway, truncated } from "./arithmetic.ts";
import type { Call, FunctionRule } from "./call.ts";

const one = (make: (value: Expression) => Expression): FunctionRule => ({
  args: [1, 1],
  make: ({ args }) => make(args[0]),
});
const two = (make: (a: Expression, b: Expression) => Expression): FunctionRule => ({
  args: [2, 2],
  make: ({ args }) => make(args[0], args[1]),
});
const many = (least: number, make: (call: Call) => Expression): FunctionRule => ({ args: [least, Infinity], make });
const range = (least: number, most: number, make: (call: Call) => Expression): FunctionRule => ({
  args: [least, most],
  make,
});

const length = one((x) => x.length());
const left = range(2, 2, (call) => call.args[0].slice(0, call.whole(1)));
const choose = range(3, 3, ({ args: [condition, a, b] }) => when(condition).then(a).otherwise(b));
const power = two((a, b) => a.pow(b));
const startsWith = two((text, start) => text.startsWith(start));
const endsWith = two((text, end) => text.endsWith(end));
const substring = range(2, 3, (call) =>
  substringOf(call.args[0], call.whole(1), call.args.length > 2 ? call.whole(2) : undefined),
);

/** Functions of one row, by SQL's names. What they do is what the methods of `Expression` do, where `docs/sql.md` says nothing else. */
export const FUNCTION_RULES: Readonly<Record<string, FunctionRule>> = {
  abs: one((x) => x.abs()),
  sqrt: one((x) => x.sqrt()),
  exp: one((x) => x.exp()),
  ln: one((x) => x.log()),
  log: one((x) => x.log10()),
  log2: one((x) => x.log2()),
  log10: one((x) => x.log10()),
  sin: one((x) => x.sin()),
  cos: one((x) => x.cos()),
  tan: one((x) => x.tan()),
  sign: one((x) => x.sign()),
  floor: one((x) => x.floor()),
  ceil: one((x) => x.ceil()),
  ceiling: one((x) => x.ceil()),
  trunc: one(truncated),
  round: range(1, 2, (call) => roundAway(call.args[0], call.args.length > 1 ? call.whole(1) : 0, call.type(0))),
  power,
  pow: power,
  mod: two(remainder),
  isnan: one((x) => x.isNaN()),
  greatest: many(1, ({ args }) => extreme(args, "greatest")),
  least: many(1, ({ args }) => extreme(args, "least")),

  coalesce: many(1, ({ args: [first, ...others] }) => first.coalesce(...others)),
  ifnull: two((a, b) => a.coalesce(b)),
  nullif: two((a, b) => a.nullIf(b)),
  if: choose,
  iff: choose,

  lower: one((x) => x.lower()),
  lcase: one((x) => x.lower()),
  upper: one((x) => x.upper()),
  ucase: one((x) => x.upper()),
  length,
  len: length,
  char_length: length,
  character_length: length,
  trim: range(1, 2, (call) => call.args[0].trim(call.args.length > 1 ? call.text(1) : " ")),
  ltrim: range(1, 2, (call) => call.args[0].trimStart(call.args.length > 1 ? call.text(1) : " ")),
  rtrim: range(1, 2, (call) => call.args[0].trimEnd(call.args.length > 1 ? call.text(1) : " ")),
  left,
  right: range(2, 2, (call) => rightOf(call.args[0], call.whole(1))),
  substr: substring,
  substring,
  contains: two((text, part) => text.contains(part)),
  starts_with: startsWith,
  prefix: startsWith,
  ends_with: endsWith,
  suffix: endsWith,
  replace: range(3, 3, ({ args: [text, what, by] }) => text.replace(what, by)),
  concat: many(1, ({ args }) => joinedText(args)),
  lpad: range(3, 3, (call) => call.args[0].padStart(call.whole(1), call.text(2)).slice(0, call.whole(1))),
  rpad: range(3, 3, (call) => call.args[0].padEnd(call.whole(1), call.text(2)).slice(0, call.whole(1))),
  split_part: range(3, 3, (call) => {
    const index = call.whole(2);
    const piece = call.args[0].split(call.text(1)).get(index > 0 ? index - 1 : index);
    return orEmpty(call.args[0], piece);
  }),
  regexp_matches: range(2, 2, (call) => call.args[0].matches(call.text(1))),
  regexp_full_match: range(2, 2, (call) => call.args[0].matches(`^(?:${call.text(1)})$`)),
  regexp_extract: range(2, 3, (call) => {
    const found = call.args[0].extract(call.text(1), call.args.length > 2 ? call.whole(2) : 0);
    return orEmpty(call.args[0], found);
  }),
};

/** A piece that is not there is the empty text, unless the whole is null. */
function orEmpty(text: Expression, piece: Expression): Expression {
  return when(text.isNotNull()).then(piece.coalesce(lit("")));
}

function rightOf(text: Expression, count: number): Expression {
  if (count === 0) return text.slice(0, 0);
  return text.slice(-count);
}

/** Positions count from 1; negative ones from the end. */
export function substringOf(text: Expression, start: number, count: number | undefined): Expression {
  if (count === undefined) return text.slice(start > 0 ? start - 1 : start);
  if (start < 0) return start + count < 0 ? text.slice(start, start + count) : text.slice(start);
  const from = start === 0 ? 0 : start - 1;
  return text.slice(from, Math.max(from, start - 1 + count));
}
