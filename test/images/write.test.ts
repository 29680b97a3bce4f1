import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile, copyFile } from "node:fs/promises";
import { join, relative } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConflictError, ImageError, OptionError, readImages, type Client, type Images } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { FIXTURES, RUNTIMES, client, decode, temporaryFolder } from "./support.ts";

const folder = temporaryFolder();
const base = join(FIXTURES, "base.png");
const fixtures = (...names: string[]) => names.map((name) => join(FIXTURES, name));

describe.each(RUNTIMES)("writing, %s", (name, options) => {
  const store = defaultStore();
  let own: Client;
  beforeAll(async () => {
    own = await client({ ...options, store });
  });
  afterAll(() => own.close());

  test("names files by the template, in the order of the sources, and makes folders", async () => {
    const template = `${folder}/${name}/new/{index}_{name}_{width}x{height}_p{page}.{ext}`;
    const written = await own.compute(
      readImages(fixtures("noise.png", "444.jpg", "base.png"))
        .resize(12)
        .write(template),
    );
    const names = ["0_noise_12x8_p0.png", "1_444_12x8_p0.jpg", "2_base_12x8_p0.png"];
    expect(written).toEqual(names.map((file) => `${folder}/${name}/new/${file}`));
    expect(await readdir(`${folder}/${name}/new`)).toEqual(names);
  });

  test("writes beside the sources, by names below the current folder as they are", async () => {
    const from = join(folder, name, "beside");
    await mkdir(from, { recursive: true });
    for (const file of ["a.png", "b.png"]) await copyFile(base, join(from, file));
    const written = await own.compute(
      readImages(relative(process.cwd(), `${from}/?.png`))
        .grayscale()
        .write("{dir}/{name}_gray.png"),
    );
    expect(written).toEqual([join(from, "a_gray.png"), join(from, "b_gray.png")]);
    expect((await sharp(written[0]).metadata()).channels).toBe(1);
  });

  test("writes to and reads from memory", async () => {
    await store.put(`memory://${name}/in/a.png`, await readFile(base));
    const written = await own.compute(
      readImages(`memory://${name}/in/*.png`).thumbnail(10).write(`memory://${name}/out/{name}.webp`),
    );
    expect(written).toEqual([`memory://${name}/out/a.webp`]);
    expect(await sharp(await store.get(written[0])).metadata()).toMatchObject({ format: "webp", width: 10 });
  });

  test("with overwrite: false leaves what is there", async () => {
    const target = join(folder, name, "taken.png");
    await writeFile(target, "taken");
    const images = readImages(base);
    await expect(own.compute(images.write(target, { overwrite: false }))).rejects.toThrow(ConflictError);
    expect(await readFile(target, "utf8")).toBe("taken");
    await own.compute(images.write(target));
    // Its own bytes are no conflict: an attempt before this one may have written them.
    expect(await own.compute(images.write(target, { overwrite: false }))).toEqual([target]);
  });
});

describe("writing", () => {
  let own: Client;
  beforeAll(async () => {
    own = await client();
  });
  afterAll(() => own.close());

  test.each([
    ["a.png", {}, "png"],
    ["a.jpg", { quality: 60, mozjpeg: true }, "jpeg"],
    ["a.webp", { lossless: true }, "webp"],
    ["a.avif", { quality: 40, effort: 0 }, "heif"],
    ["a.tif", {}, "tiff"],
    ["a.gif", { colours: 16 }, "gif"],
  ] as const)("%s with %o is %s", async (file, options, format) => {
    const [written] = await own.compute(readImages(base).write(join(folder, "formats", file), options));
    expect(await sharp(written).metadata()).toMatchObject({ format, width: 24, height: 16 });
    const { data } = await decode(written);
    const original = (await decode(base)).data;
    const off = original.reduce((sum, value, i) => sum + Math.abs(value - data[i]), 0) / original.length;
    expect(off).toBeLessThan(["png", "webp", "tiff"].includes(format) ? 0.001 : 20);
  });

  test("options of a format do what they say", async () => {
    const sizes: number[] = [];
    for (const quality of [20, 90])
      sizes.push((await own.compute(readImages(base).convert("jpeg", { quality })))[0].bytes.length);
    expect(sizes[0]).toBeLessThan(sizes[1]);
    const [palette] = await own.compute(readImages(base).convert("png", { palette: true, colours: 4 }));
    expect((await sharp(palette.bytes).metadata()).isPalette).toBe(true);
    const [{ name, format, bytes }] = await own.compute(readImages(fixtures("444.jpg")).convert("webp"));
    expect([name, format, bytes.constructor.name]).toEqual(["444.webp", "webp", "Uint8Array"]);
  });

  test("strips metadata, or keeps it but for the orientation that was applied", async () => {
    const [path] = fixtures("turned.jpg");
    for (const make of [(images: Images) => images, (images: Images) => images.blur(1).flip().grayscale()]) {
      const [stripped] = await own.compute(make(readImages(path)));
      expect((await sharp(stripped.bytes).metadata()).exif).toBeUndefined();
      const [kept] = await own.compute(make(readImages(path, { metadata: "keep" })));
      const { exif, orientation, width } = await sharp(kept.bytes).metadata();
      expect(exif?.includes("Ana")).toBe(true);
      expect(orientation ?? 1).toBe(1);
      expect(width).toBe(16);
    }
  });

  test("refuses two images with one name before anything is written", async () => {
    const target = join(folder, "same");
    const one = readImages(fixtures("base.png", "noise.png")).write(`${target}/gray.png`);
    await expect(own.compute(one)).rejects.toThrow(
      /base\.png and .*noise\.png would both be written to .*gray\.png\.\n {2}fix: put \{name\}/,
    );
    await expect(own.explain(one)).rejects.toThrow(OptionError);
    const upper = readImages(fixtures("gray.png", "gray.jpg")).write(`${target}/{name}.webp`);
    await expect(own.compute(upper)).rejects.toThrow(/fix: put \{dir\}, \{ext\} or \{index\}/);
    expect(existsSync(target)).toBe(false);
  });

  test("refuses names of sources, and pages that would share one", async () => {
    const from = join(folder, "own");
    await mkdir(from, { recursive: true });
    await copyFile(base, join(from, "a.png"));
    await expect(own.compute(readImages(`${from}/a.png`).write("{dir}/{name}.{ext}"))).rejects.toThrow(
      /which is one of the sources/,
    );
    await expect(
      own.compute(readImages(fixtures("pages.tif"), { pages: "all" }).write(`${from}/p.png`)),
    ).rejects.toThrow(/has 3 pages, .*\n {2}fix: put \{page\}/);
    const pages = readImages(fixtures("pages.tif"), { pages: "all" }).write(`${from}/p{page}.png`);
    expect(await own.compute(pages)).toEqual([0, 1, 2].map((page) => `${from}/p${page}.png`));
  });

  test("tells two images apart by their size only where they differ", async () => {
    const same = readImages(fixtures("base.png", "noise.png")).write(`${folder}/sized/{width}.png`);
    await expect(own.compute(same)).rejects.toThrow(ConflictError);
    const differ = readImages(fixtures("base.png", "cmyk.jpg")).write(`${folder}/sizes/{width}.png`);
    expect(await own.compute(differ)).toEqual([`${folder}/sizes/24.png`, `${folder}/sizes/48.png`]);
    // The same bytes twice are no conflict for the store, but they are two images.
    await copyFile(base, join(folder, "twin.png"));
    const twins = readImages([base, join(folder, "twin.png")]).write(`${folder}/twins/{width}.png`);
    await expect(own.compute(twins)).rejects.toThrow(ImageError);
  });
});
