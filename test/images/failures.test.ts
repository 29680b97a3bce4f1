import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  ImageError,
  NotFoundError,
  PlanTooLargeError,
  readImages,
  type Client,
  type EncodedImage,
  type ImageResults,
} from "../../lib/index.ts";
import { FIXTURES, RUNTIMES, bomb, client, temporaryFolder } from "./support.ts";

const folder = temporaryFolder();
const many = join(folder, "many");
const COUNT = 1_000;
const BROKEN: Readonly<Record<string, Buffer | string>> = {};

/** A thousand small images, of which three are damaged and one declares 2.5 billion pixels. */
beforeAll(async () => {
  await mkdir(many, { recursive: true });
  const png = await readFile(join(FIXTURES, "base.png"));
  Object.assign(BROKEN, {
    "0013.png": "no image at all",
    "0500.png": png.subarray(0, 500),
    "0777.png": bomb(50_000, 50_000),
    "0999.png": Buffer.alloc(0),
  });
  for (let i = 0; i < COUNT; i++) {
    const name = `${String(i).padStart(4, "0")}.png`;
    await writeFile(join(many, name), BROKEN[name] ?? png);
  }
});

describe.each(RUNTIMES)("bad images, %s", (name, options) => {
  let own: Client;
  beforeAll(async () => {
    own = await client(options);
  });
  afterAll(() => own.close());

  test("a thousand of which four are bad: 996 are written, four told by name, in bounded memory", async () => {
    const out = join(folder, name);
    const before = process.memoryUsage.rss();
    const gray = readImages(`${many}/*.png`, { onError: "collect" }).grayscale().write(`${out}/{name}_gray.png`);
    const { values, failed } = await own.compute(gray);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400e6); // the bomb alone is 2.5 GB
    expect(values).toHaveLength(COUNT - 4);
    expect(await readdir(out)).toHaveLength(COUNT - 4);
    expect(values[0]).toBe(`${out}/0000_gray.png`);
    expect(failed.map(({ source, index }) => [source, index])).toEqual(
      Object.keys(BROKEN).map((file) => [join(many, file), Number.parseInt(file, 10)]),
    );
    for (const { error } of failed) expect(error).toBeInstanceOf(ImageError);
    const [, cut, large] = failed;
    expect(cut.error.message).toMatch(/0500\.png cannot be processed: /);
    expect(large.error.message).toMatch(
      /0777\.png declares 50000 × 50000 pixels \(2500000000\) in [\d.]+ kB, and the limit is 50000000\.\n {2}fix: pass \{ maxPixels: 2500000000 \}/,
    );
    expect((large.error as ImageError).fields).toMatchObject({ width: 50_000, limit: 50_000_000, option: "maxPixels" });
  });

  test("skip leaves them out, fail names the first that is met", async () => {
    const some = ["0012.png", "0013.png", "0014.png"].map((file) => join(many, file));
    const kept = await own.compute(readImages(some, { onError: "skip" }));
    expect(kept.map(({ index, name: file }) => [index, file])).toEqual([
      [0, "0012.png"],
      [2, "0014.png"],
    ]);
    const failing = own.compute(readImages(some));
    await expect(failing).rejects.toThrow(ImageError);
    await expect(failing).rejects.toThrow(/0013\.png cannot be read as an image: .*unsupported image format/);
  });
});

describe("bad images", () => {
  let own: Client;
  beforeAll(async () => {
    own = await client();
  });
  afterAll(() => own.close());
  const base = join(FIXTURES, "base.png");

  test("the type of a result says what it holds", async () => {
    const collected = await own.compute(readImages(base, { onError: "collect" }));
    expectTypeOf(collected).toEqualTypeOf<ImageResults<EncodedImage[]>>();
    const plain = await own.compute(readImages(base));
    expectTypeOf(plain).toEqualTypeOf<EncodedImage[]>();
    const names = readImages(base, { onError: "collect" }).write(`${folder}/t.png`);
    expectTypeOf(await own.compute(names)).toEqualTypeOf<ImageResults<string[]>>();
    expect(collected.failed).toEqual([]);
  });

  test("limits name the file, its size and the option", async () => {
    await expect(own.compute(readImages(base, { maxPixels: 383 }))).rejects.toThrow(
      /base\.png declares 24 × 16 pixels \(384\) in 870 B/,
    );
    await expect(own.compute(readImages(base, { maxPixels: 384 }))).resolves.toHaveLength(1);
    await expect(own.compute(readImages(base, { maxBytes: 869 }))).rejects.toThrow(
      /base\.png has 870 B, and the limit is 869 B\.\n {2}fix: pass \{ maxBytes: 870 \}/,
    );
    await expect(own.compute(readImages(base).resize(60_000))).rejects.toThrow(
      /resize\(…\) would make 60000 × 40000 pixels \(2400000000\) of .*base\.png/,
    );
    await expect(own.compute(readImages(base).metadata())).resolves.toHaveLength(1);
    // What a header says takes nothing.
    expect(await own.compute(readImages(join(many, "0777.png")).metadata())).toMatchObject([
      { width: 50_000, height: 50_000 },
    ]);
  });

  test("a client without the memory for a task says what would fit", async () => {
    const small = await client({ workers: 0, memoryLimit: "100MB" });
    try {
      await expect(small.compute(readImages(base))).rejects.toThrow(PlanTooLargeError);
      await expect(small.compute(readImages(base))).rejects.toThrow(/pixels, at most 50000000 600\.00 MB/);
      await expect(small.compute(readImages(base))).rejects.toThrow(/fix: pass \{ maxPixels: 8333115 \} to readImages/);
      await expect(small.compute(readImages(base, { maxPixels: 8_333_115 }))).resolves.toHaveLength(1);
    } finally {
      await small.close();
    }
  });

  test("what is done to an image has to fit it", async () => {
    await expect(own.compute(readImages(base).extract({ left: 20, top: 0, width: 10, height: 5 }))).rejects.toThrow(
      /base\.png cannot be processed: .*extract/,
    );
    const larger = readImages(join(FIXTURES, "overlay.png")).composite(base);
    await expect(own.compute(larger)).rejects.toThrow(/overlay\.png cannot be processed: .*same dimensions or smaller/);
  });

  test("an overlay that is not there is no image's fault, and an output that cannot be written neither", async () => {
    const overlay = readImages(base, { onError: "skip" }).composite(join(folder, "no.png"));
    await expect(own.compute(overlay)).rejects.toThrow(NotFoundError);
    await copyFile(base, join(folder, "file.png"));
    const below = readImages(base, { onError: "skip" }).write(join(folder, "file.png", "a.png"));
    await expect(own.compute(below)).rejects.toThrow(/file\.png/);
    await expect(own.compute(readImages(join(folder, "none_*.png")))).rejects.toThrow(NotFoundError);
  });

  test("drawings and documents are no images", async () => {
    const svg = join(folder, "a.svg");
    await writeFile(svg, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(own.compute(readImages(svg))).rejects.toThrow(
      /a\.svg cannot be read as an image: it is svg, and what is read is png, jpeg/,
    );
  });
});
