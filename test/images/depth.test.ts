import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageError, readImages, type Client } from "../../lib/index.ts";
import { FIXTURES, client, decode, distance } from "./support.ts";

let own: Client;
beforeAll(async () => {
  own = await client();
});
afterAll(() => own.close());
const one = (name: string) => readImages(join(FIXTURES, name));

describe("images of more than 8 bits a channel", () => {
  test.each(["rgb16.png", "gray16.png"])("%s becomes 8 bits: the upper byte, whatever is written", async (name) => {
    const [{ depth }] = await own.compute(one(name).metadata());
    expect(depth).toBe("ushort");
    const { channels = 0 } = await sharp(join(FIXTURES, name)).metadata();
    const wide = await sharp(join(FIXTURES, name))
      .toColourspace(channels === 1 ? "grey16" : "rgb16")
      .raw({ depth: "ushort" })
      .toBuffer();
    const upper = new Uint8Array(wide.length / 2).map((_, i) => wide[2 * i + 1]);
    for (const format of ["png", "tiff"] as const) {
      const [{ bytes }] = await own.compute(one(name).convert(format));
      expect((await sharp(bytes).metadata()).depth).toBe("uchar");
      const { data } = await decode(bytes);
      expect(distance(data, upper)).toBeLessThanOrEqual(1);
    }
  });

  test.each([
    ["float.tif", "float"],
    ["int32.tif", "int"],
  ])("%s is refused by name, since its white is not known", async (name, depth) => {
    const [{ depth: found }] = await own.compute(one(name).metadata());
    expect(found).toBe(depth);
    const { values, failed } = await own.compute(readImages(join(FIXTURES, name), { onError: "collect" }).grayscale());
    expect([values.length, failed.length]).toEqual([0, 1]);
    expect(failed[0].error).toBeInstanceOf(ImageError);
    expect(failed[0].error.message).toMatch(new RegExp(`${name} has pixels of type "${depth}".*\\n {2}fix: scale`));
  });
});

test("of an animation the first frame is read, or each as an image of its own; its metadata tells how many", async () => {
  const [{ pages }] = await own.compute(one("frames.gif").metadata());
  expect(pages).toBe(3);
  const [first, ...more] = await own.compute(one("frames.gif"));
  expect(more).toEqual([]);
  expect((await sharp(first.bytes).metadata()).pages ?? 1).toBe(1);
  expect((await decode(first.bytes)).data[0]).toBe(60);
  const all = await own.compute(readImages(join(FIXTURES, "frames.gif"), { pages: "all" }).convert("png"));
  expect(await Promise.all(all.map(async ({ bytes }) => (await decode(bytes)).data[0]))).toEqual([60, 120, 180]);
});
