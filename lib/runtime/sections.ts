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
  const index = sectionIndex(sections.map(({ byteLength }) => byteLength));
  const data = sections.reduce((sum, section) => sum + section.byteLength, 0);
  const out = allocate(data + index.byteLength);
  let at = 0;
  for (const section of sections) {
    out.set(section, at);
    at += section.byteLength;
  }
  out.set(index, data);
  return out;
}

/** What stands behind sections of these sizes, in bytes: the offsets and the footer. */
export function sectionIndex(sizes: readonly number[]): Uint8Array {
  const index = new Uint8Array(8 * (sizes.length + 1) + SECTION_FOOTER);
  const view = new DataView(index.buffer);
  let at = 0;
  sizes.forEach((size, p) => {
    view.setBigUint64(8 * p, BigInt(at), true);
    at += size;
  });
  view.setBigUint64(8 * sizes.length, BigInt(at), true);
  const footer = index.byteLength - SECTION_FOOTER;
  view.setUint32(footer, sizes.length, true);
  view.setUint32(footer + 4, VERSION, true);
  view.setUint32(footer + 8, MAGIC, true);
  return index;
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
  const where = sectionBounds(size, p);
  for (let step = where.next(); ;) {
    const bytes = await read(...step.value);
    if (step.done === true) return bytes;
    step = where.next(bytes);
  }
}

/** The same where reading does not wait. */
export function readSectionSync(read: (start: number, end: number) => Uint8Array, size: number, p: number): Uint8Array {
  const where = sectionBounds(size, p);
  for (let step = where.next(); ;) {
    const bytes = read(...step.value);
    if (step.done === true) return bytes;
    step = where.next(bytes);
  }
}

type Extent = readonly [start: number, end: number];

/** Asks for the footer, then for two offsets; the last extent is the section's. */
function* sectionBounds(size: number, p: number): Generator<Extent, Extent, Uint8Array> {
  const end = size - SECTION_FOOTER;
  const footer = yield [Math.max(0, end), size];
  const count = footer.byteLength < SECTION_FOOTER ? 0 : viewOf(footer).getUint32(0, true);
  const offsets = end - 8 * (count + 1);
  if (p < 0 || p >= count || offsets < 0)
    throw new InternalError(`An exchange output has ${count} sections, and no section ${p}.`);
  const index = viewOf(yield [offsets + 8 * p, offsets + 8 * (p + 2)]);
  const [start, stop] = [Number(index.getBigUint64(0, true)), Number(index.getBigUint64(8, true))];
  if (start > stop || stop > offsets) throw new UnreadableError(`An exchange output has a broken index.`);
  return [start, stop];
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
