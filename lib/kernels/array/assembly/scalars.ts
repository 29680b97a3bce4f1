// The operations on one element. `bool` is b1. What differs from C is NumPy's.
import { floorDivide, remainder } from "./floats";

// @ts-ignore: decorator
@inline export function add<T>(a: T, b: T): T {
  if (isBoolean<T>()) return <T>(a | b);
  else return <T>(a + b);
}
// @ts-ignore: decorator
@inline export function sub<T>(a: T, b: T): T {
  return <T>(a - b);
}
// @ts-ignore: decorator
@inline export function mul<T>(a: T, b: T): T {
  if (isBoolean<T>()) return <T>(a & b);
  else return <T>(a * b);
}
// @ts-ignore: decorator
@inline export function div<T>(a: T, b: T): T {
  return a / b;
}
/** By zero: 0. The least number by −1 wraps, where the machine's division would trap. */
// @ts-ignore: decorator
@inline export function floordiv<T>(a: T, b: T): T {
  if (isFloat<T>()) return floorDivide<T>(a, b);
  else if (isSigned<T>()) {
    if (b == 0) return 0;
    if (b == -1) return <T>(0 - a);
    const quotient = <T>(a / b);
    return <T>(quotient * b != a && (a ^ b) < 0 ? <T>(quotient - 1) : quotient);
  } else return b == 0 ? 0 : a / b;
}
// @ts-ignore: decorator
@inline export function mod<T>(a: T, b: T): T {
  if (isFloat<T>()) return remainder<T>(a, b);
  else if (isSigned<T>()) {
    if (b == 0 || b == -1) return 0;
    const rest = <T>(a % b);
    return rest != 0 && (rest ^ b) < 0 ? <T>(rest + b) : rest;
  } else return b == 0 ? 0 : a % b;
}
function wholePower<T>(base: T, exponent: T): T {
  let result: T = 1;
  while (exponent > 0) {
    if (exponent & 1) result = <T>(result * base);
    base = <T>(base * base);
    exponent = <T>(exponent >> 1);
  }
  return result;
}
/** pow(1, NaN) and pow(−1, ±∞) are 1, as in C and not as in JavaScript. */
function realPower(base: f64, exponent: f64): f64 {
  if (base == 1 || (base == -1 && abs(exponent) == Infinity)) return 1;
  return NativeMath.pow(base, exponent);
}
// @ts-ignore: decorator
@inline export function pow<T>(a: T, b: T): T {
  if (isFloat<T>()) return <T>realPower(<f64>a, <f64>b);
  else return wholePower<T>(a, b);
}
// @ts-ignore: decorator
@inline export function minimum<T>(a: T, b: T): T {
  if (isFloat<T>()) return min<T>(a, b);
  else return a < b ? a : b;
}
// @ts-ignore: decorator
@inline export function maximum<T>(a: T, b: T): T {
  if (isFloat<T>()) return max<T>(a, b);
  else return a > b ? a : b;
}
// @ts-ignore: decorator
@inline export function fmin<T>(a: T, b: T): T {
  return a != a ? b : b != b ? a : minimum<T>(a, b);
}
// @ts-ignore: decorator
@inline export function fmax<T>(a: T, b: T): T {
  return a != a ? b : b != b ? a : maximum<T>(a, b);
}
// @ts-ignore: decorator
@inline export function hypot<T>(a: T, b: T): T {
  return <T>NativeMath.hypot(<f64>a, <f64>b);
}
// @ts-ignore: decorator
@inline export function atan2<T>(a: T, b: T): T {
  return <T>NativeMath.atan2(<f64>a, <f64>b);
}
// @ts-ignore: decorator
@inline export function copysign<T>(a: T, b: T): T {
  return builtinCopysign<T>(a, b);
}
// @ts-ignore: decorator
@inline function builtinCopysign<T>(a: T, b: T): T {
  if (sizeof<T>() == 4) return <T>f32.copysign(<f32>a, <f32>b);
  else return <T>f64.copysign(<f64>a, <f64>b);
}
// @ts-ignore: decorator
@inline export function bitand<T>(a: T, b: T): T {
  return <T>(a & b);
}
// @ts-ignore: decorator
@inline export function bitor<T>(a: T, b: T): T {
  return <T>(a | b);
}
// @ts-ignore: decorator
@inline export function bitxor<T>(a: T, b: T): T {
  return <T>(a ^ b);
}
// @ts-ignore: decorator
@inline export function logicaland<T>(a: T, b: T): T {
  return <T>(a & b);
}
// @ts-ignore: decorator
@inline export function logicalor<T>(a: T, b: T): T {
  return <T>(a | b);
}
// @ts-ignore: decorator
@inline export function logicalxor<T>(a: T, b: T): T {
  return <T>(a ^ b);
}
/** By as many bits as there are, or by a negative number of them: nothing is left. */
// @ts-ignore: decorator
@inline export function shl<T>(a: T, b: T): T {
  return <u64>b < <u64>(sizeof<T>() * 8) ? <T>(a << b) : 0;
}
// @ts-ignore: decorator
@inline export function shr<T>(a: T, b: T): T {
  const most = <T>(sizeof<T>() * 8 - 1);
  if (isSigned<T>()) return <u64>b <= <u64>most ? <T>(a >> b) : <T>(a >> most);
  else return <u64>b <= <u64>most ? <T>(a >> b) : 0;
}

// @ts-ignore: decorator
@inline export function neg<T>(a: T): T {
  if (isFloat<T>()) return <T>(-a);
  else return <T>(0 - a);
}
// @ts-ignore: decorator
@inline export function abs<T>(a: T): T {
  if (isFloat<T>()) return builtinAbs<T>(a);
  else if (isSigned<T>()) return a < 0 ? <T>(0 - a) : a;
  else return a;
}
// @ts-ignore: decorator
@inline function builtinAbs<T>(a: T): T {
  if (sizeof<T>() == 4) return <T>f32.abs(<f32>a);
  else return <T>f64.abs(<f64>a);
}
// @ts-ignore: decorator
@inline export function sign<T>(a: T): T {
  if (isFloat<T>()) return a > 0 ? <T>1 : a < 0 ? <T>-1 : a == 0 ? <T>0 : a;
  else if (isSigned<T>()) return a > 0 ? <T>1 : a < 0 ? <T>-1 : <T>0;
  else return a > 0 ? <T>1 : <T>0;
}
// @ts-ignore: decorator
@inline export function square<T>(a: T): T {
  return <T>(a * a);
}
// @ts-ignore: decorator
@inline export function sqrt<T>(a: T): T {
  return <T>f64.sqrt(<f64>a);
}
// @ts-ignore: decorator
@inline export function floor<T>(a: T): T {
  return <T>f64.floor(<f64>a);
}
// @ts-ignore: decorator
@inline export function ceil<T>(a: T): T {
  return <T>f64.ceil(<f64>a);
}
// @ts-ignore: decorator
@inline export function trunc<T>(a: T): T {
  return <T>f64.trunc(<f64>a);
}
// @ts-ignore: decorator
@inline export function rint<T>(a: T): T {
  return <T>f64.nearest(<f64>a);
}
// @ts-ignore: decorator
@inline export function reciprocal<T>(a: T): T {
  return <T>(1 / a);
}
// @ts-ignore: decorator
@inline export function degrees<T>(a: T): T {
  return <T>(<f64>a * (180.0 / NativeMath.PI));
}
// @ts-ignore: decorator
@inline export function radians<T>(a: T): T {
  return <T>(<f64>a * (NativeMath.PI / 180.0));
}
// @ts-ignore: decorator
@inline export function invert<T>(a: T): T {
  if (isBoolean<T>()) return <T>!a;
  else return <T>~a;
}
// @ts-ignore: decorator
@inline export function logicalnot<T>(a: T): T {
  return <T>!a;
}

// @ts-ignore: decorator
@inline export function lt<T>(a: T, b: T): bool {
  return a < b;
}
// @ts-ignore: decorator
@inline export function le<T>(a: T, b: T): bool {
  return a <= b;
}
// @ts-ignore: decorator
@inline export function gt<T>(a: T, b: T): bool {
  return a > b;
}
// @ts-ignore: decorator
@inline export function ge<T>(a: T, b: T): bool {
  return a >= b;
}
// @ts-ignore: decorator
@inline export function eq<T>(a: T, b: T): bool {
  return a == b;
}
// @ts-ignore: decorator
@inline export function ne<T>(a: T, b: T): bool {
  return a != b;
}
// @ts-ignore: decorator
@inline export function isnan<T>(a: T): bool {
  return a != a;
}
// @ts-ignore: decorator
@inline export function isinf<T>(a: T): bool {
  return builtinAbs<T>(a) == <T>Infinity;
}
// @ts-ignore: decorator
@inline export function isfinite<T>(a: T): bool {
  return builtinAbs<T>(a) < <T>Infinity;
}
// @ts-ignore: decorator
@inline export function signbit<T>(a: T): bool {
  if (sizeof<T>() == 4) return reinterpret<i32>(<f32>a) < 0;
  else return reinterpret<i64>(<f64>a) < 0;
}
/** NaN is true. */
// @ts-ignore: decorator
@inline export function truth<T>(a: T): bool {
  return a != 0;
}
