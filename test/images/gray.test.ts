import fc from "fast-check";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readImages, type Client } from "../../lib/index.ts";
import { encodePng } from "../../lib/kernels/image/png.ts";
import { FIXTURES, RUNTIMES, answers, client, decode, distance, temporaryFolder } from "./support.ts";

const folder = temporaryFolder();
const expected = await answers();

describe.each(RUNTIMES)("grayscale, %s", (name, options) => {
  let own: Client;
  beforeAll(async () => {
    own = await client(options);
  });
  afterAll(() => own.close());

  test("gives scikit-image's pixels in one channel, whatever the file", async () => {
    const files = Object.keys(expected.gray);
    const gray = readImages(files.map((file) => join(FIXTURES, file)))
      .grayscale()
      .write(`${folder}/${name}/{index}.png`);
    const written = await own.compute(gray);
    expect(written).toHaveLength(files.length);
    for (const [i, file] of files.entries()) {
      const [width, height, pixels] = expected.gray[file];
      const { data, ...facts } = await decode(written[i]);
      expect(facts, file).toEqual({ width, height, channels: 1 });
      expect(distance(data, Buffer.from(pixels, "base64")), file).toBeLessThanOrEqual(1);
    }
  });

  test("keeps the pixels with the metadata, and to the bit where scikit-image's floats do not round down", async () => {
    const files = ["base.png", "noise.png", "rgba.png", "gray.png", "palette-clear.png"];
    const paths = files.map((file) => join(FIXTURES, file));
    const kept = await own.compute(readImages(paths, { metadata: "keep" }).grayscale().convert("png"));
    const plain = await own.compute(readImages(paths).grayscale());
    for (const [i, file] of files.entries()) {
      const wanted = Buffer.from(expected.gray[file][2], "base64");
      expect(distance((await decode(kept[i].bytes)).data, wanted), `${file} kept`).toBeLessThanOrEqual(1);
      const { data } = await decode(plain[i].bytes);
      expect(data.filter((value, at) => value !== wanted[at]).length / data.length, file).toBeLessThan(0.02);
    }
  });
});

describe("grayscale", () => {
  let own: Client;
  beforeAll(async () => {
    own = await client();
  });
  afterAll(() => own.close());

  test("reads encoded values where a profile says otherwise, as scikit-image does, and by the profile where asked to", async () => {
    const file = join(folder, "p3.png");
    await sharp(join(FIXTURES, "noise.png")).withIccProfile("p3").png().toFile(file);
    const { data } = await sharp(file, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
    const luma = Uint8Array.from({ length: data.length / 3 }, (_, i) =>
      Math.floor((2125 * data[3 * i] + 7154 * data[3 * i + 1] + 721 * data[3 * i + 2]) / 10_000),
    );
    const [encoded] = await own.compute(readImages(file).grayscale());
    expect(distance((await decode(encoded.bytes)).data, luma)).toBe(0);
    const [converted] = await own.compute(readImages(file, { icc: "convert" }).grayscale());
    expect(distance((await decode(converted.bytes)).data, luma)).toBeGreaterThan(2);
  });

  test("makes CMYK sRGB first", async () => {
    const [{ bytes }] = await own.compute(readImages(join(FIXTURES, "cmyk.jpg")).grayscale().convert("png"));
    const { data, channels, width } = await decode(bytes);
    expect(channels).toBe(1);
    const at = (x: number) => data[8 * width + x];
    expect(at(8)).toBeGreaterThan(250); // white
    expect(at(24)).toBeLessThan(60); // black ink
    expect(at(40)).toBeGreaterThan(110); // cyan: light
    expect(at(40)).toBeLessThan(200);
  });

  test("by lightness is sharp's own, in one channel", async () => {
    const path = join(FIXTURES, "noise.png");
    const [{ bytes }] = await own.compute(readImages(path).grayscale({ method: "lightness" }));
    const sharps = await sharp(path).grayscale().toColourspace("b-w").raw().toBuffer();
    const { data, channels } = await decode(bytes);
    expect(channels).toBe(1);
    expect(distance(data, sharps)).toBe(0);
  });

  test("writes files of like size as scikit-image", async () => {
    // Pillow's own file of the same gray pixels is gray.png.
    const [{ bytes }] = await own.compute(readImages(join(FIXTURES, "gray.png")).grayscale());
    expect(bytes.length).toBeLessThan(1.05 * (await stat(join(FIXTURES, "gray.png"))).size);
  });
});

describe("the PNG encoder", () => {
  const pixels = (channels: number) =>
    fc
      .record({
        width: fc.integer({ min: 1, max: 300 }),
        height: fc.integer({ min: 1, max: 40 }),
        kind: fc.integer({ min: 0, max: 3 }),
        seed: fc.integer(),
      })
      .map(({ width, height, kind, seed }) => {
        let state = seed >>> 0;
        const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
        // Noise, a gradient, a gradient with grain, few values.
        const value = [
          random,
          (i: number) => i / 7,
          (i: number) => i / 7 + (random() & 3),
          (i: number) => (i % 5) * 50,
        ][kind];
        return {
          data: Uint8Array.from({ length: width * height * channels }, (_, i) => value(i)),
          width,
          height,
          channels,
        };
      });

  test.each([1, 2, 3, 4])("is read back to the bit, with %i channels", async (channels) => {
    await fc.assert(
      fc.asyncProperty(pixels(channels), async (image) => {
        const file = encodePng(image);
        const { channels: stored } = await sharp(file).metadata();
        expect(stored).toBe(channels);
        const { data } = await sharp(file)
          .toColourspace(channels < 3 ? "b-w" : "srgb")
          .raw()
          .toBuffer({ resolveWithObject: true });
        if (channels !== 2) {
          expect(distance(data, image.data)).toBe(0);
          return;
        }
        // sharp gives gray alone of gray with alpha; each plane for itself, then.
        const planes = await Promise.all(
          ([0, 3] as const).map((plane) => sharp(file).toColourspace("srgb").extractChannel(plane).raw().toBuffer()),
        );
        expect(
          distance(
            planes[0],
            image.data.filter((_, i) => i % 2 === 0),
          ),
        ).toBe(0);
        expect(
          distance(
            planes[1],
            image.data.filter((_, i) => i % 2 === 1),
          ),
        ).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test("searches drawings, leaves noise as it is, and is never much larger than the pixels", async () => {
    const drawing = new Uint8Array(300 * 300).map((_, i) => ((i % 300) % 20 === Math.floor(i / 3_000) ? 0 : 255));
    expect(encodePng({ data: drawing, width: 300, height: 300, channels: 1 }).length).toBeLessThan(3_000);
    const noise = crypto.getRandomValues(new Uint8Array(200 * 300));
    expect(encodePng({ data: noise, width: 200, height: 300, channels: 1 }).length).toBeLessThan(200 * 300 + 500);
    expect(
      encodePng({ data: await readFile(join(FIXTURES, "base.png")), width: 1, height: 870, channels: 1 }).length,
    ).toBeLessThan(2_000);
  });
});
