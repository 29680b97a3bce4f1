import type { Reader } from "./store.ts";

/** Bytes asked for at a time. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** What a reader holds at most: the window that is read, and the next. */
export const READ_AHEAD_BYTES = 2 * WINDOW_BYTES;

/**
 * For reading on and on in small steps where each request costs a round trip: asks for windows of 4 MiB, the next one while the last is
 * read. Asks for nothing beyond `end` (bytes, exclusive) unless it is read for. A reader that has bytes at hand stays as it is.
 */
export function withReadAhead(reader: Reader, end: number): Reader {
  if (reader.readSync !== undefined) return reader;
  let window: Window | undefined;
  let next: Window | undefined;

  const open = (start: number, least: number, signal?: AbortSignal): Window => {
    const until = Math.max(start + least, Math.min(start + WINDOW_BYTES, end));
    const bytes = reader.read(start, until, signal);
    // Whoever reads it hears of its failure; one that nobody reads does not matter.
    bytes.catch(() => undefined);
    return { start, end: until, bytes };
  };

  /** As much of [start, stop) as one window holds. */
  const piece = async (start: number, stop: number, signal?: AbortSignal): Promise<Uint8Array> => {
    if (window === undefined || start < window.start || start >= window.end) {
      window = next?.start === start ? next : open(start, stop - start, signal);
      next = undefined;
    }
    const { bytes, start: base, end: until } = window;
    if (next === undefined && until < Math.min(end, reader.info.size)) next = open(until, 0, signal);
    return (await bytes).subarray(start - base, Math.min(stop, until) - base);
  };

  return {
    info: reader.info,
    async read(start, stop, signal) {
      const pieces: Uint8Array[] = [];
      for (let at = start; at < Math.min(stop, reader.info.size);) {
        const bytes = await piece(at, stop, signal);
        if (bytes.length === 0) break;
        pieces.push(bytes);
        at += bytes.length;
      }
      return pieces.length === 1 ? pieces[0] : new Uint8Array(Buffer.concat(pieces));
    },
    close: () => reader.close(),
    ...(reader.verify === undefined ? {} : { verify: () => reader.verify?.() ?? Promise.resolve() }),
  };
}

interface Window {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}
