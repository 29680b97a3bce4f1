// What SIMD has no instruction for: fusing masks to booleans, and extremes that ignore NaN.

const ONES = i8x16.splat(1);

/** Sixteen booleans of eight masks of two. */
// @ts-ignore: decorator
@inline export function booleans8(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): v128 {
  return booleans4(
    v128.shuffle<i32>(a, b, 0, 2, 4, 6),
    v128.shuffle<i32>(c, d, 0, 2, 4, 6),
    v128.shuffle<i32>(e, f, 0, 2, 4, 6),
    v128.shuffle<i32>(g, h, 0, 2, 4, 6),
  );
}
/** Of four masks of four. */
// @ts-ignore: decorator
@inline export function booleans4(a: v128, b: v128, c: v128, d: v128): v128 {
  return booleans2(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}
/** Of two masks of eight. */
// @ts-ignore: decorator
@inline export function booleans2(a: v128, b: v128): v128 {
  return booleans1(i8x16.narrow_i16x8_s(a, b));
}
// @ts-ignore: decorator
@inline export function booleans1(a: v128): v128 {
  return v128.and(a, ONES);
}

// @ts-ignore: decorator
@inline export function fmin<T>(a: v128, b: v128): v128 {
  const other = v128.bitselect(a, v128.min<T>(a, b), v128.ne<T>(b, b));
  return v128.bitselect(b, other, v128.ne<T>(a, a));
}
// @ts-ignore: decorator
@inline export function fmax<T>(a: v128, b: v128): v128 {
  const other = v128.bitselect(a, v128.max<T>(a, b), v128.ne<T>(b, b));
  return v128.bitselect(b, other, v128.ne<T>(a, a));
}
