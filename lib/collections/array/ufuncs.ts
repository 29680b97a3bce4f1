import { TypeMismatchError } from "../../errors.ts";
import { infoOf, isFloat, isWhole, promote, type DType } from "./dtype.ts";

/**
 * Element-wise functions by name: how many arrays they take, what these are cast to first, and what comes out: NumPy's rules, with one
 * exception. NumPy computes sqrt, exp and their like of 8 and 16 bit integers in float16 and float32, and 1 / x of integers in integers; here all become float64.
 */
export interface Ufunc {
  readonly inputs: number;
  /** The dtypes that the inputs are cast to, and of the result. @throws TypeMismatchError */
  resolve(dtypes: readonly DType[]): Resolved;
}

export interface Resolved {
  readonly inputs: readonly DType[];
  readonly output: DType;
}

type Rule = (name: string, dtypes: readonly DType[]) => Resolved;

const common = (dtypes: readonly DType[]): DType => dtypes.reduce(promote);
const alike = (dtype: DType, count: number, output = dtype): Resolved => ({
  inputs: new Array<DType>(count).fill(dtype),
  output,
});

function refuse(name: string, dtypes: readonly DType[], fix: string): never {
  throw new TypeMismatchError(`${name} does not take ${dtypes.join(" and ")}.`, {
    fields: { function: name, dtypes: [...dtypes] },
    fix,
  });
}

/** In the common dtype. */
const same: Rule = (_, dtypes) => alike(common(dtypes), dtypes.length);
/** The same, but bools have no such arithmetic. */
const noBools: Rule = (name, dtypes) =>
  common(dtypes) === "bool"
    ? refuse(name, dtypes, `cast first, as x.astype("int64"), or use and, or, xor, not.`)
    : same(name, dtypes);
/** Bools count as int8. */
const boolsAsInt8: Rule = (_, dtypes) => {
  const dtype = common(dtypes);
  return alike(dtype === "bool" ? "int8" : dtype, dtypes.length);
};
/** Integers become float64. */
const floating: Rule = (_, dtypes) => {
  const dtype = common(dtypes);
  return alike(isFloat(dtype) ? dtype : "float64", dtypes.length);
};
/** Rounding: integers stay what they are. */
const rounding: Rule = same;
const whole: Rule = (name, dtypes) =>
  isWhole(common(dtypes))
    ? same(name, dtypes)
    : refuse(name, dtypes, `cast to whole numbers first, as x.astype("int64").`);
const shifts: Rule = (name, dtypes) =>
  isWhole(common(dtypes))
    ? boolsAsInt8(name, dtypes)
    : refuse(name, dtypes, `cast to whole numbers first, as x.astype("int64").`);
const comparison: Rule = (_, dtypes) => alike(common(dtypes), dtypes.length, "bool");
const logical: Rule = (_, dtypes) => alike("bool", dtypes.length);
/** A question that only floats can answer with yes. */
const ofFloats: Rule = (_, dtypes) => alike(isFloat(dtypes[0]) ? dtypes[0] : "float64", 1, "bool");
const choice: Rule = (_, [, a, b]) => {
  const dtype = promote(a, b);
  return { inputs: ["bool", dtype, dtype], output: dtype };
};

const TABLE = {
  add: [2, same],
  sub: [2, noBools],
  mul: [2, same],
  div: [2, floating],
  floordiv: [2, boolsAsInt8],
  mod: [2, boolsAsInt8],
  pow: [2, boolsAsInt8],
  minimum: [2, same],
  maximum: [2, same],
  fmin: [2, same],
  fmax: [2, same],
  hypot: [2, floating],
  atan2: [2, floating],
  copysign: [2, floating],
  bitand: [2, whole],
  bitor: [2, whole],
  bitxor: [2, whole],
  shl: [2, shifts],
  shr: [2, shifts],
  neg: [1, noBools],
  abs: [1, same],
  sign: [1, noBools],
  square: [1, boolsAsInt8],
  invert: [1, whole],
  sqrt: [1, floating],
  cbrt: [1, floating],
  exp: [1, floating],
  expm1: [1, floating],
  exp2: [1, floating],
  log: [1, floating],
  log2: [1, floating],
  log10: [1, floating],
  log1p: [1, floating],
  sin: [1, floating],
  cos: [1, floating],
  tan: [1, floating],
  asin: [1, floating],
  acos: [1, floating],
  atan: [1, floating],
  sinh: [1, floating],
  cosh: [1, floating],
  tanh: [1, floating],
  asinh: [1, floating],
  acosh: [1, floating],
  atanh: [1, floating],
  reciprocal: [1, floating],
  degrees: [1, floating],
  radians: [1, floating],
  floor: [1, rounding],
  ceil: [1, rounding],
  trunc: [1, rounding],
  rint: [1, floating],
  lt: [2, comparison],
  le: [2, comparison],
  gt: [2, comparison],
  ge: [2, comparison],
  eq: [2, comparison],
  ne: [2, comparison],
  isnan: [1, ofFloats],
  isinf: [1, ofFloats],
  isfinite: [1, ofFloats],
  signbit: [1, ofFloats],
  logicaland: [2, logical],
  logicalor: [2, logical],
  logicalxor: [2, logical],
  logicalnot: [1, logical],
  where: [3, choice],
} as const satisfies Readonly<Record<string, readonly [number, Rule]>>;

export type UfuncName = keyof typeof TABLE;
export const UFUNC_NAMES = Object.keys(TABLE) as readonly UfuncName[]; // its own keys

export function isUfunc(name: string): name is UfuncName {
  return Object.hasOwn(TABLE, name);
}

export function ufuncOf(name: UfuncName): Ufunc {
  const [inputs, rule] = TABLE[name];
  return { inputs, resolve: (dtypes) => rule(name, dtypes) };
}

/** Whether a plain number that the arrays' dtype does not hold is a fair operand: where the result is not of that dtype. */
export function takesAnyNumber(name: UfuncName): boolean {
  const rule: Rule = TABLE[name][1];
  return rule === comparison || rule === logical || rule === floating;
}

/** Functions that do nothing to whole numbers: no kernel is there for them. */
const IDLE_ON_WHOLE: ReadonlySet<string> = new Set(["floor", "ceil", "trunc"]);

/** The kernel's name (see kernels/array/signatures.ts) for what its inputs are cast to, of `where` its last; undefined where the value stays what it is. */
export function kernelOf(name: UfuncName, input: DType): string | undefined {
  if (IDLE_ON_WHOLE.has(name) && isWhole(input)) return undefined;
  const plain =
    (name === "fmin" || name === "fmax") && isWhole(input) ? (name === "fmin" ? "minimum" : "maximum") : name;
  return `${plain}_${infoOf(input).code}`;
}
