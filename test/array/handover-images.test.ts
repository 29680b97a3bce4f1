import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageError, OptionError, readImages, type Client } from "../../lib/index.ts";
import { FIXTURES, RUNTIMES, answers, client, temporaryFolder } from "../images/support.ts";
import { failureOf } from "../runtime/plans.ts";

/** Images become arrays: pixels are compared with those that sharp unpacks, and with those of scikit-image (see test/fixtures/images/make.py). */

const folder = temporaryFolder();
const fixture = (name: string) => join(FIXTURES, name);

/** Pixels of one colour channel after the other, as a file. */
async function drawn(name: string, width: number, height: number, channels: 3 | 4 = 3): Promise<string> {
  const path = join(folder, name);
  const data = Buffer.from(Array.from({ length: width * height * channels }, (_, i) => (i * 37 + name.length) % 256));
  await sharp(data, { raw: { width, height, channels } }).png().toFile(path);
  return path;
}

async function pixels(path: string): Promise<number[]> {
  return [...(await sharp(path).raw().toBuffer())];
}

describe.each(RUNTIMES)("images as an array, %s", (_, options) => {
  let own: Client;
  beforeAll(async () => {
    own = await client(options);
  });
  afterAll(() => own.close());

  test("an image a chunk, in the order of the files, every pixel in its place", async () => {
    const paths = await Promise.all([1, 2, 3].map((i) => drawn(`${"n".repeat(i)}.png`, 5, 4)));
    const array = await readImages(paths).toArray();
    expect(array).toMatchObject({ shape: [3, 4, 5, 3], dtype: "uint8", chunks: [[1, 1, 1], [4], [5], [3]] });
    const wanted = await Promise.all(paths.map(pixels));
    expect((await array.compute()).toArray()).toEqual(wanted.flat());
    expect((await array.slice(1).ravel().compute()).toArray()).toEqual(wanted[1]);
    const brightness = await array.mean({ axis: [1, 2, 3] }).compute();
    for (const [i, mean] of brightness.toArray().entries())
      expect(mean).toBeCloseTo(wanted[i].reduce((sum, x) => sum + x, 0) / wanted[i].length, 10);
    await own.release(array);
    expect(await own.compute(array).exception()).toBeInstanceOf(Error);
  });

  test("operations are done first, and the dtype is the one asked for", async () => {
    const [width, height, base64] = (await answers()).gray["base.png"];
    const gray = await readImages(fixture("base.png")).grayscale().toArray({ dtype: "float32" });
    expect(gray).toMatchObject({ shape: [1, height, width, 1], dtype: "float32" });
    const given = (await gray.compute()).toArray();
    const skimage = [...Buffer.from(base64, "base64")];
    expect(Math.max(...given.map((x, i) => Math.abs(x - skimage[i])))).toBeLessThanOrEqual(1);
    const mixed = await readImages([fixture("base.png"), await drawn("large.png", 40, 30)])
      .resize(8, 6)
      .toArray();
    expect(mixed.shape).toEqual([2, 6, 8, 3]);
  });

  test("the first image that differs is named, with both sizes and what to do", async () => {
    const paths = await Promise.all([
      drawn("a.png", 6, 4),
      drawn("b.png", 6, 4),
      drawn("c.png", 4, 6),
      drawn("d.png", 9, 9),
    ]);
    const size = await failureOf(readImages(paths).toArray());
    expect(size).toBeInstanceOf(ImageError);
    expect(size.message).toMatch(
      /c\.png has 4 × 6 pixels of 3 channels, and the first, .*a\.png, has 6 × 4 pixels of 3/,
    );
    expect(size.message).toContain('.resize(6, 4, { fit: "fill" })');
    expect(await (await readImages(paths).resize(6, 4, { fit: "fill" }).toArray()).compute()).toMatchObject({
      shape: [4, 4, 6, 3],
    });
    const channels = await failureOf(readImages([paths[0], await drawn("e.png", 6, 4, 4)]).toArray());
    expect(channels.message).toMatch(/e\.png has 6 × 4 pixels of 4 channels.*\.grayscale\(\)/s);
  });

  test("pages of a file are images of a chunk, where they are of one size", async () => {
    const path = fixture("frames.gif");
    const frames = await readImages(path, { pages: "all" }).toArray();
    const pages = [0, 1, 2].map((page) => sharp(path, { page }).raw().toBuffer({ resolveWithObject: true }));
    const wanted = await Promise.all(pages);
    const { height, width, channels } = wanted[0].info;
    expect(frames.shape).toEqual([3, height, width, channels]);
    expect(frames.chunks).toEqual([[3], [height], [width], [channels]]);
    expect((await frames.compute()).toArray()).toEqual(wanted.flatMap(({ data }) => [...data]));
    const failed = await failureOf(readImages(fixture("pages.tif"), { pages: "all" }).toArray());
    expect(failed).toBeInstanceOf(ImageError);
    expect(failed.message).toContain("pages.tif");
  });

  test("images that cannot be read are left out where that was asked for", async () => {
    const good = await Promise.all([drawn("x.png", 3, 2), drawn("yy.png", 3, 2)]);
    const paths = [fixture("answers.json"), good[0], fixture("answers.json"), good[1]];
    const array = await readImages(paths, { onError: "skip" }).toArray();
    expect(array).toMatchObject({ shape: [2, 2, 3, 3], chunks: [[1, 1], [2], [3], [3]] });
    const wanted = await Promise.all(good.map(pixels));
    expect((await array.compute()).toArray()).toEqual(wanted.flat());
    expect((await array.rechunk(-1).compute()).toArray()).toEqual(wanted.flat());
    await expect(readImages(paths).toArray()).rejects.toThrow(/answers\.json cannot be read/);
    await expect(readImages(paths, { onError: "collect" }).toArray()).rejects.toThrow(OptionError);
    await expect(readImages(paths[0], { onError: "skip" }).toArray()).rejects.toThrow(/at least one image/);
    await expect(readImages(paths).toArray({ columns: ["x"] } as object)).rejects.toThrow(/no option "columns"/);
  });

  test("persisted images go on from what was kept, and are named where they differ", async () => {
    const paths = await Promise.all([1, 2, 3, 4].map((i) => drawn(`${"k".repeat(i)}.png`, 5, 4)));
    const kept = await own.persist(readImages(paths, { batchSize: 3 }).flip());
    const array = await kept.flip().toArray();
    expect(array).toMatchObject({ shape: [4, 4, 5, 3], chunks: [[3, 1], [4], [5], [3]] });
    expect((await array.compute()).toArray()).toEqual((await Promise.all(paths.map(pixels))).flat());
    const odd = await own.persist(readImages([...paths.slice(1), await drawn("odd.png", 4, 4)], { batchSize: 3 }));
    expect((await failureOf(odd.toArray())).message).toMatch(/odd\.png has 4 × 4 pixels.*kk\.png, has 5 × 4/);
    const early = await own.persist(readImages([paths[0], join(folder, "odd.png"), paths[1]], { batchSize: 3 }));
    expect((await failureOf(early.toArray())).message).toMatch(/odd\.png has 4 × 4 pixels.*k\.png, has 5 × 4/);
  });
});
