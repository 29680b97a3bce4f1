import type { DType } from "./dtype.ts";

/**
 * Floats as NumPy prints them: with the fewest digits that tell a value from its neighbours (in its own dtype), cut to 8 behind the point; all with an exponent
 * where one is very large or small, or they differ by more than a thousand; points below each other.
 */
type Float = "float32" | "float64";

const PRECISION = 8;
/** From here on an exponent is written; float32 has 6 digits for sure. */
const LARGE: Readonly<Record<Float, number>> = { float64: 1e8, float32: 1e6 };
const LARGE_ALONE: Readonly<Record<Float, number>> = { float64: 1e16, float32: 1e6 };
/** Below this too; as each dtype holds it. */
const SMALL: Readonly<Record<Float, number>> = { float64: 1e-4, float32: Math.fround(1e-4) };

/** |value| = 0.d₁d₂… × 10^(exponent + 1): as many digits as are needed, at least one. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

export function formatFloats(values: readonly number[], dtype: Float): string[] {
  const finite = values.filter(Number.isFinite);
  const sizes = finite.map(Math.abs).filter((size) => size > 0);
  const most = sizes.reduce((a, b) => Math.max(a, b), 0);
  const least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  const scientific =
    sizes.length > 0 && (most >= LARGE[dtype] || least < SMALL[dtype] || ratioOf(most, least, dtype) > 1000);
  const texts = scientific ? withExponents(finite, dtype) : finite.map((value) => positional(value, dtype));
  const points = texts.map((text) => text.indexOf("."));
  let left = points.reduce((a, b) => Math.max(a, b), 0);
  const right = texts.reduce((width, text, i) => Math.max(width, text.length - points[i] - 1), 0);
  for (const value of values) if (!Number.isFinite(value)) left = Math.max(left, specialText(value).length - right - 1);
  let next = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return specialText(value).padStart(left + right + 1);
    const i = next++;
    return (" ".repeat(left - points[i]) + texts[i]).padEnd(left + 1 + right);
  });
}

function ratioOf(a: number, b: number, dtype: Float): number {
  return dtype === "float32" ? Math.fround(a / b) : a / b;
}

/** An element by itself: as `str` of NumPy's scalars. */
export function scalarText(value: number | bigint, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "False" : "True";
  if ((dtype !== "float64" && dtype !== "float32") || typeof value === "bigint") return String(value);
  if (!Number.isFinite(value)) return specialText(value);
  const decimal = decimalOf(value, dtype);
  const size = Math.abs(value);
  const sign = decimal.negative ? "-" : "";
  if (size === 0 || (size >= 1e-4 && size < LARGE_ALONE[dtype])) {
    const [whole, fraction] = split(decimal);
    return `${sign}${whole}.${fraction === "" ? "0" : fraction}`;
  }
  const rest = decimal.digits.slice(1);
  return `${sign}${decimal.digits[0]}${rest === "" ? "" : `.${rest}`}${exponentText(decimal.exponent, 2)}`;
}

function specialText(value: number): string {
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

function positional(value: number, dtype: Float): string {
  const decimal = decimalOf(value, dtype);
  const [whole, fraction] = split(decimal);
  const sign = decimal.negative ? "-" : "";
  if (fraction.length <= PRECISION) return `${sign}${whole}.${fraction}`;
  return sign + toEven(Math.abs(value), (places) => Math.abs(value).toFixed(places), PRECISION).replace(/0+$/, "");
}

function withExponents(values: readonly number[], dtype: Float): string[] {
  const decimals = values.map((value) => rounded(value, decimalOf(value, dtype)));
  const places = decimals.reduce((most, { digits }) => Math.max(most, digits.length - 1), 0);
  const width = decimals.reduce((most, { exponent }) => Math.max(most, String(Math.abs(exponent)).length), 2);
  return decimals.map(({ negative, digits, exponent }, i) => {
    // More digits than tell it from its neighbours are those of its exact value.
    const size = Math.abs(values[i]);
    const more = toEven(size, (count) => size.toExponential(count), places)
      .split("e")[0]
      .slice(2);
    const fraction = digits.length - 1 < places ? more : digits.slice(1);
    return `${negative ? "-" : ""}${digits[0]}.${fraction}${exponentText(exponent, width)}`;
  });
}

/** With at most `PRECISION` digits behind the first. */
function rounded(value: number, decimal: Decimal): Decimal {
  if (decimal.digits.length <= PRECISION + 1) return decimal;
  const size = Math.abs(value);
  return { ...parsed(toEven(size, (places) => size.toExponential(places), PRECISION)), negative: decimal.negative };
}

/** Rounded to so many places, halves to even: `text` alone rounds them up. */
function toEven(size: number, text: (places: number) => string, places: number): string {
  const up = text(places);
  // What lies in the middle is exact, with one digit more: all further ones are zeros.
  const [exact, exponent = ""] = text(places + 25).split("e");
  const isMiddle = /5$/.test(exact.slice(0, exact.length - 24)) && /^0+$/.test(exact.slice(-24));
  if (!isMiddle) return up;
  const down = exact.slice(0, exact.length - 25);
  return Number(down.at(-1)) % 2 === 0 ? (exponent === "" ? down : `${down}e${exponent}`) : up;
}

function exponentText(exponent: number, width: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(width, "0")}`;
}

function split({ digits, exponent }: Decimal): readonly [whole: string, fraction: string] {
  if (exponent < 0) return ["0", digits === "0" ? "" : "0".repeat(-exponent - 1) + digits];
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return [whole, digits.slice(exponent + 1)];
}

/** The fewest digits that read back as the value in its dtype. */
function decimalOf(value: number, dtype: Float): Decimal {
  const negative = value < 0 || Object.is(value, -0);
  const size = Math.abs(value);
  return { ...parsed(dtype === "float64" ? size.toExponential() : shortestSingle(size)), negative };
}

function shortestSingle(size: number): string {
  for (let places = 0; places < 8; places++) {
    const text = toEven(size, (count) => size.toExponential(count), places);
    if (Math.fround(Number(text)) === size) return text;
  }
  return size.toExponential(8);
}

function parsed(text: string): Omit<Decimal, "negative"> {
  const [mantissa, exponent] = text.split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  return { digits: digits === "" ? "0" : digits, exponent: Number(exponent) };
}
