// The usual spelling of numbers, several records at a time. Both loops stop at the first group that holds anything else, with all the
// groups before it done, and answer how far they came: `decode.ts` reads the group one by one. Nothing is called in these loops: a
// call, though never made, has the compiler keep every value in memory instead of a register (measured: twice the time).
// `last` is 1 where a carriage return may stand before the field's end, else 0.
import { RETURN } from "./tokenize";
import { MINUS, inversePowers, lastBytes } from "./numbers";

/** Where the field ends, with no branch; one that is only a carriage return may come out as negative in length, which no group takes. */
// @ts-ignore: decorator
@inline
export function endOf(at: usize, last: usize): usize {
  const end = <usize>load<u32>(at);
  return end - (last & usize(load<u8>(end - 1) == RETURN));
}

// @ts-ignore: decorator
@inline
function isNegative(start: usize): usize {
  return usize(load<u8>(start) == MINUS);
}

/** Of sixteen digits (their values) each four as one i32, in two steps: bytes to pairs, pairs to fours. */
// @ts-ignore: decorator
@inline
function fours(digits: v128): v128 {
  const pairs = i16x8.add(i16x8.mul(v128.and(digits, i16x8.splat(0x00ff)), i16x8.splat(10)), i16x8.shr_u(digits, 8));
  return i32x4.dot_i16x8_s(pairs, i32x4.splat(0x00010064)); // 100, 1
}

/** Of two times four fours each eight digits as one i32. */
// @ts-ignore: decorator
@inline
function eights(a: v128, b: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(a, b), i32x4.splat(0x00012710)); // 10,000, 1
}

// @ts-ignore: decorator
@inline
function digitsOf(text: v128, mask: v128): v128 {
  return v128.and(v128.xor(text, i8x16.splat(0x30)), mask);
}

/** Whether all sixteen bytes are digits' values. */
// @ts-ignore: decorator
@inline
function areDigits(digits: v128): bool {
  return !v128.any_true(i8x16.gt_u(digits, i8x16.splat(9)));
}

/** Integers of up to four digits with an optional minus, four records at a time. Answers the address behind the last value written. */
export function fourIntegers(at: usize, stride: usize, out: usize, stop: usize, last: usize): usize {
  for (; out + 32 <= stop; out += 32) {
    let start = <usize>load<u32>(at - 4) + 1;
    let end = endOf(at, last);
    const negativeA = isNegative(start);
    let length = end - start - negativeA;
    let lengths = length - 1;
    let text = v128.load32_zero(end - 4);
    // Only the lengths that pass below mean anything: eight entries are there to be read for any.
    let mask = v128.load32_zero(lastBytes + ((length & 7) << 4) + 12);
    at += stride;

    start = <usize>load<u32>(at - 4) + 1;
    end = endOf(at, last);
    const negativeB = isNegative(start);
    length = end - start - negativeB;
    lengths |= length - 1;
    text = v128.load_lane<u32>(end - 4, text, 1);
    mask = v128.load_lane<u32>(lastBytes + ((length & 7) << 4) + 12, mask, 1);
    at += stride;

    start = <usize>load<u32>(at - 4) + 1;
    end = endOf(at, last);
    const negativeC = isNegative(start);
    length = end - start - negativeC;
    lengths |= length - 1;
    text = v128.load_lane<u32>(end - 4, text, 2);
    mask = v128.load_lane<u32>(lastBytes + ((length & 7) << 4) + 12, mask, 2);
    at += stride;

    start = <usize>load<u32>(at - 4) + 1;
    end = endOf(at, last);
    const negativeD = isNegative(start);
    length = end - start - negativeD;
    lengths |= length - 1;
    text = v128.load_lane<u32>(end - 4, text, 3);
    mask = v128.load_lane<u32>(lastBytes + ((length & 7) << 4) + 12, mask, 3);
    at += stride;

    if (lengths >= 4) break; // each length − 1 is below 4, a power of two, where all their bits are
    const digits = digitsOf(text, mask);
    if (!areDigits(digits)) break;
    let values = fours(digits);
    if (negativeA | negativeB | negativeC | negativeD) {
      let signs = i32x4.splat(-(<i32>negativeA));
      signs = i32x4.replace_lane(signs, 1, -(<i32>negativeB));
      signs = i32x4.replace_lane(signs, 2, -(<i32>negativeC));
      signs = i32x4.replace_lane(signs, 3, -(<i32>negativeD));
      values = i32x4.sub(v128.xor(values, signs), signs);
    }
    v128.store(out, f64x2.convert_low_i32x4_s(values));
    v128.store(out, f64x2.convert_low_i32x4_s(i64x2.shuffle(values, values, 1, 1)), 16);
  }
  return out;
}

/** How many bytes stand before the first dot; 8 where it is not among the first eight. */
// @ts-ignore: decorator
@inline
function beforeDot(start: usize): usize {
  const x = load<u64>(start) ^ 0x2e2e2e2e2e2e2e2e;
  return <usize>ctz<u64>((x - 0x0101010101010101) & ~x & 0x8080808080808080) >> 3;
}

/**
 * Floats of 1 to 7 digits "." 1 to 16 digits with an optional minus, two records at a time; only where `relaxed_madd` is fused. The value is
 * whole + fraction · 10^−q. The fraction (below 10^16, so a head and a tail of one f64 each) times the power (to 106 bits) gives a product
 * and the rest, the sum with the whole part is made exact by another two-sum, and rest is then known to 2^−103 of the sum. So `sum + rest`,
 * rounded once, is the nearest f64, unless it changes with `rest` by that doubt: such groups are left, as are those with other spellings.
 */
export function twoFloats(at: usize, stride: usize, out: usize, stop: usize, last: usize): usize {
  for (; out + 16 <= stop; out += 16) {
    const startA = <usize>load<u32>(at - 4) + 1;
    const endA = endOf(at, last);
    const negativeA = isNegative(startA);
    const wholeA = beforeDot(startA + negativeA);
    const dotA = startA + negativeA + wholeA;
    const lengthA = endA - dotA - 1; // wraps when the dot found lies past the field
    at += stride;
    const startB = <usize>load<u32>(at - 4) + 1;
    const endB = endOf(at, last);
    const negativeB = isNegative(startB);
    const wholeB = beforeDot(startB + negativeB);
    const dotB = startB + negativeB + wholeB;
    const lengthB = endB - dotB - 1;
    at += stride;
    if (max(wholeA - 1, wholeB - 1) >= 7 || ((lengthA - 1) | (lengthB - 1)) >= 16) break;

    const wholes = digitsOf(
      v128.load64_lane(dotB - 8, v128.load64_zero(dotA - 8), 1),
      v128.load64_lane(lastBytes + (wholeB << 4) + 8, v128.load64_zero(lastBytes + (wholeA << 4) + 8), 1),
    );
    const a = digitsOf(v128.load(endA - 16), v128.load(lastBytes + (lengthA << 4)));
    const b = digitsOf(v128.load(endB - 16), v128.load(lastBytes + (lengthB << 4)));
    if (!areDigits(i8x16.max_u(i8x16.max_u(a, b), wholes))) break;

    const foursOfWholes = fours(wholes);
    const whole = f64x2.convert_low_i32x4_s(eights(foursOfWholes, foursOfWholes));
    const parts = eights(fours(a), fours(b)); // A's upper eight digits and lower eight, then B's
    const upper = f64x2.convert_low_i32x4_s(i32x4.shuffle(parts, parts, 0, 2, 0, 2));
    const lower = f64x2.convert_low_i32x4_s(i32x4.shuffle(parts, parts, 1, 3, 1, 3));
    const head = f64x2.relaxed_madd(upper, f64x2.splat(1e8), lower);
    const tail = f64x2.add(f64x2.relaxed_madd(upper, f64x2.splat(1e8), f64x2.neg(head)), lower);

    const powersA = v128.load(inversePowers + (lengthA << 4));
    const powersB = v128.load(inversePowers + (lengthB << 4));
    const power = i64x2.shuffle(powersA, powersB, 0, 2);
    const product = f64x2.mul(head, power);
    let rest = f64x2.relaxed_madd(head, power, f64x2.neg(product));
    rest = f64x2.relaxed_madd(head, i64x2.shuffle(powersA, powersB, 1, 3), rest);
    rest = f64x2.relaxed_madd(tail, power, rest);
    const sum = f64x2.add(whole, product);
    rest = f64x2.add(f64x2.sub(product, f64x2.sub(sum, whole)), rest); // whole is 0 or not below the product
    const doubt = f64x2.mul(sum, f64x2.splat(1e-31)); // above 2^−103
    const value = f64x2.add(sum, f64x2.add(rest, doubt));
    if (v128.any_true(f64x2.ne(value, f64x2.add(sum, f64x2.sub(rest, doubt))))) break;
    const signs = i64x2.shl(i64x2.replace_lane(i64x2.splat(negativeA), 1, negativeB), 63);
    v128.store(out, v128.xor(value, signs));
  }
  return out;
}
