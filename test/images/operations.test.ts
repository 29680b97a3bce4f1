import fc from "fast-check";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readImages, type Client, type Images } from "../../lib/index.ts";
import { FIXTURES, RUNTIMES, answers, client, decode, distance, temporaryFolder } from "./support.ts";

const base = join(FIXTURES, "base.png");
const folder = temporaryFolder();
const expected = await answers();

/** By the name of NumPy's or Pillow's answer: the same, and how far it may be off. Resampling and blurring round in other places than Pillow's. */
const CASES: Readonly<Record<string, [(images: Images) => Images, number]>> = {
  flip: [(images) => images.flip(), 0],
  flop: [(images) => images.flop(), 0],
  rotate90: [(images) => images.rotate(90), 0],
  rotate180: [(images) => images.rotate(180), 0],
  extract: [(images) => images.extract({ left: 5, top: 3, width: 12, height: 7 }), 0],
  "flip-then-extract": [(images) => images.flip().extract({ left: 5, top: 3, width: 12, height: 7 }), 0],
  "extract-then-rotate": [(images) => images.extract({ left: 5, top: 3, width: 12, height: 7 }).rotate(90), 0],
  "gray-then-flop": [(images) => images.grayscale().flop(), 1],
  resize: [(images) => images.resize(12, 8), 4],
  "resize-nearest-up": [(images) => images.resize({ width: 48, kernel: "nearest" }), 0],
  blur: [(images) => images.blur(1.5), 12],
  composite: [(images) => images.composite(join(FIXTURES, "overlay.png"), { left: 3, top: 2 }).grayscale(), 2],
};

describe.each(RUNTIMES)("operations, %s", (_, options) => {
  let own: Client;
  beforeAll(async () => {
    own = await client(options);
  });
  afterAll(() => own.close());

  test.each(Object.keys(expected.operations))("%s is NumPy's or Pillow's", async (name) => {
    const [make, off] = CASES[name];
    const [{ bytes, ...facts }] = await own.compute(make(readImages(base)));
    const found = await decode(bytes);
    const [width, height, channels, text] = expected.operations[name];
    let pixels: Uint8Array = Buffer.from(text, "base64");
    expect({ ...facts, width: found.width, height: found.height }).toMatchObject({ width, height, format: "png" });
    // Compared as gray, since sharp leaves an alpha channel.
    if (name === "composite") pixels = luma(pixels);
    else expect(found.channels).toBe(channels);
    expect(distance(found.data, pixels)).toBeLessThanOrEqual(off);
  });

  test("statistics and histograms are NumPy's and scikit-image's", async () => {
    const [{ channels, ...facts }] = await own.compute(readImages(base).statistics());
    expect(facts).toMatchObject({ index: 0, page: 0, width: 24, height: 16 });
    channels.forEach((channel, i) => {
      for (const [figure, value] of Object.entries(expected.statistics[i]))
        expect(channel[figure as keyof typeof channel], figure).toBeCloseTo(value as number, 9);
    });
    const [histogram] = await own.compute(readImages(base).histogram());
    expect(histogram.channels).toEqual(expected.histogram);
  });
});

function luma(rgb: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: rgb.length / 3 }, (_, i) =>
    Math.floor((2125 * rgb[3 * i] + 7154 * rgb[3 * i + 1] + 721 * rgb[3 * i + 2]) / 10_000),
  );
}

describe("operations", () => {
  let own: Client;
  beforeAll(async () => {
    own = await client();
  });
  afterAll(() => own.close());

  const STEPS: readonly ((images: Images) => Images)[] = [
    (images) => images.flip(),
    (images) => images.flop(),
    (images) => images.rotate(90),
    (images) => images.rotate(270),
    (images) => images.resize(20, 14),
    (images) => images.resize({ width: 17, height: 23, position: "north" }),
    (images) => images.thumbnail(15),
    (images) => images.extract({ left: 1, top: 2, width: 9, height: 8 }),
    (images) => images.grayscale(),
    (images) => images.composite(join(FIXTURES, "overlay.png"), { left: 0, top: 0, blend: "multiply" }),
    (images) => images.sharpen({ sigma: 1 }),
    (images) => images.blur(0.8),
    (images) => images.tint("#ff8000"),
    (images) => images.normalise(),
  ];

  test("happen in the order in which they are called, as if each had a file of its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(STEPS.length - 1), { minLength: 2, maxLength: 4 }), async (steps) => {
        const together = steps.reduce(
          (images, step) => STEPS[step](images),
          readImages(join(FIXTURES, "noise.png")) as Images,
        );
        const [whole] = await own.compute(together);
        let file = join(FIXTURES, "noise.png");
        for (const [i, step] of steps.entries())
          [file] = await own.compute(STEPS[step](readImages(file) as Images).write(join(folder, `step_${i}.png`)));
        const [a, b] = [await decode(whole.bytes), await decode(file)];
        expect([a.width, a.height]).toEqual([b.width, b.height]);
        // What stays in one pipeline is not rounded to whole numbers in between, and a step's last row may be a neighbour's.
        expect(meanDistance(await grayOf(whole.bytes), await grayOf(file))).toBeLessThan(1.5);
      }),
      { numRuns: 60 },
    );
  });

  async function grayOf(file: Uint8Array | string): Promise<Uint8Array> {
    return sharp(file).removeAlpha().toColourspace("srgb").raw().toBuffer();
  }

  function meanDistance(a: Uint8Array, b: Uint8Array): number {
    expect(a.length).toBe(b.length);
    return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
  }

  test("keep gray gray, and alpha alpha", async () => {
    const [gray] = await own.compute(readImages(join(FIXTURES, "gray.png")).resize(10).blur().normalise());
    expect((await decode(gray.bytes)).channels).toBe(1);
    const [tinted] = await own.compute(readImages(join(FIXTURES, "gray.png")).tint("red"));
    expect((await decode(tinted.bytes)).channels).toBe(3);
    const [alpha] = await own.compute(readImages(join(FIXTURES, "rgba.png")).resize(10));
    expect((await decode(alpha.bytes)).channels).toBe(4);
  });

  test("blend alpha onto white for a format that has none", async () => {
    const [{ bytes }] = await own.compute(
      readImages(base).rotate(45, { background: "transparent" }).convert("jpeg", { quality: 95 }),
    );
    const { data, channels } = await decode(bytes);
    expect(channels).toBe(3);
    expect(Math.min(...data.subarray(0, 3))).toBeGreaterThan(240);
  });

  test("turn images upright by their EXIF orientation, unless asked not to", async () => {
    const path = join(FIXTURES, "turned.jpg");
    const [width, height, text] = expected.upright;
    const [upright] = await own.compute(readImages(path).convert("png"));
    expect([upright.width, upright.height]).toEqual([width, height]);
    expect(distance((await decode(upright.bytes)).data, Buffer.from(text, "base64"))).toBeLessThanOrEqual(2);
    const [flipped] = await own.compute(readImages(path).flip().convert("png"));
    expect(flipped.width).toBe(width);
    const [part] = await own.compute(
      readImages(path).extract({ left: 0, top: 0, width: 16, height: 20 }).convert("png"),
    );
    expect([part.width, part.height]).toEqual([16, 20]);
    const [stored] = await own.compute(readImages(path, { orient: false }).convert("png"));
    expect([stored.width, stored.height]).toEqual([height, width]);
  });

  test("read each page where asked to", async () => {
    const path = join(FIXTURES, "pages.tif");
    expect((await own.compute(readImages(path).convert("png"))).map(({ width }) => width)).toEqual([8]);
    const all = await own.compute(readImages([path, join(FIXTURES, "frames.gif")], { pages: "all" }).convert("png"));
    expect(all.map(({ index, page, width }) => [index, page, width])).toEqual([
      [0, 0, 8],
      [0, 1, 12],
      [0, 2, 16],
      [1, 0, 12],
      [1, 1, 12],
      [1, 2, 12],
    ]);
    expect(await Promise.all(all.map(async ({ bytes }) => (await decode(bytes)).data[0]))).toEqual([
      60, 120, 180, 60, 120, 180,
    ]);
  });

  test("metadata is what the file says", async () => {
    const [turned, pages, deep] = await own.compute(
      readImages(["turned.jpg", "pages.tif", "rgb16.png"].map((file) => join(FIXTURES, file))).metadata(),
    );
    expect(turned).toMatchObject({
      format: "jpeg",
      width: 24,
      height: 16,
      orientation: 6,
      hasAlpha: false,
      bytes: 1099,
    });
    expect(pages).toMatchObject({ format: "tiff", pages: 3, index: 1 });
    expect(deep).toMatchObject({ depth: "ushort", space: "rgb16", channels: 3, density: 72 });
  });
});
