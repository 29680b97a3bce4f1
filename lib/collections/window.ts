import { OptionError, TypeMismatchError } from "../errors.ts";
import { formatExpression } from "./expression/format.ts";
import type { ExpressionNode } from "./expression/nodes.ts";
import { ANY, NUMBER, SIGNED, optional, wholeParam, type ParamSpec, type Params } from "./functions/spec.ts";
import { paramProblem, writtenParams } from "./functions/table.ts";
import type { ScalarType, Schema } from "./schema.ts";
import { typeOf } from "./typing.ts";

/** What a window function takes and gives; its kernel stands in kernels/frame/windows. */
export interface WindowSpec {
  readonly takes: readonly ScalarType[];
  readonly params?: readonly ParamSpec[];
  /** Of the input's type. */
  result(type: ScalarType): ScalarType;
}

const same = (type: ScalarType): ScalarType => type;
const float = (): ScalarType => "float64";
const TIMES: readonly ScalarType[] = ["date", "timestamp"];
const rows = wholeParam("rows");
const rolling: WindowSpec = {
  takes: NUMBER,
  params: [wholeParam("rows", 1), optional(wholeParam("minPeriods", 1))],
  result: float,
};

const TABLE = {
  cumsum: { takes: NUMBER, result: (type: ScalarType) => (type === "float64" ? "float64" : "int64") },
  cummin: { takes: [...SIGNED, ...TIMES], result: same },
  cummax: { takes: [...SIGNED, ...TIMES], result: same },
  cumcount: { takes: ANY, result: () => "int64" },
  shift: { takes: ANY, params: [rows], result: same },
  diff: {
    takes: [...SIGNED, ...TIMES],
    params: [rows],
    result: (type: ScalarType) => (type === "float64" ? type : "int64"),
  },
  rollingSum: rolling,
  rollingMean: rolling,
  rollingMin: rolling,
  rollingMax: rolling,
} as const satisfies Readonly<Record<string, WindowSpec>>;

export type WindowKind = keyof typeof TABLE;
export const WINDOWS: Readonly<Record<WindowKind, WindowSpec>> = TABLE;
export const WINDOW_NAMES = Object.keys(TABLE) as readonly WindowKind[]; // the keys of the table are its names

/** A window function as plain data. */
export interface WindowNode {
  readonly kind: WindowKind;
  readonly input: ExpressionNode;
  readonly params?: Params;
}

/** How many rows before a row, and behind it, decide on its value. Infinity: all of them, by what they come to in all. */
export function windowReach({ kind, params = {} }: WindowNode): { readonly before: number; readonly behind: number } {
  const rows = Number(params["rows"]);
  if (kind === "shift" || kind === "diff") return { before: Math.max(0, rows), behind: Math.max(0, -rows) };
  return { before: kind.startsWith("rolling") ? rows - 1 : Infinity, behind: 0 };
}

/** A value a row that depends on the rows before or behind it, in the order of the frame: stands in `window({ … })`. */
export class Window {
  readonly node: WindowNode;

  constructor(node: WindowNode) {
    this.node = node;
  }

  toString(): string {
    return formatWindow(this.node);
  }
}

/** @throws OptionError for a constant that cannot stand there */
export function makeWindow(
  kind: WindowKind,
  input: ExpressionNode,
  params: Readonly<Record<string, number | undefined>> = {},
): Window {
  const given = Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
  const problem = paramProblem(WINDOWS[kind], given);
  if (problem !== undefined)
    throw new OptionError(
      `${kind}(…) expects ${problem.expected} for ${problem.name}, found ${String(problem.found)}.`,
      {
        fields: { window: kind, param: problem.name },
      },
    );
  return new Window({ kind, input, ...(Object.keys(given).length === 0 ? {} : { params: given }) });
}

export function formatWindow({ kind, input, params = {} }: WindowNode): string {
  const constants = writtenParams(WINDOWS[kind], params).map((value) => JSON.stringify(value));
  return `${kind}(${[formatExpression(input), ...constants].join(", ")})`;
}

/** The type of a window function's result; the null literal alone counts as float64. `UnknownColumnError`, `TypeMismatchError`. */
export function windowType(node: WindowNode, schema: Schema): ScalarType {
  const { takes, result } = WINDOWS[node.kind];
  const found = typeOf(node.input, schema);
  const type = found === "null" ? "float64" : found;
  if (takes.includes(type)) return result(type);
  throw new TypeMismatchError(`${formatWindow(node)} needs ${takes.join(" or ")}, found ${type}.`, {
    fields: { window: formatWindow(node), found: type, expected: [...takes] },
    fix: `cast it, as in .cast("${takes[0]}").`,
  });
}
