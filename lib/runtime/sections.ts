import { InternalError, UnreadableError } from "../errors.ts";

/**
 * One object with P sections, as an exchange task writes it: section p goes to partition p.
 *
 *     section 0 │ section 1 │ … │ section P−1 │ P+1 offsets, u64 each │ footer: P u32, version u32, "ABNS"
 *
 * All numbers are little-endian; offset p is where section p starts, offset P where the last one ends. A reader takes the
 * footer (12 bytes), then the offsets it wants, then the section: three small range reads, whatever the object's size.
 */
const MAGIC = 0x534e4241; // "ABNS"
const VERSION = 1;

/** In bytes. */
export const SECTION_FOOTER = 12;

/** The whole object. `allocate` may give shared memory; the default is an ordinary buffer. */
export function encodeSections(
  sections: readonly Uint8Array[],
  allocate: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): Uint8Array {
  const data = sections.reduce((sum, section) => sum + section.byteLength, 0);
  const out = allocate(data + 8 * (sections.length + 1) + SECTION_FOOTER);
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  let at = 0;
  sections.forEach((section, p) => {
    view.setBigUint64(data + 8 * p, BigInt(at), true);
    out.set(section, at);
    at += section.byteLength;
  });
  view.setBigUint64(data + 8 * sections.length, BigInt(at), true);
  const footer = out.byteLength - SECTION_FOOTER;
  view.setUint32(footer, sections.length, true);
  view.setUint32(footer + 4, VERSION, true);
  view.setUint32(footer + 8, MAGIC, true);
  return out;
}

/** How many sections the object has, read from its footer (the last 12 bytes). */
export function sectionCount(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const footer = bytes.byteLength - SECTION_FOOTER;
  if (footer < 8 || view.getUint32(footer + 8, true) !== MAGIC)
    throw new UnreadableError(`These ${bytes.byteLength} bytes are no exchange output: the footer is missing.`);
  const version = view.getUint32(footer + 4, true);
  if (version !== VERSION)
    throw new UnreadableError(`An exchange output has version ${version}; this abanico reads version ${VERSION}.`, {
      fix: "run the same abanico version everywhere.",
    });
  const count = view.getUint32(footer, true);
  if (footer < 8 * (count + 1)) throw new UnreadableError(`An exchange output is cut short.`);
  return count;
}

/** Section p, without copying it. */
export function readSection(bytes: Uint8Array, p: number): Uint8Array {
  const count = sectionCount(bytes);
  if (p < 0 || p >= count) throw new InternalError(`An exchange output has ${count} sections, and no section ${p}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets = bytes.byteLength - SECTION_FOOTER - 8 * (count + 1);
  const start = Number(view.getBigUint64(offsets + 8 * p, true));
  const end = Number(view.getBigUint64(offsets + 8 * (p + 1), true));
  if (start > end || end > offsets) throw new UnreadableError(`An exchange output has a broken index.`);
  return bytes.subarray(start, end);
}

/** Section p of an object of `size` bytes, of which nothing else is read but its footer and two offsets. */
export async function readSectionBy(
  read: (start: number, end: number) => Promise<Uint8Array>,
  size: number,
  p: number,
): Promise<Uint8Array> {
  const end = size - SECTION_FOOTER;
  const footer = await read(Math.max(0, end), size);
  const count = footer.byteLength < SECTION_FOOTER ? 0 : new DataView(footer.buffer).getUint32(0, true);
  const offsets = end - 8 * (count + 1);
  if (p < 0 || p >= count || offsets < 0)
    throw new InternalError(`An exchange output has ${count} sections, and no section ${p}.`);
  const index = new DataView((await read(offsets + 8 * p, offsets + 8 * (p + 2))).buffer);
  const [start, stop] = [Number(index.getBigUint64(0, true)), Number(index.getBigUint64(8, true))];
  if (start > stop || stop > offsets) throw new UnreadableError(`An exchange output has a broken index.`);
  return read(start, stop);
}
