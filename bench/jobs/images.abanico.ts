/** PNG files to gray, as a user writes it: images.abanico.ts GLOB THREADS. */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expectedGray } from "../data/images.ts";
import { loadAbanico, report } from "../measure.ts";

const { Client, readImages } = await loadAbanico();
const [glob, threads] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "gray-"));
let written: string[] = [];

const open = () => Client.local({ workers: Number(threads), threadsPerWorker: 1 });
const work = async () => {
  written = await readImages(glob).grayscale().write(`${folder}/{name}_gray.png`).compute();
  return { images: written.length };
};

await report(open, work, async () => {
  const expected = await expectedGray(glob);
  let [outputBytes, wrong, at] = [0, 0, 0];
  for (const file of written) {
    outputBytes += (await stat(file)).size;
    const pixels = await sharp(await readFile(file))
      .toColourspace("b-w")
      .raw()
      .toBuffer();
    for (const value of pixels) if (Math.abs(value - expected[at++]) > 1) wrong++;
  }
  wrong += expected.length - at;
  await rm(folder, { recursive: true });
  return { outputBytes, answer: { images: written.length, wrong } };
});
