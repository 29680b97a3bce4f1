/** PNG files of 512 × 512 pixels, made once from a seed and found again by later runs; and the gray pixels that they should become. */
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { makeRandom, type Random } from "../../lib/cli/random.ts";
import { rgb2gray } from "../../lib/kernels/image/gray.ts";
import { encodePng } from "../../lib/kernels/image/png.ts";
import type { DataSet } from "../job.ts";
import { bytesOf, madeOnce } from "./made.ts";

const SIDE = 512;
const EXPECTED = "expected.gray";
export type Kind = "random" | "photo";

/** Makes `count` images below `folder`, or finds them there. "random": noise; "photo": smooth, with a camera's grain. */
export function makeImages(kind: Kind): (folder: string, count: number) => Promise<DataSet> {
  return async (folder, count) => {
    // A change of the pixels needs a new name here, so that old data is not taken for new.
    const target = join(folder, `images-${kind}-1-${count}`);
    const files = Array.from({ length: count }, (_, i) => join(target, `${String(i).padStart(4, "0")}.png`));
    await madeOnce(target, (unfinished) => write(unfinished, files, kind));
    const expected = { images: count, wrong: 0 };
    return { glob: join(target, "*.png"), files, rows: count, bytes: await bytesOf(files), expected };
  };
}

async function write(folder: string, files: readonly string[], kind: Kind): Promise<void> {
  const random = makeRandom(11);
  const grays: Uint8Array[] = [];
  for (const [i, file] of files.entries()) {
    const data = kind === "random" ? noise(random) : photo(random, i);
    const pixels = { data, width: SIDE, height: SIDE, channels: 3 };
    grays.push(rgb2gray(pixels).data);
    await writeFile(join(folder, basename(file)), encodePng(pixels));
  }
  await writeFile(join(folder, EXPECTED), Buffer.concat(grays));
}

/** The gray pixels of all images beside `glob`, one after the other. */
export function expectedGray(glob: string): Promise<Uint8Array> {
  return readFile(glob.replace("*.png", EXPECTED));
}

function noise(random: Random): Uint8Array {
  return Uint8Array.from({ length: 3 * SIDE * SIDE }, () => random.below(256));
}

function photo(random: Random, i: number): Uint8Array {
  return Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, at) => {
    const channel = at % 3;
    const pixel = Math.floor(at / 3);
    const [x, y] = [(pixel % SIDE) / SIDE, Math.floor(pixel / SIDE) / SIDE];
    const grain = 2 * Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
    const value = 120 + 80 * Math.sin(3 * x + i * 0.3 + channel) + 50 * Math.cos(5 * y * (1 + 0.1 * channel)) + grain;
    return Math.min(255, Math.max(0, value));
  });
}
