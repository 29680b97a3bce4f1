import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageError, Images, OptionError, PlanError, readImages, type Client } from "../../lib/index.ts";
import { ContactSheet } from "../../lib/collections/images/contact-sheet.ts";
import { FIXTURES, RUNTIMES, client, decode, temporaryFolder } from "./support.ts";

const folder = temporaryFolder();
const fixtures = (...names: string[]) => names.map((name) => join(FIXTURES, name));

describe.each(RUNTIMES)("persisted images, %s", (name, options) => {
  let own: Client;
  beforeAll(async () => {
    own = await client(options);
  });
  afterAll(() => own.close());

  test("begin where they were kept: the files may be gone, and the results are those of one run", async () => {
    const from = join(folder, name);
    await rm(from, { recursive: true, force: true });
    const names = ["rgba.png", "lossless.webp", "gray.jpg", "gray16.png", "pages.tif"];
    await mkdir(from, { recursive: true });
    for (const file of names) await copyFile(join(FIXTURES, file), join(from, file));
    const begun = readImages(names.map((file) => join(from, file))).resize(12);
    const wanted = await own.compute(begun.flip().convert("tiff"));
    const figures = await own.compute(begun.statistics());
    const kept = await own.persist(begun);
    expect(kept).toBeInstanceOf(Images);
    expect(String(kept)).toBe("Images (lazy)\n  kept 5 images");
    for (const file of names) await rm(join(from, file));
    const made = await own.compute(kept.flip().convert("tiff"));
    expect(made.map(({ bytes: _, ...facts }) => facts)).toEqual(wanted.map(({ bytes: _, ...facts }) => facts));
    for (const [i, { bytes }] of made.entries()) expect(await decode(bytes)).toEqual(await decode(wanted[i].bytes));
    expect(await own.compute(kept.statistics())).toEqual(figures);
    // Without convert they are what their files were.
    expect((await own.compute(kept)).map(({ format }) => format)).toEqual(["png", "webp", "jpeg", "png", "tiff"]);
    const written = await own.compute(kept.write(`${from}/new/{index}_{name}.{ext}`));
    expect(await readdir(join(from, "new"))).toEqual(written.map((path) => path.slice(from.length + 5)));
    expect(await own.explain(kept.flip())).toContain("reading what was kept, 1 operation");
    await own.release(kept);
    await expect(own.compute(kept.flip())).rejects.toThrow();
  });

  test("keep each page, and what failed", async () => {
    const paths = [...fixtures("pages.tif"), join(FIXTURES, "answers.json"), ...fixtures("base.png")];
    const images = readImages(paths, { pages: "all", onError: "collect" });
    const kept = await own.persist(images);
    const { values, failed } = await own.compute(kept);
    expect(values.map(({ index, page, width }) => [index, page, width])).toEqual([
      [0, 0, 8],
      [0, 1, 12],
      [0, 2, 16],
      [2, 0, 24],
    ]);
    expect(failed.map(({ index, error }) => [index, error instanceof ImageError])).toEqual([[1, true]]);
    const noPage = kept.write(`${folder}/${name}-pages/{name}.png`);
    expect((await own.compute(noPage)).failed[0].error.message).toMatch(/has 3 pages/);
    const all = await own.compute(kept.write(`${folder}/${name}-pages/{name}_{page}.png`));
    expect(all.values.map((path) => path.slice(folder.length + name.length + 8))).toEqual([
      "pages_0.png",
      "pages_1.png",
      "pages_2.png",
      "base_0.png",
    ]);
  });

  test("keep metadata where it is asked for", async () => {
    const kept = await own.persist(readImages(fixtures("turned.jpg"), { metadata: "keep" }).blur(1));
    const [{ bytes }] = await own.compute(kept);
    const { exif, orientation, width } = await sharp(bytes).metadata();
    expect([exif?.includes("Ana"), orientation ?? 1, width]).toEqual([true, 1, 16]);
  });

  test("contact sheets keep their thumbnails; figures and names of files are kept as they are", async () => {
    const images = readImages(fixtures("base.png", "noise.png", "rgba.png"));
    const sheet = images.contactSheet({ width: 10, columns: 2 });
    const keptSheet = await own.persist(sheet);
    expect(keptSheet).toBeInstanceOf(ContactSheet);
    expect(await own.compute(keptSheet)).toEqual(await own.compute(sheet));
    const path = `${folder}/${name}-sheet.png`;
    expect(await own.compute(keptSheet.write(path))).toBe(path);
    const figures = await own.persist(images.statistics());
    expect(await own.compute(figures)).toEqual(await own.compute(images.statistics()));
    expect(await own.explain(figures)).toContain("kept");
    const target = `${folder}/${name}-once/{name}.png`;
    const names = await own.persist(images.write(target, { overwrite: false }));
    await rm(`${folder}/${name}-once`, { recursive: true });
    // Not written again: the value is kept.
    expect(await own.compute(names)).toHaveLength(3);
    await expect(readdir(`${folder}/${name}-once`)).rejects.toThrow(/ENOENT/);
    await own.release(names);
    await expect(own.compute(names)).rejects.toThrow();
  });

  test("collected failures of a kept value are errors again", async () => {
    const paths = [join(FIXTURES, "answers.json"), join(FIXTURES, "base.png")];
    const kept = await own.persist(readImages(paths, { onError: "collect" }).histogram());
    const { values, failed } = await own.compute(kept);
    expect(values).toHaveLength(1);
    expect(failed[0].error).toBeInstanceOf(ImageError);
  });

  test("what cannot be: files' metadata, JSON, release of what was made from them", async () => {
    const kept = await own.persist(readImages(fixtures("base.png")));
    expect(() => kept.metadata()).toThrow(OptionError);
    expect(() => kept.toJSON()).toThrow(PlanError);
    await expect(own.release(kept.flip())).rejects.toThrow(/release those/);
    await expect(own.release(readImages(fixtures("base.png")))).rejects.toThrow(OptionError);
  });
});
