import { SourceChangedError } from "../errors.ts";
import type { Reader } from "./store.ts";

/**
 * The bytes [start, end), all of them. A plan is made from an object's size; should the object have shrunk since, this
 * throws `SourceChangedError` rather than hand on fewer bytes.
 */
export async function readExactly(
  reader: Reader,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const first = await reader.read(start, end, signal);
  if (first.length === end - start) return first;
  const bytes = new Uint8Array(end - start);
  bytes.set(first);
  let filled = first.length;
  while (filled < bytes.length) {
    const more = await reader.read(start + filled, end, signal);
    if (more.length === 0) throw shrunk(reader.info.url, end, start + filled);
    bytes.set(more, filled);
    filled += more.length;
  }
  return bytes;
}

/** As `readExactly`, into `target` from `position` on, through a reader's `readSync`. */
export function readExactlySync(
  reader: Pick<Reader, "info"> & { readonly readSync: NonNullable<Reader["readSync"]> },
  target: Uint8Array,
  position: number,
): void {
  let filled = 0;
  while (filled < target.length) {
    const count = reader.readSync(filled === 0 ? target : target.subarray(filled), position + filled);
    if (count === 0) throw shrunk(reader.info.url, position + target.length, position + filled);
    filled += count;
  }
}

function shrunk(url: string, expected: number, found: number): SourceChangedError {
  return new SourceChangedError(`${url} ends at byte ${found}; expected bytes up to ${expected}`, {
    fields: { url, expected, found },
    fix: "run again when nothing writes to the file, or on a copy of it",
  });
}
