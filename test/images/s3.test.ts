import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startFauxqs } from "fauxqs";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NotFoundError, readImages, type Client } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { FIXTURES, RUNTIMES, client, decode } from "./support.ts";

const fauxqs = await startFauxqs({ port: 0, logger: false });
fauxqs.createBucket("photos");
afterAll(() => fauxqs.stop());
const s3 = {
  region: "us-east-1",
  accessKeyId: "test",
  secretAccessKey: "test",
  endpoint: `http://127.0.0.1:${fauxqs.port}`,
};

describe.each(RUNTIMES)("images on S3, %s", (name, options) => {
  const store = defaultStore({ s3 });
  const root = `s3://photos/${name}`;
  let own: Client;
  beforeAll(async () => {
    own = await client({ ...options, store });
    for (const file of ["base.png", "444.jpg", "cmyk.jpg"])
      await store.put(`${root}/in/2024/${file}`, await readFile(join(FIXTURES, file)));
  });
  afterAll(() => own.close());

  test("are read, and written beside or to another prefix, as they are on disk", async () => {
    const images = readImages(`${root}/in/**/*.{png,jpg}`).grayscale();
    const written = await own.compute(images.write("{dir}/{name}_gray.png"));
    expect(written.toSorted()).toEqual(["444", "base", "cmyk"].map((file) => `${root}/in/2024/${file}_gray.png`));
    const elsewhere = `${root}/out/{name}.webp`;
    const [web] = await own.compute(readImages(`${root}/in/2024/base.png`).write(elsewhere, { lossless: true }));
    expect(web).toBe(`${root}/out/base.webp`);
    expect((await decode(await store.get(web))).data).toEqual((await decode(join(FIXTURES, "base.png"))).data);
    const local = await own.compute(readImages(join(FIXTURES, "base.png")).grayscale());
    expect(Buffer.compare(await store.get(`${root}/in/2024/base_gray.png`), local[0].bytes)).toBe(0);
  });

  test("contact sheets go there too", async () => {
    const sheet = readImages(`${root}/in/2024/*.jpg`).contactSheet({ width: 20 }).write(`${root}/sheet.png`);
    expect(await own.compute(sheet)).toBe(`${root}/sheet.png`);
    expect(await sharp(await store.get(`${root}/sheet.png`)).metadata()).toMatchObject({ format: "png" });
  });

  test("a bucket that is not there ends the run with its cause, whatever onError says", async () => {
    const images = readImages(`${root}/in/2024/base.png`, { onError: "skip" }).write("s3://nowhere/{name}.webp");
    const run = own.compute(images);
    await expect(run).rejects.toThrow(NotFoundError);
    await expect(run).rejects.toThrow(/no bucket nowhere/);
  });
});
