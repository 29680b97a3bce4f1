// From structural characters to records of equally many fields.
import { NEWLINE, RETURN, delimiter } from "./tokenize";

/** Bytes that `normalize` wrote. */
export let normalizedLength: usize = 0;
/** Where `normalize` met a record it may not mend: its ordinal in the block, and how many fields it has. */
export let raggedAt: i32 = -1;
export let raggedFields: u32 = 0;
/** Records that `normalize` wrote. */
export let recordsRead: u32 = 0;

// @ts-ignore: decorator
@inline
function isBlank(start: usize, end: usize): bool {
  return start == end || (start + 1 == end && load<u8>(start) == RETURN);
}

/** Whether `count` entries are whole records of `fields` fields, none of them a blank line. `lines`: newlines seen in them. */
export function isRegular(index: usize, count: u32, fields: u32, lines: u32): bool {
  if (lines * fields != count) return false;
  const stride = <usize>fields << 2;
  const last = index + (<usize>count << 2);
  for (let at = index + stride - 4; at < last; at += stride) if (load<u8>(<usize>load<u32>(at)) != NEWLINE) return false;
  if (fields == 1) {
    for (let at = index; at < last; at += 4) if (isBlank(<usize>load<u32>(at - 4) + 1, <usize>load<u32>(at))) return false;
  }
  return true;
}

/**
 * Writes the records of an irregular block again: blank lines left out and, with `pad`, short records filled with empty fields.
 * `text` gets the bytes, `out` the index into them, `starts` where each record started in the block (u32). Answers the count of
 * entries; stops before a record that has too many fields, or too few and may not be padded.
 */
export function normalize(index: usize, count: u32, fields: u32, pad: bool, text: usize, out: usize, starts: usize): u32 {
  let to = text;
  let entries: u32 = 0;
  let records: u32 = 0;
  raggedAt = -1;
  store<u32>(out - 4, text - 1);
  for (let i: u32 = 0; i < count; ) {
    const first = index + (<usize>i << 2);
    const start = <usize>load<u32>(first - 4) + 1;
    let width: u32 = 1;
    while (load<u8>(<usize>load<u32>(first + ((<usize>width - 1) << 2))) != NEWLINE) width++;
    const end = <usize>load<u32>(first + ((<usize>width - 1) << 2));
    i += width;
    if (width == 1 && isBlank(start, end)) continue;
    if (width > fields || (width < fields && !pad)) {
      raggedAt = <i32>records;
      raggedFields = width;
      store<u32>(starts + (<usize>records << 2), start);
      break;
    }
    const body = end - start - usize(end > start && load<u8>(end - 1) == RETURN);
    memory.copy(to, start, body);
    for (let f: u32 = 0; f + 1 < width; f++) store<u32>(out + (<usize>(entries + f) << 2), <usize>load<u32>(first + (<usize>f << 2)) - start + to);
    to += body;
    for (let f = width - 1; f < fields; f++) {
      store<u8>(to, f + 1 < fields ? delimiter : NEWLINE);
      store<u32>(out + (<usize>(entries + f) << 2), to++);
    }
    store<u32>(starts + (<usize>records << 2), start);
    entries += fields;
    records++;
  }
  normalizedLength = to - text;
  recordsRead = records;
  return entries;
}
