// Strings to codes, one dictionary a column, of any size. Code 0 is null; real values count from 1 in order of first sight.
//
// A dictionary is a record in memory (offsets below) with an open-addressing table of 16-byte slots {key u64, length u32, code + 1 u32}
// (0: empty). The key of a string of up to 8 bytes is the string itself, left-aligned, so that equal keys and lengths are equal strings;
// that of a longer one is a hash, and the bytes are compared. Entries {address u32, length u32} by code point to the bytes,
// which live in pages that never move.
import { quote, quoting, escape } from "./tokenize";

const TABLE: usize = 0;
const SHIFT: usize = 4; // 64 − log2(slots)
const COUNT: usize = 8; // codes given, null included
const ENTRIES: usize = 12;
const ROOM: usize = 16; // entries there is room for
const PAGE: usize = 20; // free bytes: address, end, and the chain of pages
const PAGE_END: usize = 24;
const PAGES: usize = 28;
const SCRATCH: usize = 32;
const SCRATCH_END: usize = 36;
const USED: usize = 40; // slots taken (codes and aliases)
const SIZE: usize = 48;

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
  heap.free(<usize>load<u32>(d, TABLE));
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

/** Address of the entries {address u32, length u32}, by code. Moves when the dictionary grows. */
export function dictionaryEntries(d: usize): usize {
  return <usize>load<u32>(d, ENTRIES);
}

/** From now on the string means null. */
export function dictionaryAlias(d: usize, start: usize, length: usize): void {
  const key = keyOf(start, length);
  takeSlot(d, findSlot(d, key, start, length), key, length, 0);
}

function setTable(d: usize, bits: u32): void {
  const bytes = (<usize>16) << bits;
  const table = heap.alloc(bytes);
  memory.fill(table, 0, bytes);
  store<u32>(d, <u32>table, TABLE);
  store<u32>(d, 64 - bits, SHIFT);
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
export function shortKey(start: usize, length: usize): u64 {
  return load<u64>(start) << (64 - (<u64>length << 3));
}

/** A hash of 64 bits for strings of more than 8 bytes: word by word, the last one overlapping. */
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

/** The key of a string of any length. */
function keyOf(start: usize, length: usize): u64 {
  if (length > 8) return longKey(start, length);
  return length == 0 ? 0 : shortKey(start, length);
}

/** Where a key's search begins: the slot's number. */
// @ts-ignore: decorator
@inline
export function homeOf(key: u64, length: usize, shift: u64): usize {
  return <usize>(((key ^ <u64>length) * GOLDEN) >> shift);
}

/** Whether two strings of more than 8 bytes are the same. */
// @ts-ignore: decorator
@inline
function sameBytes(a: usize, b: usize, length: usize): bool {
  const last = length - 8;
  for (let i: usize = 0; i < last; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  return load<u64>(a + last) == load<u64>(b + last);
}

/** The code of a string of more than 8 bytes that is found where its search begins; INVALID: look on. */
// @ts-ignore: decorator
@inline
export function longCodeAtHome(d: usize, table: usize, shift: u64, start: usize, length: usize): u32 {
  const key = longKey(start, length);
  const slot = table + (homeOf(key, length, shift) << 4);
  const code = load<u32>(slot, 12) - 1;
  if (load<u64>(slot) != key || <usize>load<u32>(slot, 8) != length || code - 1 >= INVALID - 1) return INVALID;
  return sameBytes(<usize>load<u32>(<usize>load<u32>(d, ENTRIES) + (<usize>code << 3)), start, length) ? code : INVALID;
}

/** The slot that holds the string, or the empty one where it belongs. */
function findSlot(d: usize, key: u64, start: usize, length: usize): usize {
  const table = <usize>load<u32>(d, TABLE);
  const mask = ((<usize>1) << (64 - load<u32>(d, SHIFT))) - 1;
  let i = homeOf(key, length, shiftOf(d));
  while (true) {
    const slot = table + (i << 4);
    const code = load<u32>(slot, 12);
    if (!code) return slot;
    if (load<u64>(slot) == key && <usize>load<u32>(slot, 8) == length) {
      if (length <= 8 || code == 1) return slot; // aliases of null: their 64-bit hash is trusted
      if (sameBytes(<usize>load<u32>(<usize>load<u32>(d, ENTRIES) + (<usize>(code - 1) << 3)), start, length)) return slot;
    }
    i = (i + 1) & mask;
  }
}

function takeSlot(d: usize, slot: usize, key: u64, length: usize, code: u32): void {
  if (!load<u32>(slot, 12)) store<u32>(d, load<u32>(d, USED) + 1, USED);
  store<u64>(slot, key);
  store<u32>(slot, <u32>length, 8);
  store<u32>(slot, code + 1, 12);
  const bits = 64 - load<u32>(d, SHIFT);
  if (load<u32>(d, USED) << 1 > (<u32>1) << bits) grow(d, bits + 1);
}

function grow(d: usize, bits: u32): void {
  const old = <usize>load<u32>(d, TABLE);
  const end = old + ((<usize>16) << (bits - 1));
  setTable(d, bits);
  const table = <usize>load<u32>(d, TABLE);
  const mask = ((<usize>1) << bits) - 1;
  for (let slot = old; slot < end; slot += 16) {
    if (!load<u32>(slot, 12)) continue;
    let i = homeOf(load<u64>(slot), <usize>load<u32>(slot, 8), shiftOf(d));
    while (load<u32>(table + (i << 4), 12)) i = (i + 1) & mask;
    store<u64>(table + (i << 4), load<u64>(slot));
    store<u64>(table + (i << 4), load<u64>(slot, 8), 8);
  }
  heap.free(old);
}

function add(d: usize, slot: usize, key: u64, start: usize, length: usize): u32 {
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
  takeSlot(d, slot, key, length, code);
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
    const page = heap.alloc(bytes);
    store<u32>(page, load<u32>(d, PAGES));
    store<u32>(d, <u32>page, PAGES);
    store<u32>(d, <u32>(page + bytes), PAGE_END);
    at = page + 8;
  }
  memory.copy(at, start, length);
  store<u32>(d, <u32>(at + length), PAGE);
  return at;
}

/** The code of a field, quotes and escapes taken off; INVALID where it is not UTF-8. */
export function codeOfField(d: usize, start: usize, end: usize): u32 {
  if (escape || (quoting && load<u8>(start) == quote)) return codeQuoted(d, start, end);
  return codeOf(d, start, end - start);
}

function codeOf(d: usize, start: usize, length: usize): u32 {
  const key = keyOf(start, length);
  const slot = findSlot(d, key, start, length);
  const found = load<u32>(slot, 12);
  return found ? found - 1 : add(d, slot, key, start, length);
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
