import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll } from "vitest";
import { Client, type LocalClientOptions } from "../../lib/index.ts";

export const FIXTURES = fileURLToPath(new URL("../fixtures/images/", import.meta.url));

/** width, height, pixels of one channel as base64. */
type Gray = readonly [number, number, string];
interface Answers {
  readonly gray: Readonly<Record<string, Gray>>;
  readonly upright: Gray;
  /** width, height, channels, pixels */
  readonly operations: Readonly<Record<string, readonly [number, number, number, string]>>;
  readonly statistics: readonly object[];
  readonly histogram: readonly (readonly number[])[];
}

/** What scikit-image, NumPy and Pillow say: see make.py. */
export async function answers(): Promise<Answers> {
  return JSON.parse(await readFile(join(FIXTURES, "answers.json"), "utf8")) as Answers; // as make.py writes it
}

/** Both runtimes: no threads, and two. */
export const RUNTIMES: readonly [string, LocalClientOptions][] = [
  ["inline", { workers: 0, memoryLimit: "4GB" }],
  ["threads", { workers: 2, memoryLimit: "4GB" }],
];

export function client(options: LocalClientOptions = RUNTIMES[0][1]): Promise<Client> {
  return Client.local({ progress: false, ...options });
}

/** A folder that goes when the file's tests have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "images-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** The pixels of a file, as sharp unpacks them. One channel stays one. */
export async function decode(file: string | Uint8Array): Promise<Decoded> {
  const { channels: stored } = await sharp(file).metadata();
  const pipe = stored === 1 ? sharp(file).toColourspace("b-w") : sharp(file);
  const { data, info } = await pipe.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** The largest difference of two lists of bytes; Infinity where their lengths differ. */
export function distance(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

/** A well-formed PNG of one colour, of any size, in a few bytes or kilobytes: zeros compress a thousandfold. */
export function bomb(width: number, height: number): Buffer {
  const chunk = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length, 0);
    head.write(type, 4, "latin1");
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body, crc32(head.subarray(4))), 0);
    return Buffer.concat([head, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1; // one bit a pixel, gray
  const signature = Buffer.of(137, 80, 78, 71, 13, 10, 26, 10);
  // Rows enough to begin with: it is refused by its header.
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * Math.min(height, 4_000)));
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}
