import { constants, crc32, deflateSync } from "node:zlib";
import { filterRows } from "./png-filter.ts";

/**
 * Pixels as a PNG file. Why our own: most of what an image costs is its compression, and which one is best depends on what it shows.
 * Grain and noise hold no repetitions: to search for some takes five to ten times as long as runs and Huffman codes alone, which are
 * as small or smaller; in drawings and patterns the search saves much; what is pure noise is best left as it is. Encoders offer one
 * or the other by option; this one tries on parts of the image, and takes what is best there.
 */

/** Channels → PNG's colour type: gray, gray with alpha, RGB, RGB with alpha. */
const COLOUR_TYPES: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 };
const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
/** Parts that are tried, spread over the image, and their size in bytes. */
const PROBES = 3;
const PROBE_BYTES = 12 * 1024;
/** The search has to save at least this share. */
const WORTH = 0.03;
/** As zlib's, Pillow's and scikit-image's default. */
const LEVEL = 6;

export interface Pixels {
  /** Eight bits a channel, row by row, channels interleaved. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
}

export function encodePng({ data, width, height, channels }: Pixels): Uint8Array {
  const stride = width * channels;
  const filtered = filterRows(data, stride, channels);
  const body = deflateSync(filtered, optionsFor(filtered, stride + 1));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = COLOUR_TYPES[channels];
  return Buffer.concat([
    SIGNATURE,
    ...chunk("IHDR", header),
    ...chunk("IDAT", body),
    ...chunk("IEND", new Uint8Array(0)),
  ]);
}

type Compression = { readonly level?: number; readonly strategy?: number };
const STORED: Compression = { level: 0 };
const RUNS: Compression = { strategy: constants.Z_RLE };
const SEARCH: Compression = { level: LEVEL };

/** `row`: bytes of a filtered row. */
function optionsFor(filtered: Uint8Array, row: number): Compression {
  const rows = Math.max(1, Math.floor(PROBE_BYTES / row));
  const free = Math.max(0, filtered.length / row - rows);
  let [plain, runs, search] = [0, 0, 0];
  for (let i = 0; i < PROBES; i++) {
    const start = Math.floor((free * (i + 0.5)) / PROBES) * row;
    const probe = filtered.subarray(start, start + rows * row);
    plain += probe.length;
    runs += deflateSync(probe, RUNS).length;
    search += deflateSync(probe, SEARCH).length;
  }
  if (search < (1 - WORTH) * runs) return SEARCH;
  return runs < plain ? RUNS : STORED;
}

function chunk(type: string, body: Uint8Array): Uint8Array[] {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length, 0);
  head.write(type, 4, "latin1");
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body, crc32(head.subarray(4))), 0);
  return [head, body, check];
}
