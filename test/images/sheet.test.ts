import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageError, readImages, type Client } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { FIXTURES, RUNTIMES, client, decode, temporaryFolder, type Decoded } from "./support.ts";

const folder = temporaryFolder();
const COLOURS = ["#ff0000", "#00ff00", "#0000ff", "#808080", "#ffff00"];
const RGB = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [128, 128, 128],
  [255, 255, 0],
];

beforeAll(async () => {
  for (const [i, background] of COLOURS.entries())
    await sharp({ create: { width: 40, height: 20, channels: 3, background } })
      .png()
      .toFile(join(folder, `c${i}.png`));
});

function at({ data, width, channels }: Decoded, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)];
}

describe.each(RUNTIMES)("contact sheets, %s", (name, options) => {
  const store = defaultStore();
  let own: Client;
  beforeAll(async () => {
    own = await client({ ...options, store });
  });
  afterAll(() => own.close());

  test("place images in rows, in their order, each in the middle of its cell", async () => {
    const layout = { columns: 2, width: 20, height: 20, gap: 4, background: "#102030" };
    const { bytes, ...facts } = await own.compute(
      readImages(`${folder}/c*.png`, { batchSize: 2 }).contactSheet(layout),
    );
    expect(facts).toEqual({ format: "png", width: 52, height: 76, images: 5 });
    const sheet = await decode(bytes);
    RGB.forEach((colour, i) =>
      expect(at(sheet, 4 + (i % 2) * 24 + 10, 4 + Math.floor(i / 2) * 24 + 10), COLOURS[i]).toEqual(colour),
    );
    // Twice as wide as high: ten rows of twenty, with background above and below; the last cell is empty.
    expect(at(sheet, 14, 8)).toEqual([16, 32, 48]);
    expect(at(sheet, 14, 9)).toEqual(RGB[0]);
    expect(at(sheet, 14, 18)).toEqual(RGB[0]);
    expect(at(sheet, 14, 19)).toEqual([16, 32, 48]);
    expect(at(sheet, 38, 62)).toEqual([16, 32, 48]);
  });

  test("are written as files and to memory, gray images as gray, the background through what is clear", async () => {
    const paths = ["gray.png", "rgba.png"].map((file) => join(FIXTURES, file));
    const layout = { columns: 2, width: 24, height: 16, gap: 1 };
    for (const to of [`${folder}/${name}/sheet.png`, `memory://${name}/sheet.png`]) {
      expect(
        await own.compute(
          readImages(paths)
            .contactSheet({ ...layout, background: "lime" })
            .write(to),
        ),
      ).toBe(to);
      const sheet = await decode(to.startsWith("memory") ? await store.get(to) : to);
      expect([sheet.width, sheet.height, sheet.channels]).toEqual([51, 18, 3]);
      const [r, g, b] = at(sheet, 12, 8);
      expect([g, b]).toEqual([r, r]);
      expect(at(sheet, 26, 8)).toEqual([0, 255, 0]);
    }
    const clear = await decode(
      (await own.compute(readImages(paths).contactSheet({ ...layout, background: "transparent" }))).bytes,
    );
    expect(clear.channels).toBe(4);
    expect([at(clear, 0, 0)[3], at(clear, 12, 8)[3], at(clear, 26, 8)[3], at(clear, 49, 8)[3]]).toEqual([
      0, 255, 0, 253,
    ]);
  });

  test("leave out what cannot be read", async () => {
    const paths = [join(folder, "c0.png"), join(FIXTURES, "make.py"), join(folder, "c1.png")];
    const sheet = readImages(paths, { onError: "collect" }).contactSheet({ columns: 2, width: 10, height: 10, gap: 0 });
    const { values, failed } = await own.compute(sheet);
    expect(failed.map(({ index }) => index)).toEqual([1]);
    const decoded = await decode(values.bytes);
    expect([at(decoded, 5, 5), at(decoded, 15, 5)]).toEqual([RGB[0], RGB[1]]);
    await expect(own.compute(readImages(paths).contactSheet())).rejects.toThrow(ImageError);
  });

  test("are refused where they would be too large", async () => {
    const sheet = readImages(`${folder}/c*.png`, { maxPixels: 10_000 }).contactSheet({
      columns: 1,
      width: 100,
      height: 100,
    });
    await expect(own.compute(sheet)).rejects.toThrow(
      /The contact sheet would have 116 × 548 pixels \(63568\), and the limit is 10000/,
    );
  });
});
