// Counts the words of lines. A table of counts is JavaScript's (../../bag/short-counts.ts says how it lies in this memory): words that it
// has are counted here, and JavaScript is called for those that it has not, and for long ones.
//
// Lines are ASCII, and the last one has its line feed too. First they are made simple (`tidy`, `toCase`) where that is asked for, then their
// words are counted. There a step takes 64 bytes. Whether a byte is one of a set of ASCII characters is found for 16 at a time by two table look-ups: a character's
// lower half selects eight bits, one for each upper half, and its upper half selects which of them counts (Mula & Lemire, "Faster Base64
// Encoding and Decoding Using AVX2 Instructions", ACM Trans. Web 2018, use the same).

const LF: u8 = 0x0a;
const CR: u8 = 0x0d;
/** Stands for a separator of more than one character; ASCII has no such byte. */
const MARK: u8 = 0xff;
const MOST: usize = 16;
const ENTRY: usize = 32;

/** 16 bytes of ones, then 16 of zeros: those from KEEP − n on keep n bytes. */
const KEEP = memory.data<u64>([-1, -1, 0, 0]) + MOST;

/** The table's entries and index, in bytes from the memory's beginning, and slots of the index − 1. */
let entries: usize = 0;
let index: usize = 0;
let slots: u32 = 0;

/** The characters that end a word, line feed among them: eight bits a lower half; and which of them an upper half selects. */
let lowers: v128 = i8x16.splat(0);
let uppers: v128 = i8x16.splat(0);
/** Empty words: none is one, every one, or (`runs`) only those at a line's ends, since separators in a row are one. */
let empties: bool = true;
let runs: bool = false;

// @ts-ignore: decorator
@external("env", "fresh")
declare function fresh(a: i32, b: i32, c: i32, d: i32, length: u32): void;
// @ts-ignore: decorator
@external("env", "long")
declare function long(start: usize, length: usize): void;

export function setTable(entriesAt: usize, indexAt: usize, mask: u32): void {
  entries = entriesAt;
  index = indexAt;
  slots = mask;
}

/** `tables`: 16 bytes of `lowers`, 16 of `uppers`. */
export function setEnds(tables: usize, keepEmpty: bool, asRuns: bool): void {
  lowers = v128.load(tables);
  uppers = v128.load(tables, 16);
  empties = keepEmpty;
  runs = asRuns;
}

/** What `trim` takes off. */
// @ts-ignore: decorator
@inline
function isSpace(byte: u8): bool {
  return byte == 0x20 || (byte >= 9 && byte <= 13);
}

function isText(at: usize, text: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i++) if (load<u8>(at + i) != load<u8>(text + i)) return false;
  return true;
}

/**
 * Takes off the lines [at, end) the carriage returns that belong to their ends (but not where the last line's line feed was put there:
 * `open`), and white space; and puts one byte, MARK, in the place of each `text` of so many characters. Gives where they end then.
 */
export function tidy(at: usize, end: usize, open: bool, trimStart: bool, trimEnd: bool, text: usize, length: usize): usize {
  let to = at;
  while (at < end) {
    let next = at;
    while (load<u8>(next) != LF) next++;
    let last = next;
    if (last > at && load<u8>(last - 1) == CR && !(open && next + 1 == end)) last--;
    if (trimStart) while (at < last && isSpace(load<u8>(at))) at++;
    if (trimEnd) while (at < last && isSpace(load<u8>(last - 1))) last--;
    while (at < last)
      if (length && at + length <= last && isText(at, text, length)) {
        store<u8>(to++, MARK);
        at += length;
      } else store<u8>(to++, load<u8>(at++));
    store<u8>(to++, LF);
    at = next + 1;
  }
  return to;
}

/** Makes letters of the other case of the 26 from `first` on. 16 bytes after `end` may change. */
export function toCase(at: usize, end: usize, first: u8): void {
  const from = i8x16.splat(first);
  for (; at < end; at += 16) {
    const bytes = v128.load(at);
    const isLetter = i8x16.lt_u(i8x16.sub(bytes, from), i8x16.splat(26));
    v128.store(at, v128.xor(bytes, v128.and(isLetter, i8x16.splat(0x20))));
  }
}

// @ts-ignore: decorator
@inline
function endsAt(at: usize): u64 {
  const bytes = v128.load(at);
  const low = i8x16.swizzle(lowers, v128.and(bytes, i8x16.splat(0x0f)));
  const high = i8x16.swizzle(uppers, i8x16.shr_u(bytes, 4));
  return <u64>(<u32>i8x16.bitmask(i8x16.ne(v128.and(low, high), i8x16.splat(0))));
}

/** Counts the words of the lines [at, end). 64 readable bytes must follow. Gives the number of lines. */
export function countWords(at: usize, end: usize): u32 {
  let lines: u32 = 0;
  let start = at;
  let line = at;
  for (let p = at; p < end; p += 64) {
    let found = endsAt(p) | (endsAt(p + 16) << 16) | (endsAt(p + 32) << 32) | (endsAt(p + 48) << 48);
    if (end - p < 64) found &= ((<u64>1) << (<u64>(end - p))) - 1;
    for (; found; found &= found - 1) {
      const to = p + <usize>ctz(found);
      const length = to - start;
      if (load<u8>(to) == LF) {
        if (length || empties) count(start, length);
        lines++;
        line = to + 1;
      } else if (length || (empties && (!runs || start == line))) count(start, length);
      start = to + 1;
    }
  }
  return lines;
}

// @ts-ignore: decorator
@inline
function count(start: usize, length: usize): void {
  if (length > MOST) return long(start, length);
  const bytes = v128.and(v128.load(start), v128.load(KEEP - length));
  const low = i64x2.extract_lane(bytes, 0);
  const high = i64x2.extract_lane(bytes, 1);
  const a = <u32>low;
  const b = <u32>(low >> 32);
  const c = <u32>high;
  const d = <u32>(high >> 32);
  let slot = hashOf(a, b, c, d) & slots;
  while (true) {
    const number = load<u32>(index + (<usize>slot << 2));
    if (!number) return fresh(a, b, c, d, <u32>length);
    const entry = entries + <usize>(number - 1) * ENTRY;
    if (load<u64>(entry) == low && load<u64>(entry, 8) == high && load<u32>(entry, 16) == <u32>length) {
      store<f64>(entry, load<f64>(entry, 24) + 1, 24);
      return;
    }
    slot = (slot + 1) & slots;
  }
}

/** As short-counts.ts has it. */
// @ts-ignore: decorator
@inline
function hashOf(a: u32, b: u32, c: u32, d: u32): u32 {
  let hash = (a * 0x9e3779b1) ^ (b * 0x85ebca77) ^ (c * 0xc2b2ae3d) ^ (d * 0x27d4eb2f);
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}
