// The usual spelling of numbers, several records at a time. Both loops stop at the first group that holds anything else, with all the
// groups before it done, and answer how far they came: `decode.ts` reads the group one by one. Nothing is called in these loops: a
// call, though never made, has the compiler keep every value in memory instead of a register (measured: a third more time).
// `last` is 1 where a carriage return may stand before the field's end, else 0.
import { RETURN } from "./tokenize";
import { MINUS, inversePowers, lastBytes } from "./numbers";

/**
 * Vectors of constants, each lane alike. They are loaded before the loops, since the compiler makes a constant anew, in three instructions,
 * wherever it is used; what was loaded is kept.
 */
const constants: usize = memory.data<u64>(
  [
    0x3030303030303030, 0x3030303030303030,
    0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff,
    0x000a000a000a000a, 0x000a000a000a000a,
    0x0001006400010064, 0x0001006400010064,
    0x0001271000012710, 0x0001271000012710,
    0x0909090909090909, 0x0909090909090909,
    0x4197d78400000000, 0x4197d78400000000, // 1e8
    0x398039d665896880, 0x398039d665896880, // 1e−31
  ],
  16,
);
const ZEROS: usize = 0;
const LOWER_BYTES: usize = 16;
const TENS: usize = 32;
const HUNDREDS: usize = 48;
const TEN_THOUSANDS: usize = 64;
const NINES: usize = 80;
const HUNDRED_MILLIONS: usize = 96;
const DOUBTS: usize = 112;

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
function fours(digits: v128, lowerBytes: v128, tens: v128, hundreds: v128): v128 {
  const pairs = i16x8.add(i16x8.mul(v128.and(digits, lowerBytes), tens), i16x8.shr_u(digits, 8));
  return i32x4.dot_i16x8_s(pairs, hundreds);
}

/** Of two times four fours each eight digits as one i32. */
// @ts-ignore: decorator
@inline
function eights(a: v128, b: v128, tenThousands: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(a, b), tenThousands);
}

/** Integers of up to four digits with an optional minus, four records at a time. Answers the address behind the last value written. */
export function fourIntegers(at: usize, stride: usize, out: usize, stop: usize, last: usize): usize {
  const zeros = v128.load(constants, ZEROS);
  const lowerBytes = v128.load(constants, LOWER_BYTES);
  const tens = v128.load(constants, TENS);
  const hundreds = v128.load(constants, HUNDREDS);
  const nines = v128.load(constants, NINES);
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
    const digits = v128.and(v128.xor(text, zeros), mask);
    if (v128.any_true(i8x16.gt_u(digits, nines))) break;
    let values = fours(digits, lowerBytes, tens, hundreds);
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
 * Floats of 1 to 7 digits "." 1 to 16 digits with an optional minus, two records at a time; only where `relaxed_madd` and `relaxed_nmadd` are
 * fused. The value is whole + fraction · 10^−q. The fraction (below 10^16, so a head and a tail of one f64 each) times the power (to 106 bits) is
 * a product of one f64 less its excess. The whole part is added by a two-sum, and the rest that leaves is known to 2^−103 of the sum. So sum + rest,
 * rounded once, is the nearest f64, unless that changes within this doubt: such groups are left, as are those with other spellings.
 */
export function twoFloats(at: usize, stride: usize, out: usize, stop: usize, last: usize): usize {
  const zeros = v128.load(constants, ZEROS);
  const lowerBytes = v128.load(constants, LOWER_BYTES);
  const tens = v128.load(constants, TENS);
  const hundreds = v128.load(constants, HUNDREDS);
  const nines = v128.load(constants, NINES);
  const tenThousands = v128.load(constants, TEN_THOUSANDS);
  const hundredMillions = v128.load(constants, HUNDRED_MILLIONS);
  const doubts = v128.load(constants, DOUBTS);
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

    const wholes = v128.and(
      v128.xor(v128.load64_lane(dotB - 8, v128.load64_zero(dotA - 8), 1), zeros),
      v128.load64_lane(lastBytes + (wholeB << 4) + 8, v128.load64_zero(lastBytes + (wholeA << 4) + 8), 1),
    );
    const a = v128.and(v128.xor(v128.load(endA - 16), zeros), v128.load(lastBytes + (lengthA << 4)));
    const b = v128.and(v128.xor(v128.load(endB - 16), zeros), v128.load(lastBytes + (lengthB << 4)));
    if (v128.any_true(i8x16.gt_u(i8x16.max_u(i8x16.max_u(a, b), wholes), nines))) break;

    const foursOfWholes = fours(wholes, lowerBytes, tens, hundreds);
    const whole = f64x2.convert_low_i32x4_s(eights(foursOfWholes, foursOfWholes, tenThousands));
    // A's upper eight digits and lower eight, then B's.
    const parts = eights(fours(a, lowerBytes, tens, hundreds), fours(b, lowerBytes, tens, hundreds), tenThousands);
    const upper = f64x2.convert_low_i32x4_s(i32x4.shuffle(parts, parts, 0, 2, 0, 2));
    const lower = f64x2.convert_low_i32x4_s(i32x4.shuffle(parts, parts, 1, 3, 1, 3));
    const head = f64x2.relaxed_madd(upper, hundredMillions, lower);
    const tail = f64x2.sub(lower, f64x2.relaxed_nmadd(upper, hundredMillions, head));

    const powersA = v128.load(inversePowers + (lengthA << 4));
    const powersB = v128.load(inversePowers + (lengthB << 4));
    const power = i64x2.shuffle(powersA, powersB, 0, 2);
    const product = f64x2.mul(head, power);
    let excess = f64x2.relaxed_nmadd(head, power, product);
    excess = f64x2.relaxed_nmadd(head, i64x2.shuffle(powersA, powersB, 1, 3), excess);
    excess = f64x2.relaxed_nmadd(tail, power, excess);
    const sum = f64x2.add(whole, product);
    const rest = f64x2.sub(f64x2.sub(product, f64x2.sub(sum, whole)), excess); // whole is 0 or not below the product
    const doubt = f64x2.mul(sum, doubts); // above 2^−103
    const value = f64x2.add(sum, f64x2.add(rest, doubt));
    if (v128.any_true(f64x2.ne(value, f64x2.add(sum, f64x2.sub(rest, doubt))))) break;
    const signs = i64x2.shl(i64x2.replace_lane(i64x2.splat(negativeA), 1, negativeB), 63);
    v128.store(out, v128.xor(value, signs));
  }
  return out;
}
