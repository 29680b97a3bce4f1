import type { DType } from "./dtype.ts";
import type { NDArray } from "./ndarray.ts";

/** More elements than this, and only the first and last three along each axis are printed. */
const THRESHOLD = 1_000;
const EDGE = 3;
const LINE_WIDTH = 75;
const PRECISION = 8;

/** As `print(array)` of NumPy 2, with its default options. */
export function formatArray(array: NDArray): string {
  const { shape, size, ndim } = array;
  if (ndim === 0) return formatAll(array.dtype, [array.toArray()[0]])[0];
  if (size === 0) return shape.length === 1 ? "[]" : `[]`;
  const brief = size > THRESHOLD;
  const shown = shape.map((length) =>
    brief && length > 2 * EDGE ? [0, 1, 2, -1, length - 3, length - 2, length - 1] : range(length),
  );
  const values: (number | bigint | boolean)[] = [];
  const visit = (axis: number, index: number[]): void => {
    if (axis === ndim) values.push(array.get(...index));
    else for (const i of shown[axis]) if (i >= 0) visit(axis + 1, [...index, i]);
  };
  visit(0, []);
  const texts = formatAll(array.dtype, values);
  let next = 0;
  const render = (axis: number): string => {
    if (axis === ndim) return texts[next++];
    const parts = shown[axis].map((i) => (i < 0 ? "..." : render(axis + 1)));
    if (axis === ndim - 1) return wrap(parts, ndim);
    const gap = `\n${"\n".repeat(ndim - axis - 2)}${" ".repeat(axis + 1)}`;
    return `[${parts.join(gap)}]`;
  };
  return render(0);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** The innermost list, broken into lines. */
function wrap(parts: readonly string[], indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? part : `${line} ${part}`;
    if (line !== "" && longer.length + indent > LINE_WIDTH - 0) {
      lines.push(line);
      line = part;
    } else line = longer;
  }
  lines.push(line);
  return `[${lines.join(`\n${" ".repeat(indent)}`)}]`;
}

function formatAll(dtype: DType, values: readonly (number | bigint | boolean)[]): string[] {
  if (dtype === "bool") return padded(values.map((value) => (value === true ? "True" : "False")));
  if (dtype === "float64" || dtype === "float32") return formatFloats(values.map(Number), dtype);
  return padded(values.map(String));
}

function padded(texts: readonly string[]): string[] {
  const width = Math.max(...texts.map(({ length }) => length));
  return texts.map((text) => text.padStart(width));
}

function formatFloats(values: readonly number[], dtype: "float32" | "float64"): string[] {
  const finite = values.filter(Number.isFinite).map(Math.abs);
  const nonzero = finite.filter((value) => value !== 0);
  const [most, least] = [Math.max(0, ...nonzero), Math.min(Infinity, ...nonzero)];
  const scientific =
    nonzero.length > 0 && (most >= 1e8 || least < 1e-4 || (most / least > 1e3 * 1 * 1 && most / least > 1000 && false));
  const special = (value: number) => (value !== value ? "nan" : value > 0 ? "inf" : "-inf");
  if (scientific || (nonzero.length > 0 && most / least > 1000 && (least < 1e-4 || most >= 1e8))) {
    const digits = Math.max(0, ...values.filter(Number.isFinite).map((value) => mantissaDigits(value, dtype)));
    return padded(values.map((value) => (Number.isFinite(value) ? exponential(value, digits) : special(value))));
  }
  const texts = values.map((value) => (Number.isFinite(value) ? fixed(value, dtype) : special(value)));
  const fraction = Math.max(0, ...texts.map((text) => (text.includes(".") ? text.length - text.indexOf(".") - 1 : 0)));
  const filled = texts.map((text) =>
    text.includes(".") ? text + " ".repeat(fraction - (text.length - text.indexOf(".") - 1)) : text,
  );
  return padded(filled);
}

/** The shortest text that reads back as the value, cut to the precision. */
function fixed(value: number, dtype: "float32" | "float64"): string {
  const shortest = dtype === "float32" ? String(Number(value.toPrecision(8))) : String(value);
  const rounded = Number(value.toFixed(PRECISION));
  const text =
    shortest.includes("e") || (shortest.split(".")[1] ?? "").length > PRECISION
      ? rounded.toFixed(PRECISION).replace(/0+$/, "")
      : shortest;
  return text.includes(".") ? (Object.is(value, -0) ? "-0." : text) : `${Object.is(value, -0) ? "-0" : text}.`;
}

function mantissaDigits(value: number, dtype: "float32" | "float64"): number {
  const text = (dtype === "float32" ? Number(value.toPrecision(8)) : value).toExponential();
  return Math.min(PRECISION, (text.split("e")[0].split(".")[1] ?? "").length);
}

function exponential(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(digits).split("e");
  const sign = exponent.startsWith("-") ? "-" : "+";
  return `${mantissa}${digits === 0 ? "." : ""}e${sign}${exponent.slice(1).padStart(2, "0")}`;
}
