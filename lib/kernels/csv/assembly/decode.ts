// One column of a block to typed values. All take: `at`, the address of the index entry that ends the column's first field;
// `stride`, bytes from one record's entry to the next's; `count` records; `out`, the values; `valid`, one byte a record, written
// only once a null is met (see nullCount). `last`: the column is the record's last, so a carriage return may stand before its end.
// They answer the ordinal of the first record whose field does not fit, or `count`.
import { RETURN, quote, quoting, escape } from "./tokenize";
import { endOf, fourIntegers, twoFloats } from "./batches";
import { BAD, NOT_QUICK, NULL, NUMBER, floatKind, floatQuick, floatSlow, integerOf, integerQuick, integerSlow, isFused, isWide, slowNumber } from "./numbers";
import { INVALID, codeOfField } from "./dictionary";
import { BATCH, knownStrings } from "./known-strings";

/** Nulls in the last column decoded; `valid` means something only when it is not 0. */
export let nullCount: u32 = 0;
/** Records read one by one after a group that could not be read at once: more each time, as long as groups keep failing. */
const SHORTEST: usize = 4;
const LONGEST: usize = 256;
const cell: usize = memory.data(8);

// @ts-ignore: decorator
@inline
function fieldEnd(at: usize, start: usize, last: bool): usize {
  const end = <usize>load<u32>(at);
  return last && end > start && load<u8>(end - 1) == RETURN ? end - 1 : end;
}

function setNull(valid: usize, i: u32, count: u32): void {
  if (!nullCount++) memory.fill(valid, 1, count);
  store<u8>(valid + i, 0);
}

// @ts-ignore: decorator
@inline
function isEmpty(start: usize, end: usize): bool {
  return start == end || (quoting && end - start == 2 && load<u8>(start) == quote && load<u8>(start + 1) == quote);
}

/** What became of a field that `integerQuick` left: BAD, NULL, or NUMBER, which is `integerOf()`. */
function integerHard(start: usize, end: usize): i32 {
  if (isEmpty(start, end)) return NULL;
  if (integerSlow(start, end)) return NUMBER;
  return slowNumber(start, end, cell) == NULL ? NULL : BAD;
}

/** Integers within ±2^53 as f64. `isWideColumn()` tells when one was outside: decode again with `decodeWide`. Answers −2 then. */
export function decodeIntegers(at: usize, stride: usize, count: u32, out: usize, valid: usize, last: bool): i32 {
  nullCount = 0;
  const stop = out + (<usize>count << 3);
  const values = out;
  let stretch: usize = SHORTEST;
  while (out < stop) {
    const to = fourIntegers(at, stride, out, stop, usize(last));
    stretch = to == out ? min(stretch << 1, LONGEST) : SHORTEST;
    at += ((to - out) >> 3) * stride;
    out = to;
    const until = min(out + (stretch << 3), stop);
    for (; out < until; out += 8, at += stride) {
      const i = <u32>((out - values) >> 3);
      const start = <usize>load<u32>(at - 4) + 1;
      const end = fieldEnd(at, start, last);
      let value = integerQuick(start, end);
      if (value == NOT_QUICK) {
        const kind = integerHard(start, end);
        if (kind == BAD) return i;
        if (kind == NULL) {
          setNull(valid, i, count);
          value = 0;
        } else {
          if (isWide) return -2;
          value = integerOf();
        }
      }
      store<f64>(out, <f64>value);
    }
  }
  return count;
}

/** Integers as i64. */
export function decodeWide(at: usize, stride: usize, count: u32, out: usize, valid: usize, last: bool): i32 {
  nullCount = 0;
  for (let i: u32 = 0; i < count; i++, at += stride) {
    const start = <usize>load<u32>(at - 4) + 1;
    const end = fieldEnd(at, start, last);
    const kind = integerHard(start, end);
    if (kind == BAD) return i;
    if (kind == NULL) setNull(valid, i, count);
    store<i64>(out + (<usize>i << 3), kind == NULL ? 0 : integerOf());
  }
  return count;
}

/** Floats; a null's value is NaN. */
export function decodeFloats(at: usize, stride: usize, count: u32, out: usize, valid: usize, last: bool): i32 {
  nullCount = 0;
  const stop = out + (<usize>count << 3);
  const values = out;
  let stretch: usize = SHORTEST;
  while (out < stop) {
    if (isFused) {
      const to = twoFloats(at, stride, out, stop, usize(last));
      stretch = to == out ? min(stretch << 1, LONGEST) : SHORTEST;
      at += ((to - out) >> 3) * stride;
      out = to;
    }
    const until = min(out + (stretch << 3), stop);
    for (; out < until; out += 8, at += stride) {
      const i = <u32>((out - values) >> 3);
      const start = <usize>load<u32>(at - 4) + 1;
      const end = fieldEnd(at, start, last);
      let value = floatQuick(start, end);
      if (value != value) {
        if (isEmpty(start, end)) setNull(valid, i, count);
        else {
          value = floatSlow(start, end);
          if (floatKind == BAD) return i;
          if (floatKind == NULL) {
            setNull(valid, i, count);
            value = NaN;
          }
        }
      }
      store<f64>(out, value);
    }
  }
  return count;
}

/** true, True, TRUE, false, False, FALSE as bytes 1 and 0. */
export function decodeBooleans(at: usize, stride: usize, count: u32, out: usize, valid: usize, last: bool): i32 {
  nullCount = 0;
  for (let i: u32 = 0; i < count; i++, at += stride) {
    let start = <usize>load<u32>(at - 4) + 1;
    let end = fieldEnd(at, start, last);
    let value: u8 = 0;
    if (isEmpty(start, end)) setNull(valid, i, count);
    else {
      const whole = start;
      const wholeEnd = end;
      if (quoting && load<u8>(start) == quote && end - start > 2) {
        start++;
        end--;
      }
      const length = end - start;
      const word = load<u32>(start);
      const isTrue = length == 4 && (word == 0x65757274 || word == 0x65757254 || word == 0x45555254);
      const isFalse = length == 5 && ((word == 0x736c6166 && load<u8>(start + 4) == 0x65) || (word == 0x736c6146 && load<u8>(start + 4) == 0x65) || (word == 0x534c4146 && load<u8>(start + 4) == 0x45));
      if (!isTrue && !isFalse) {
        if (slowNumber(whole, wholeEnd, cell) != NULL) return i;
        setNull(valid, i, count);
      }
      value = u8(isTrue);
    }
    store<u8>(out + i, value);
  }
  return count;
}

/** Strings as codes (u32) of the dictionary; 0 is null (an empty field without quotes, or a null text). */
export function decodeStrings(at: usize, stride: usize, count: u32, out: usize, dictionary: usize, last: bool): i32 {
  nullCount = 0;
  const stop = out + (<usize>count << 2);
  const codes = out;
  while (out < stop) {
    const to = min(out + (BATCH << 2), stop);
    const from = at;
    const first = out;
    if (escape) memory.fill(out, 0, to - out);
    else knownStrings(at, stride, out, to, dictionary, usize(last), quoting ? <u32>quote : 256, 1);
    at += ((to - out) >> 2) * stride;
    for (; out < to; out += 4) {
      const known = load<u32>(out);
      if (known > 1) {
        store<u32>(out, known - 1);
        continue;
      }
      let value: u32 = 0;
      if (known == 0) {
        const entry = from + ((out - first) >> 2) * stride;
        const start = <usize>load<u32>(entry - 4) + 1;
        const end = fieldEnd(entry, start, last);
        if (start != end) {
          value = codeOfField(dictionary, start, end);
          if (value == INVALID) return (out - codes) >> 2;
        }
      }
      if (value == 0) nullCount++;
      store<u32>(out, value);
    }
  }
  return count;
}
