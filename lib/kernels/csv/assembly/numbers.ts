// Text to numbers: eight digits at a time (SWAR), and correctly rounded floats by Eisel–Lemire
// (Lemire, "Number Parsing at a Gigabyte per Second", SPE 2021; Mushtak & Lemire, "Fast Number Parsing Without Fallback", 2023).
// What neither takes (more than 19 digits, subnormals, nan, inf, null texts, spaces) goes to JavaScript, one field at a time.
import { quote, quoting } from "./tokenize";

const ZEROS: u64 = 0x3030303030303030;
export const MINUS: u8 = 0x2d;
const PLUS: u8 = 0x2b;
const DOT: u8 = 0x2e;
const SAFE: i64 = 9007199254740992; // 2^53

let powersOfFive: usize = 0; // {high, low} u64 pairs for 5^q, q from -342 to 308
let powersOfTen: usize = 0; // f64, 10^0 … 10^22
let wholePowersOfTen: usize = 0; // u64, 10^0 … 10^19

/** What `slowNumber` answers. */
export const BAD = 0;
export const NULL = 1;
export const NUMBER = 2;

/** JavaScript's part: reads the field [start, end); a number is left at `slowResult()`'s address. */
// @ts-ignore: decorator
@external("env", "slowNumber")
export declare function slowNumber(start: usize, end: usize, result: usize): i32;
const cell: usize = memory.data(8);

/** For n = 0 … 16: sixteen bytes, of which the last n are ones. */
export const lastBytes: usize = memory.data(17 * 16);

export function setTables(five: usize, ten: usize, wholeTen: usize, inverse: usize): void {
  inversePowers = inverse;
  isFused = probeFused();
  powersOfFive = five;
  powersOfTen = ten;
  wholePowersOfTen = wholeTen;
  for (let n: usize = 0; n <= 16; n++) for (let i: usize = 0; i < 16; i++) store<u8>(lastBytes + (n << 4) + i, i + n >= 16 ? 0xff : 0);
}

// @ts-ignore: decorator
@inline
function eightDigits(v: u64): u64 {
  v = ((v * 2561) >> 8) & 0x00ff00ff00ff00ff;
  v = ((v * 6553601) >> 16) & 0x0000ffff0000ffff;
  return (v * 42949672960001) >> 32;
}

// @ts-ignore: decorator
@inline
function nonDigitsOfFour(v: u32): u32 {
  return ((v + 0x76767676) | v) & 0x80808080;
}

// @ts-ignore: decorator
@inline
function fourDigits(v: u32): u32 {
  v = ((v * 2561) >> 8) & 0x00ff00ff;
  return (v * 6553601) >> 16;
}

/** Non-zero where a byte of v (already xor-ed with "0") is no digit. */
// @ts-ignore: decorator
@inline
function nonDigits(v: u64): u64 {
  return ((v + 0x7676767676767676) | v) & 0x8080808080808080;
}

/** Whether the last integer was outside ±2^53. */
export let isWide: bool = false;
let integer: i64 = 0;
/** The last integer that `integerSlow` read. */
export function integerOf(): i64 {
  return integer;
}

/** Signs, quotes, spaces, up to 19 digits. False: not an integer of 64 bits. */
export function integerSlow(start: usize, end: usize): bool {
  if (quoting && end - start >= 2 && load<u8>(start) == quote && load<u8>(end - 1) == quote) {
    start++;
    end--;
  }
  while (start < end && load<u8>(start) == 32) start++;
  while (end > start && load<u8>(end - 1) == 32) end--;
  let negative = false;
  if (start < end) {
    const c = load<u8>(start);
    negative = c == MINUS;
    if (negative || c == PLUS) start++;
  }
  if (start >= end) return false;
  while (start + 1 < end && load<u8>(start) == 48) start++;
  if (end - start > 19) return false;
  let value: u64 = 0;
  for (; start < end; start++) {
    const digit = <u32>load<u8>(start) - 48;
    if (digit > 9) return false;
    value = value * 10 + digit; // 19 digits stay below 2^64
  }
  if (value > (<u64>i64.MAX_VALUE) + u64(negative)) return false;
  integer = negative ? -(<i64>value) : <i64>value;
  isWide = value > <u64>SAFE;
  return true;
}

/** What `integerQuick` answers where it cannot tell: no integer of 15 digits is that small. */
export const NOT_QUICK: i64 = i64.MIN_VALUE;

/** Up to 15 digits with an optional minus, else NOT_QUICK. */
// @ts-ignore: decorator
@inline
export function integerQuick(start: usize, end: usize): i64 {
  const negative = load<u8>(start) == MINUS;
  const s = start + usize(negative);
  const length = end - s;
  if (length - 1 < 4) {
    const v = (load<u32>(s) ^ <u32>ZEROS) << (32 - (<u32>length << 3));
    if (nonDigitsOfFour(v)) return NOT_QUICK;
    const n = <i64>fourDigits(v);
    return negative ? -n : n;
  }
  if (length - 1 < 8) {
    const v = (load<u64>(s) ^ ZEROS) << (64 - (<u64>length << 3));
    if (nonDigits(v)) return NOT_QUICK;
    const n = <i64>eightDigits(v);
    return negative ? -n : n;
  }
  if (length - 1 < 15) {
    const low = load<u64>(end - 8) ^ ZEROS;
    const high = (load<u64>(s) ^ ZEROS) << (128 - (<u64>length << 3));
    if (nonDigits(low) | nonDigits(high)) return NOT_QUICK;
    const n = <i64>(eightDigits(high) * 100000000 + eightDigits(low));
    return negative ? -n : n;
  }
  return NOT_QUICK;
}

// @ts-ignore: decorator
@inline
function multiplyHigh(a: u64, b: u64): u64 {
  const al = a & 0xffffffff;
  const ah = a >> 32;
  const bl = b & 0xffffffff;
  const bh = b >> 32;
  const t = al * bl;
  const u = ah * bl + (t >> 32);
  const v = al * bh + (u & 0xffffffff);
  return ah * bh + (u >> 32) + (v >> 32);
}

/** w · 10^q correctly rounded, for w ≠ 0 and −342 ≤ q ≤ 308; NaN where the result is subnormal or overflows. */
// @ts-ignore: decorator
@inline
function eiselLemire(w: u64, q: i32): f64 {
  const zeros = clz<u64>(w);
  w <<= zeros;
  const entry = powersOfFive + (<usize>(q + 342) << 4);
  const table = load<u64>(entry);
  let low = w * table;
  let high = multiplyHigh(w, table);
  if ((high & 0x1ff) == 0x1ff) {
    const more = multiplyHigh(w, load<u64>(entry, 8));
    low += more;
    if (more > low) high++;
  }
  const upper = high >> 63;
  let mantissa = high >> (upper + 9);
  let exponent = ((217706 * <i64>q) >> 16) + 63 + <i64>upper - <i64>zeros + 1023;
  if (exponent <= 0) return NaN;
  if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == high) mantissa &= ~(<u64>1);
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (mantissa >= (<u64>2) << 52) {
    mantissa = (<u64>1) << 52;
    exponent++;
  }
  if (exponent >= 0x7ff) return NaN;
  return reinterpret<f64>((mantissa & ~((<u64>1) << 52)) | (<u64>exponent << 52));
}

/** 10^−q for q = 0 … 16 as an unevaluated sum of two f64: see `scaled`. */
export let inversePowers: usize = 0;
/** Whether `relaxed_madd` and `relaxed_nmadd` round once on this machine. */
export let isFused: bool = false;

/** (1 + 2^−30)² − (1 + 2^−29) is 2^−60 where the product is not rounded, 0 where it is. */
function probeFused(): bool {
  const a = f64x2.splat(1.0 + 1.0 / 1073741824.0);
  const b = f64x2.splat(1.0 + 1.0 / 536870912.0);
  const isAdded = f64x2.extract_lane(f64x2.relaxed_madd(a, a, f64x2.neg(b)), 0) != 0;
  return isAdded && f64x2.extract_lane(f64x2.relaxed_nmadd(a, a, b), 0) != 0;
}

/**
 * w / 10^q correctly rounded, for w ≤ 2^63 and q ≤ 16, by fused multiply-add: the product of w (exact as a sum of two f64) with 10^−q (to
 * 106 bits) as product plus error. The error is known to 2^−103 of the product; where rounding could still go either way, Eisel–Lemire decides.
 * (After Dekker's double-length arithmetic, Numerische Mathematik 18, 1971.)
 */
// @ts-ignore: decorator
@inline
function scaled(w: u64, q: usize): f64 {
  if (!isFused) return w == 0 ? 0 : eiselLemire(w, -(<i32>q));
  const head = <f64>(<i64>w);
  const tail = <f64>(<i64>w - <i64>head);
  const entry = inversePowers + (q << 4);
  const high = f64x2.splat(load<f64>(entry));
  const heads = f64x2.splat(head);
  const product = head * load<f64>(entry);
  let error = f64x2.relaxed_madd(heads, high, f64x2.splat(-product));
  error = f64x2.relaxed_madd(heads, f64x2.splat(load<f64>(entry, 8)), error);
  const rest = f64x2.extract_lane(f64x2.relaxed_madd(f64x2.splat(tail), high, error), 0);
  const doubt = product * 1e-31; // above 2^−103
  const value = product + (rest + doubt);
  if (value == product + (rest - doubt)) return value;
  return eiselLemire(w, -(<i32>q));
}

/** Any decimal of up to 19 significant digits with an exponent; NaN: not for this path. */
function decimal(start: usize, end: usize): f64 {
  let p = start;
  let negative = false;
  const sign = load<u8>(p);
  if (sign == MINUS || sign == PLUS) {
    negative = sign == MINUS;
    p++;
  }
  let w: u64 = 0;
  let digits: u32 = 0; // significant
  let any = false;
  let scale: i32 = 0;
  let fraction = false;
  for (; p < end; p++) {
    const c = load<u8>(p);
    const digit = <u32>c - 48;
    if (digit <= 9) {
      any = true;
      if (digits || digit) {
        if (++digits > 19) return NaN;
      }
      w = w * 10 + digit;
      scale -= i32(fraction);
    } else if (c == DOT && !fraction) fraction = true;
    else break;
  }
  if (!any) return NaN;
  if (p < end) {
    if ((load<u8>(p) | 32) != 0x65) return NaN;
    p++;
    let down = false;
    if (p < end && (load<u8>(p) == MINUS || load<u8>(p) == PLUS)) down = load<u8>(p++) == MINUS;
    if (p >= end || end - p > 5) return NaN;
    let e: i32 = 0;
    for (; p < end; p++) {
      const digit = <u32>load<u8>(p) - 48;
      if (digit > 9) return NaN;
      e = e * 10 + <i32>digit;
    }
    scale += down ? -e : e;
  }
  if (!w) return negative ? -0.0 : 0.0;
  let value: f64;
  if (w <= <u64>SAFE && scale >= -22 && scale <= 22) {
    const ten = load<f64>(powersOfTen + (<usize>abs<i32>(scale) << 3));
    value = scale < 0 ? <f64>w / ten : <f64>w * ten;
  } else {
    if (scale < -342 || scale > 308) return NaN;
    value = eiselLemire(w, scale);
  }
  return negative ? -value : value;
}

/** What became of the last `floatSlow`: BAD, NULL or NUMBER. */
export let floatKind: i32 = NUMBER;

/** Any spelling. */
export function floatSlow(start: usize, end: usize): f64 {
  const value = decimal(start, end);
  if (value == value) {
    floatKind = NUMBER;
    return value;
  }
  floatKind = slowNumber(start, end, cell);
  return load<f64>(cell);
}

/** Digits before the dot of the last float: tried first for the next one, since the values of a column mostly agree. */
let wholeBefore: usize = 1;

/** The usual float, up to 7 digits "." up to 16 digits, together up to 18 (below 2^63); NaN for any other. */
// @ts-ignore: decorator
@inline
export function floatQuick(start: usize, end: usize): f64 {
  const negative = <usize>(load<u8>(start) == MINUS);
  const s = start + negative;
  const head = load<u64>(s);
  let whole = wholeBefore;
  if (load<u8>(s + whole) != DOT) {
    const x = head ^ 0x2e2e2e2e2e2e2e2e;
    const dots = (x - 0x0101010101010101) & ~x & 0x8080808080808080;
    whole = <usize>ctz<u64>(dots) >> 3; // 8 when the first eight bytes hold no dot
    wholeBefore = whole;
  }
  const fraction = end - s - whole - 1; // wraps when the dot found lies past the field
  if (whole - 1 >= 7 || fraction - 1 >= 16 || whole + fraction > 18) return NaN;
  // Sixteen digits at once: bytes to pairs, pairs to fours, fours to eights.
  const digits = v128.and(v128.xor(v128.load(end - 16), i8x16.splat(0x30)), v128.load(lastBytes + (fraction << 4)));
  if (v128.any_true(i8x16.gt_u(digits, i8x16.splat(9)))) return NaN;
  const pairs = i16x8.add(i16x8.mul(v128.and(digits, i16x8.splat(0x00ff)), i16x8.splat(10)), i16x8.shr_u(digits, 8));
  const fours = i32x4.dot_i16x8_s(pairs, i32x4.splat(0x00010064)); // 100, 1
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(fours, fours), i32x4.splat(0x00012710)); // 10,000, 1
  const both = i64x2.extract_lane(eights, 0);
  let w = <u64>(both & 0xffffffff) * 100000000 + (<u64>both >> 32);
  const power = load<u64>(wholePowersOfTen + (fraction << 3));
  if (whole <= 4) {
    const wholeDigits = (<u32>head ^ <u32>ZEROS) << (32 - (<u32>whole << 3));
    if (nonDigitsOfFour(wholeDigits)) return NaN;
    w += <u64>fourDigits(wholeDigits) * power;
  } else {
    const wholeDigits = (head ^ ZEROS) << (64 - (<u64>whole << 3));
    if (nonDigits(wholeDigits)) return NaN;
    w += eightDigits(wholeDigits) * power;
  }
  // By the count of digits, not by the value: the digits of a column mostly agree, so this branch can be foreseen.
  const value = whole + fraction <= 15 ? <f64>w / load<f64>(powersOfTen + (fraction << 3)) : scaled(w, fraction);
  return negative ? -value : value;
}
