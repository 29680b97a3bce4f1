// Strings that a dictionary has already, many at a time. A large dictionary does not lie in a core's caches, and each look-up waits for memory. So
// they are made in passes without branches that depend on what is read: first what each string's slot would hold, and where; then all buckets are
// asked for, as many at once as the core can have on the way; then they are compared.
import { endOf } from "./batches";
import { BUCKET_BITS, CODE, INLINE, SLOT_BITS, entriesOf, holdsKey, homeOf, longKey, sameBytes, shiftOf, shortKey, tableOf } from "./dictionary";

/** Keys of a batch, 32 bytes each: low u64, high u64, length u32, bucket's address u32, start u32. */
const KEY: usize = 32;
const BUCKET: usize = 20;
const START: usize = 24;
const keys: usize = memory.data(256 << 5, 16);
/** So that the compiler keeps what is read for nothing. */
const sink: usize = memory.data(8);
/** A length that no string has. */
const NO_LENGTH: usize = 0xffffffff;
const SECOND: usize = 1 << SLOT_BITS;

/** Strings looked up at a time. */
export const BATCH: usize = 256;

/**
 * Code + 1 of up to 256 strings that the dictionary has in the bucket where their search begins; 0 of others, and of those that are empty or in
 * quotes. `between`: bytes between the end of the string before and the start of one. No calls: see batches.ts.
 */
export function knownStrings(at: usize, stride: usize, out: usize, stop: usize, dictionary: usize, last: usize, quoteOrNone: u32, between: usize): void {
  const table = tableOf(dictionary);
  const shift = shiftOf(dictionary);
  if (shift >= NEAR_SHIFT) {
    nearStrings(at, stride, out, stop, table, shift, entriesOf(dictionary), last, quoteOrNone, between);
    return;
  }
  let longest: usize = 0;
  let key = keys;
  for (let o = out; o < stop; o += 4, at += stride, key += KEY) {
    const start = <usize>load<u32>(at - 4) + between;
    let length = endOf(at, last) - start;
    let low: u64 = 0;
    let high: u64 = 0;
    if (length - 1 < 8) low = shortKey(start, length);
    else if (<isize>length <= 0) length = NO_LENGTH;
    else if (length <= INLINE) {
      low = load<u64>(start);
      high = load<u64>(start + length - 8);
    } else {
      low = longKey(start, length);
      longest = length;
    }
    const home = homeOf(low, high, length, shift);
    store<u64>(key, low);
    store<u64>(key, high, 8);
    store<u32>(key, <u32>select<usize>(NO_LENGTH, length, <u32>load<u8>(start) == quoteOrNone), 16);
    store<u32>(key, <u32>(table + (home << BUCKET_BITS)), BUCKET);
    store<u32>(key, <u32>start, START);
  }
  // Reads each bucket and does nothing with it: so little that the core has twenty of them on the way. What follows finds them near.
  let touched: u32 = 0;
  for (let k = keys; k < key; k += KEY) touched ^= load<u32>(<usize>load<u32>(k, BUCKET));
  store<u32>(sink, touched);
  key = keys;
  for (let o = out; o < stop; o += 4, key += KEY) {
    const slot = <usize>load<u32>(key, BUCKET);
    const low = load<u64>(key);
    const high = load<u64>(key, 8);
    const length = <usize>load<u32>(key, 16);
    const first = load<u32>(slot, CODE) & -holdsKey(slot, low, high, length);
    const second = load<u32>(slot, SECOND + CODE) & -holdsKey(slot + SECOND, low, high, length);
    store<u32>(o, first | second);
  }
  if (longest) verifyLong(out, stop, entriesOf(dictionary));
}

/** A table of up to 32 KiB is near anyway. */
const NEAR_SHIFT: u64 = 64 - 9;

/** The same in one pass. */
function nearStrings(at: usize, stride: usize, out: usize, stop: usize, table: usize, shift: u64, entries: usize, last: usize, quoteOrNone: u32, between: usize): void {
  for (; out < stop; out += 4, at += stride) {
    const start = <usize>load<u32>(at - 4) + between;
    const length = endOf(at, last) - start;
    let low: u64;
    let high: u64 = 0;
    if (length - 1 < 8) low = shortKey(start, length);
    else if (<isize>length <= 0) {
      store<u32>(out, 0);
      continue;
    } else if (length <= INLINE) {
      low = load<u64>(start);
      high = load<u64>(start + length - 8);
    } else low = longKey(start, length);
    const slot = table + (homeOf(low, high, length, shift) << BUCKET_BITS);
    let code: u32 = 0;
    if (<u32>load<u8>(start) != quoteOrNone) {
      if (holdsKey(slot, low, high, length)) code = load<u32>(slot, CODE);
      else if (holdsKey(slot + SECOND, low, high, length)) code = load<u32>(slot, SECOND + CODE);
    }
    if (length > INLINE && code > 1 && !sameBytes(<usize>load<u32>(entries + (<usize>(code - 1) << 3)), start, length)) code = 0;
    store<u32>(out, code);
  }
}

/** Of long strings a slot holds a hash: takes those back whose bytes are others. */
function verifyLong(out: usize, stop: usize, entries: usize): void {
  let key = keys;
  for (; out < stop; out += 4, key += KEY) {
    const length = <usize>load<u32>(key, 16);
    const code = load<u32>(out);
    if (length <= INLINE || code <= 1) continue;
    if (!sameBytes(<usize>load<u32>(entries + (<usize>(code - 1) << 3)), <usize>load<u32>(key, START), length)) store<u32>(out, 0);
  }
}
