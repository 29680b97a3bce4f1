// Finds the structural characters of a block: delimiters and newlines outside quotes.
//
// The fast way takes 64 bytes a step: four compares make 64-bit masks, and a prefix-xor over the quote bits tells which
// bytes lie inside quotes (Langdale & Lemire, "Parsing Gigabytes of JSON per Second", VLDB J. 2019; the CSV form is
// Langdale's simdcsv). It is right only where quotes stand as RFC 4180 has them. It notices where they do not (a quote
// that opens inside a field, text after a closing quote) and then answers STRAY; the caller takes the exact way, a state
// machine byte by byte, for that block.
//
// A block starts at the start of a record, so always outside quotes. 64 readable bytes must follow it.
// The output is one u32 address per structural character, in order; the caller stores (block − 1) before the first, so
// that field f spans [at(f − 1) + 1, at(f)).

export const NEWLINE: u8 = 0x0a;
export const RETURN: u8 = 0x0d;
/** As variables, which the compiler loads once; a vector of a constant it makes anew wherever it is used. */
let newlineByte: u8 = NEWLINE;
let returnByte: u8 = RETURN;
export let delimiter: u8 = 0x2c;
export let quote: u8 = 0x22;
/** 0: there is none, quotes are escaped by doubling. */
export let escape: u8 = 0;
/** False: quote characters mean nothing. */
export let quoting: bool = true;

/** Newlines outside quotes that the last call saw. */
export let newlines: u32 = 0;
/** Address of the quote that was still open at the end of the last `tokenizeExact`, or 0. */
export let quoteOpenedAt: usize = 0;

/** The last call's answer when quotes stand where the fast way cannot tell. */
const STRAY: u32 = 0xffffffff;

export function setDialect(delimiterByte: u8, quoteByte: u8, escapeByte: u8, hasQuotes: bool): void {
  newlineByte = NEWLINE;
  returnByte = RETURN;
  delimiter = delimiterByte;
  quote = quoteByte;
  escape = escapeByte;
  quoting = hasQuotes;
}

// @ts-ignore: decorator
@inline
function mask64(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u64>(<u32>(i8x16.bitmask(a) | (i8x16.bitmask(b) << 16)));
  const high = <u64>(<u32>(i8x16.bitmask(c) | (i8x16.bitmask(d) << 16)));
  return low | (high << 32);
}

// @ts-ignore: decorator
@inline
function prefixXor(bits: u64): u64 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ (bits << 32);
}

/** Steps of at most 4 a lane before a byte lane of counts could overflow. */
const FLUSH: i32 = 63;

function sumOfBytes(bytes: v128): u32 {
  const words = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes));
  return i32x4.extract_lane(words, 0) + i32x4.extract_lane(words, 1) + i32x4.extract_lane(words, 2) + i32x4.extract_lane(words, 3);
}

/** Indexes [block, block + length) into `out`; answers the count of entries up to the last newline, or STRAY. */
export function tokenize(block: usize, length: usize, out: usize): u32 {
  const delimiters = i8x16.splat(delimiter);
  const newline = i8x16.splat(newlineByte);
  const quotes = i8x16.splat(quote);
  const returns = i8x16.splat(returnByte);
  const end = block + length;
  let to = out;
  let seen: u32 = 0;
  let stray: u64 = 0;
  let inside: u64 = 0; // all ones while inside quotes
  let mayOpen: u64 = 1; // whether a quote as the next byte would be in a legal place
  let closed: u64 = 0; // whether the last byte closed a quote
  let lineBytes = i8x16.splat(0); // newlines seen since the last flush, a count a byte lane
  let untilFlush = FLUSH;

  for (let p = block; p < end; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const na = i8x16.eq(a, newline);
    const nb = i8x16.eq(b, newline);
    const nc = i8x16.eq(c, newline);
    const nd = i8x16.eq(d, newline);
    lineBytes = i8x16.sub(lineBytes, i8x16.add(i8x16.add(na, nb), i8x16.add(nc, nd)));
    if (--untilFlush == 0) {
      seen += sumOfBytes(lineBytes);
      lineBytes = i8x16.splat(0);
      untilFlush = FLUSH;
    }
    let marks = mask64(
      v128.or(na, i8x16.eq(a, delimiters)),
      v128.or(nb, i8x16.eq(b, delimiters)),
      v128.or(nc, i8x16.eq(c, delimiters)),
      v128.or(nd, i8x16.eq(d, delimiters)),
    );
    const rest = end - p;
    if (rest < 64) {
      const valid = ((<u64>1) << (<u64>rest)) - 1;
      seen -= <u32>popcnt<u64>(mask64(na, nb, nc, nd) & ~valid);
      marks &= valid;
    }
    if (quoting) {
      const qa = i8x16.eq(a, quotes);
      const qb = i8x16.eq(b, quotes);
      const qc = i8x16.eq(c, quotes);
      const qd = i8x16.eq(d, quotes);
      if (v128.any_true(v128.or(v128.or(qa, qb), v128.or(qc, qd))) || inside || closed) {
        let q = mask64(qa, qb, qc, qd);
        let cr = mask64(i8x16.eq(a, returns), i8x16.eq(b, returns), i8x16.eq(c, returns), i8x16.eq(d, returns));
        if (rest < 64) q &= ((<u64>1) << (<u64>rest)) - 1;
        const within = prefixXor(q) ^ inside;
        const opens = q & within;
        const closes = q & ~within;
        let insideLines = mask64(na, nb, nc, nd) & within;
        if (rest < 64) insideLines &= ((<u64>1) << (<u64>rest)) - 1;
        seen -= <u32>popcnt<u64>(insideLines);
        marks &= ~within;
        stray |= opens & ~(((marks | closes) << 1) | mayOpen);
        let follows = (closes << 1) | closed;
        if (rest < 64) follows &= ((<u64>1) << (<u64>rest)) - 1;
        stray |= follows & ~(marks | cr | opens);
        inside = <u64>((<i64>within) >> 63);
        closed = closes >> 63;
        mayOpen = (marks | closes) >> 63;
      } else {
        mayOpen = marks >> 63;
      }
    }
    const count = <usize>popcnt<u64>(marks);
    if (count) {
      // Eight stores without a branch, then the rest: entries beyond `count` are overwritten by the next step.
      let w = to;
      store<u32>(w, p + <usize>ctz<u64>(marks));
      marks &= marks - 1;
      store<u32>(w, p + <usize>ctz<u64>(marks), 4);
      marks &= marks - 1;
      store<u32>(w, p + <usize>ctz<u64>(marks), 8);
      marks &= marks - 1;
      store<u32>(w, p + <usize>ctz<u64>(marks), 12);
      marks &= marks - 1;
      store<u32>(w, p + <usize>ctz<u64>(marks), 16);
      marks &= marks - 1;
      store<u32>(w, p + <usize>ctz<u64>(marks), 20);
      marks &= marks - 1;
      store<u32>(w, p + <usize>ctz<u64>(marks), 24);
      marks &= marks - 1;
      store<u32>(w, p + <usize>ctz<u64>(marks), 28);
      marks &= marks - 1;
      if (count > 8) {
        w += 32;
        while (marks) {
          store<u32>(w, p + <usize>ctz<u64>(marks));
          marks &= marks - 1;
          w += 4;
        }
      }
      to += count << 2;
    }
  }
  newlines = seen + sumOfBytes(lineBytes);
  return stray ? STRAY : upToLastNewline(out, (to - out) >> 2);
}

function upToLastNewline(out: usize, count: usize): u32 {
  while (count > 0 && load<u8>(<usize>load<u32>(out + ((count - 1) << 2))) != NEWLINE) count--;
  return <u32>count;
}

const START_FIELD = 0;
const IN_FIELD = 1;
const IN_QUOTES = 2;
const AFTER_QUOTE = 3;

/**
 * The same by a state machine, for any quotes and escapes, as pandas reads them: a quote opens only at the start of a field,
 * elsewhere it is text; text after a closing quote belongs to the field.
 */
export function tokenizeExact(block: usize, length: usize, out: usize): u32 {
  const end = block + length;
  let to = out;
  let state = START_FIELD;
  let seen: u32 = 0;
  let opened: usize = 0;
  for (let p = block; p < end; p++) {
    const c = load<u8>(p);
    if (state == IN_QUOTES) {
      if (escape && c == escape) p++;
      else if (c == quote) state = AFTER_QUOTE;
      continue;
    }
    if (c == NEWLINE || c == delimiter) {
      store<u32>(to, p);
      to += 4;
      seen += u32(c == NEWLINE);
      state = START_FIELD;
    } else if (quoting && c == quote && (state == START_FIELD || state == AFTER_QUOTE)) {
      if (state == START_FIELD) opened = p;
      state = IN_QUOTES;
    } else if (escape && c == escape) {
      p++;
      state = IN_FIELD;
    } else if (state == AFTER_QUOTE && c == RETURN && load<u8>(p + 1) == NEWLINE) {
      // The line end of a quoted last field: stays AFTER_QUOTE.
    } else {
      state = IN_FIELD;
    }
  }
  quoteOpenedAt = state == IN_QUOTES ? opened : 0;
  newlines = seen;
  return upToLastNewline(out, (to - out) >> 2);
}
