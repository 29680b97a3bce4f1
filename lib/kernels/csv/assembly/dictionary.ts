// Strings to codes, one dictionary a column, of any size. Code 0 is null; real values count from 1 in order of first sight.
//
// A dictionary is a record in memory (offsets below) with an open-addressing table of slots {low u64, high u64, length u32, code + 1 u32}
// (0: empty). Two slots make a bucket, which is a cache line, and a search goes from bucket to bucket. What a slot holds of a string of up to 16
// bytes is the string itself: its first and last eight bytes, which overlap, or all of it left-aligned and 0. So a look-up of such a string reads
// one cache line. That of a longer one is a hash and 0, and the bytes are compared. Entries {address u32, length u32} by code point to
// the bytes, which live in pages that never move.
import { quote, quoting, escape } from "./tokenize";

const TABLE: usize = 0;
const SHIFT: usize = 4; // 64 − log2(buckets)
const COUNT: usize = 8; // codes given, null included
const ENTRIES: usize = 12;
const ROOM: usize = 16; // entries there is room for
const PAGE: usize = 20; // free bytes: address, end, and the chain of pages
const PAGE_END: usize = 24;
const PAGES: usize = 28;
const SCRATCH: usize = 32;
const SCRATCH_END: usize = 36;
const USED: usize = 40; // slots taken (codes and aliases)
const TABLE_BLOCK: usize = 44; // where the table's memory begins
const BYTES: usize = 48; // of all strings together
const SIZE: usize = 56;

/** Offsets in a slot. */
export const HIGH: usize = 8;
export const LENGTH: usize = 16;
export const CODE: usize = 20; // + 1
export const SLOT_BITS: usize = 5;
const SLOT: usize = 1 << SLOT_BITS;
export const BUCKET_BITS: usize = SLOT_BITS + 1;
/** The longest string that a slot holds whole. */
export const INLINE: usize = 16;

const FIRST_BITS: u32 = 9;
const PAGE_BYTES: usize = 65536;
const GOLDEN: u64 = 0x9e3779b97f4a7c15;
const MIX: u64 = 0xff51afd7ed558ccd;

/** What `code` answers for bytes that are not UTF-8. */
export const INVALID: u32 = 0xffffffff;

/** Whether new values must be valid UTF-8 is JavaScript's to judge; asked once a value that has non-ASCII bytes. */
// @ts-ignore: decorator
@external("env", "isUtf8")
declare function isUtf8(start: usize, length: usize): bool;

export function dictionaryNew(): usize {
  const d = heap.alloc(SIZE);
  memory.fill(d, 0, SIZE);
  setTable(d, FIRST_BITS);
  store<u32>(d, <u32>heap.alloc(64 << 3), ENTRIES);
  store<u32>(d, 64, ROOM);
  store<u64>(<usize>load<u32>(d, ENTRIES), 0);
  store<u32>(d, 1, COUNT);
  return d;
}

export function dictionaryFree(d: usize): void {
  heap.free(<usize>load<u32>(d, TABLE_BLOCK));
  heap.free(<usize>load<u32>(d, ENTRIES));
  for (let page = <usize>load<u32>(d, PAGES); page; ) {
    const next = <usize>load<u32>(page);
    heap.free(page);
    page = next;
  }
  if (load<u32>(d, SCRATCH)) heap.free(<usize>load<u32>(d, SCRATCH));
  heap.free(d);
}

/** Codes given so far, null (0) included. */
export function dictionaryCount(d: usize): u32 {
  return load<u32>(d, COUNT);
}

/** Bytes of all strings together. */
export function dictionaryBytes(d: usize): u32 {
  return load<u32>(d, BYTES);
}

/** Copies a string, and of a short one up to 16 bytes more than it has: a call to copy so little would take longer. */
// @ts-ignore: decorator
@inline
function copyText(to: usize, from: usize, length: usize): void {
  if (length <= 16) v128.store(to, v128.load(from));
  else memory.copy(to, from, length);
}

/** Writes all strings end to end, by code (and up to 16 bytes behind them), and to `offsets` (u32, one for each code and one more) where each begins. */
export function dictionaryPack(d: usize, offsets: usize, data: usize): void {
  const count = load<u32>(d, COUNT);
  let entry = entriesOf(d) + 8;
  let at: usize = 0;
  store<u64>(offsets, 0);
  for (let code: u32 = 1; code < count; code++, entry += 8) {
    const length = <usize>load<u32>(entry, 4);
    copyText(data + at, <usize>load<u32>(entry), length);
    at += length;
    store<u32>(offsets + (<usize>code << 2), <u32>at, 4);
  }
}

/** Address of the entries {address u32, length u32}, by code. Moves when the dictionary grows. */
export function dictionaryEntries(d: usize): usize {
  return <usize>load<u32>(d, ENTRIES);
}

/** From now on the string means null. */
export function dictionaryAlias(d: usize, start: usize, length: usize): void {
  takeSlot(d, findSlot(d, start, length), start, length, 0);
}

/** `bits`: log2 of the slots. */
function setTable(d: usize, bits: u32): void {
  const bytes = SLOT << bits;
  const block = heap.alloc(bytes + 63);
  const table = (block + 63) & ~63;
  memory.fill(table, 0, bytes);
  store<u32>(d, <u32>block, TABLE_BLOCK);
  store<u32>(d, <u32>table, TABLE);
  store<u32>(d, 65 - bits, SHIFT);
}

// @ts-ignore: decorator
@inline
export function tableOf(d: usize): usize {
  return <usize>load<u32>(d, TABLE);
}

// @ts-ignore: decorator
@inline
export function shiftOf(d: usize): u64 {
  return <u64>load<u32>(d, SHIFT);
}

// @ts-ignore: decorator
@inline
export function entriesOf(d: usize): usize {
  return <usize>load<u32>(d, ENTRIES);
}

/** Of a string of 1 to 8 bytes: the string. */
// @ts-ignore: decorator
@inline
export function shortKey(start: usize, length: usize): u64 {
  return load<u64>(start) << (64 - (<u64>length << 3));
}

/** A hash of 64 bits for strings of more than 16 bytes: word by word, the last one overlapping. */
// @ts-ignore: decorator
@inline
export function longKey(start: usize, length: usize): u64 {
  const last = start + length - 8;
  let h: u64 = GOLDEN ^ <u64>length;
  for (let p = start; p < last; p += 8) {
    h = (h ^ load<u64>(p)) * MIX;
    h ^= h >> 32;
  }
  h = (h ^ load<u64>(last)) * MIX;
  return h ^ (h >> 32);
}

/** What a slot holds of a string of any length, first half. */
function lowOf(start: usize, length: usize): u64 {
  if (length > INLINE) return longKey(start, length);
  if (length > 8) return load<u64>(start);
  return length == 0 ? 0 : shortKey(start, length);
}

/** The other half. */
function highOf(start: usize, length: usize): u64 {
  return length > 8 && length <= INLINE ? load<u64>(start + length - 8) : 0;
}

/** Where a key's search begins: the bucket's number. */
// @ts-ignore: decorator
@inline
export function homeOf(low: u64, high: u64, length: usize, shift: u64): usize {
  let h = ((low ^ <u64>length) * GOLDEN) ^ high;
  h = (h ^ (h >> 29)) * MIX;
  return <usize>(h >> shift);
}

/** Whether two strings of more than 8 bytes are the same. */
// @ts-ignore: decorator
@inline
export function sameBytes(a: usize, b: usize, length: usize): bool {
  const last = length - 8;
  for (let i: usize = 0; i < last; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  return load<u64>(a + last) == load<u64>(b + last);
}

/** Whether the slot's string is this one, all but the bytes of a long one. */
// @ts-ignore: decorator
@inline
export function holdsKey(slot: usize, low: u64, high: u64, length: usize): i32 {
  return i32(load<u64>(slot) == low) & i32(load<u64>(slot, HIGH) == high) & i32(<usize>load<u32>(slot, LENGTH) == length);
}

/** The slot that holds the string, or the empty one where it belongs. */
function findSlot(d: usize, start: usize, length: usize): usize {
  const low = lowOf(start, length);
  const high = highOf(start, length);
  const table = tableOf(d);
  const end = table + (SLOT << (65 - <usize>load<u32>(d, SHIFT)));
  let slot = table + (homeOf(low, high, length, shiftOf(d)) << BUCKET_BITS);
  while (true) {
    const code = load<u32>(slot, CODE);
    if (!code) return slot;
    if (holdsKey(slot, low, high, length)) {
      if (length <= INLINE || code == 1) return slot; // aliases of null: their 64-bit hash is trusted
      if (sameBytes(<usize>load<u32>(entriesOf(d) + (<usize>(code - 1) << 3)), start, length)) return slot;
    }
    slot += SLOT;
    if (slot == end) slot = table;
  }
}

function takeSlot(d: usize, slot: usize, start: usize, length: usize, code: u32): void {
  if (!load<u32>(slot, CODE)) store<u32>(d, load<u32>(d, USED) + 1, USED);
  store<u64>(slot, lowOf(start, length));
  store<u64>(slot, highOf(start, length), HIGH);
  store<u32>(slot, <u32>length, LENGTH);
  store<u32>(slot, code + 1, CODE);
  const bits = 65 - load<u32>(d, SHIFT);
  if (load<u32>(d, USED) << 1 > (<u32>1) << bits) grow(d, bits + 1);
}

function grow(d: usize, bits: u32): void {
  const old = tableOf(d);
  const block = <usize>load<u32>(d, TABLE_BLOCK);
  const oldEnd = old + (SLOT << (bits - 1));
  setTable(d, bits);
  const table = tableOf(d);
  const end = table + (SLOT << bits);
  const shift = shiftOf(d);
  for (let slot = old; slot < oldEnd; slot += SLOT) {
    if (!load<u32>(slot, CODE)) continue;
    const home = homeOf(load<u64>(slot), load<u64>(slot, HIGH), <usize>load<u32>(slot, LENGTH), shift);
    let to = table + (home << BUCKET_BITS);
    while (load<u32>(to, CODE)) {
      to += SLOT;
      if (to == end) to = table;
    }
    v128.store(to, v128.load(slot));
    store<u64>(to, load<u64>(slot, LENGTH), LENGTH);
  }
  heap.free(block);
}

function add(d: usize, slot: usize, start: usize, length: usize): u32 {
  if (hasHighBit(start, length) && !isUtf8(start, length)) return INVALID;
  const code = load<u32>(d, COUNT);
  if (code == load<u32>(d, ROOM)) {
    store<u32>(d, code << 1, ROOM);
    store<u32>(d, <u32>heap.realloc(<usize>load<u32>(d, ENTRIES), <usize>code << 4), ENTRIES);
  }
  const entry = <usize>load<u32>(d, ENTRIES) + (<usize>code << 3);
  store<u32>(entry, <u32>keep(d, start, length));
  store<u32>(entry, <u32>length, 4);
  store<u32>(d, code + 1, COUNT);
  store<u32>(d, load<u32>(d, BYTES) + <u32>length, BYTES);
  takeSlot(d, slot, start, length, code);
  return code;
}

function hasHighBit(start: usize, length: usize): bool {
  let bits: u64 = 0;
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) bits |= load<u64>(start + i);
  for (; i < length; i++) bits |= <u64>load<u8>(start + i);
  return (bits & 0x8080808080808080) != 0;
}

/** Copies the bytes to where they stay. */
function keep(d: usize, start: usize, length: usize): usize {
  let at = <usize>load<u32>(d, PAGE);
  if (at + length > <usize>load<u32>(d, PAGE_END)) {
    const bytes = max(PAGE_BYTES, length + 8);
    const page = heap.alloc(bytes + 16);
    store<u32>(page, load<u32>(d, PAGES));
    store<u32>(d, <u32>page, PAGES);
    store<u32>(d, <u32>(page + bytes), PAGE_END);
    at = page + 8;
  }
  copyText(at, start, length);
  store<u32>(d, <u32>(at + length), PAGE);
  return at;
}

/** The code of a field, quotes and escapes taken off; INVALID where it is not UTF-8. */
export function codeOfField(d: usize, start: usize, end: usize): u32 {
  if (escape || (quoting && load<u8>(start) == quote)) return codeQuoted(d, start, end);
  return codeOf(d, start, end - start);
}

/** The code of a string, a new one where it has none yet; INVALID where it is not UTF-8. */
export function codeOf(d: usize, start: usize, length: usize): u32 {
  const slot = findSlot(d, start, length);
  const found = load<u32>(slot, CODE);
  return found ? found - 1 : add(d, slot, start, length);
}

/** Takes quotes and escapes off into the scratch page, by the same states as `tokenizeExact`. */
function codeQuoted(d: usize, start: usize, end: usize): u32 {
  const room = end - start + 8;
  let scratch = <usize>load<u32>(d, SCRATCH);
  if (!scratch || scratch + room > <usize>load<u32>(d, SCRATCH_END)) {
    if (scratch) heap.free(scratch);
    scratch = heap.alloc(room << 1);
    store<u32>(d, <u32>scratch, SCRATCH);
    store<u32>(d, <u32>(scratch + (room << 1)), SCRATCH_END);
  }
  let to = scratch;
  let inside = false;
  let closed = false;
  let p = start;
  if (quoting && load<u8>(p) == quote) {
    inside = true;
    p++;
  }
  for (; p < end; p++) {
    const c = load<u8>(p);
    if (escape && c == escape && p + 1 < end) {
      closed = false;
      store<u8>(to++, load<u8>(++p));
    } else if (c == quote && inside) {
      inside = false;
      closed = true;
    } else if (c == quote && closed) {
      inside = true;
      closed = false;
      store<u8>(to++, c);
    } else {
      closed = false;
      store<u8>(to++, c);
    }
  }
  return codeOf(d, scratch, to - scratch);
}
