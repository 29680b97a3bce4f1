import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startFauxqs } from "fauxqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client } from "../../lib/client/client.ts";
import { fromArray } from "../../lib/collections/array/from-array.ts";
import { arange, zeros } from "../../lib/collections/array/create.ts";
import { readHdf5Array, readNpy, readZarr } from "../../lib/collections/array/files.ts";
import { random } from "../../lib/collections/array/random.ts";
import { ChunkedArray } from "../../lib/collections/array/chunked-array.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failureOf } from "../runtime/plans.ts";

const files = fileURLToPath(new URL("./files/", import.meta.url));
const fauxqs = await startFauxqs({ port: 0, logger: false });
fauxqs.createBucket("arrays");
const s3 = {
  region: "us-east-1",
  accessKeyId: "test",
  secretAccessKey: "test",
  endpoint: `http://127.0.0.1:${fauxqs.port}`,
};
const folder = mkdtempSync(join(tmpdir(), "array-files-"));
afterAll(async () => {
  await fauxqs.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What make_files.py has written most of the files with. */
const grid = Array.from({ length: 7 }, (_, i) => Array.from({ length: 5 }, (_, j) => (5 * i + j) / 4));

describe.each([0, 2])("files of arrays, %i threads", (workers) => {
  let client: Client;
  beforeAll(async () => {
    client = await Client.local({ workers, progress: false, store: defaultStore({ s3 }) });
  });
  afterAll(() => client.close());

  test("NumPy's files are read as NumPy wrote them", async () => {
    const array = await readNpy(join(files, "grid.npy"), { chunks: [3, 2] });
    expect(array).toMatchObject({ shape: [7, 5], dtype: "float64" });
    expect(array.chunks).toEqual([
      [3, 3, 1],
      [2, 2, 1],
    ]);
    expect((await array.compute()).toNested()).toEqual(grid);
    expect((await array.slice([1, 6, 2], -1).compute()).toNested()).toEqual([grid[1][4], grid[3][4], grid[5][4]]);
    expect(await array.sum().compute()).toBe((34 * 35) / 8);
    const fortran = await readNpy(join(files, "fortran.npy"), { chunks: [1, 2, 3] });
    expect((await fortran.compute()).toArray()).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(fortran.chunks).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    const swapped = await readNpy(join(files, "swapped.npy"));
    expect(swapped.dtype).toBe("uint16");
    expect((await swapped.compute()).toArray()).toEqual([0, 1, 2, 3, 4, 5]);
    expect((await (await readNpy(join(files, "scalar.npy"))).compute()).item()).toBe(2.5);
    expect(await (await readNpy(join(files, "empty.npy"))).compute()).toMatchObject({ shape: [0, 3], dtype: "int64" });
    expect((await (await readNpy(join(files, "bools.npy"))).compute()).toArray()).toEqual([true, false, true]);
  });

  test("Zarr arrays are read: compressed, in Fortran's order, within a group, with chunks that are not there", async () => {
    for (const name of ["blosc", "plain", "fortran"]) {
      const array = await readZarr(join(files, `${name}.zarr`), { chunks: [2, 5] });
      expect((await array.compute()).toNested()).toEqual(grid);
      expect((await array.T.slice([1, 3]).compute()).toNested()).toEqual([1, 2].map((j) => grid.map((row) => row[j])));
    }
    const counts = await readZarr(join(files, "group.zarr"), { path: "inner/counts" });
    expect((await counts.compute()).toArray()).toEqual(Array.from({ length: 10 }, (_, i) => BigInt(i)));
    const sparse = await readZarr(join(files, "sparse.zarr"));
    expect((await sparse.compute()).toArray()).toEqual([-1, -1, 7, 8, -1, -1]);
  });

  test("datasets of HDF5 are read", async () => {
    const array = await readHdf5Array(join(files, "grid.h5"), { dataset: "data/grid", chunks: [3, 2] });
    expect((await array.compute()).toNested()).toEqual(grid);
    const wide = await readHdf5Array(join(files, "grid.h5"), { dataset: "wide" });
    expect((await wide.slice([3, 5]).compute()).toArray()).toEqual([3n, 4n]);
    const bytes = await readHdf5Array(join(files, "grid.h5"), { dataset: "bytes" });
    expect(bytes.dtype).toBe("uint8");
    expect((await (await readHdf5Array(join(files, "grid.h5"), { dataset: "one" })).compute()).item()).toBe(2.5);
  });

  test("what is written is read equal: on disk, in memory, on S3, for all dtypes and odd chunks", async () => {
    const normal = random.normal([37, 11, 3], { seed: 1, chunks: [10, 4, 2] });
    const arrays = [
      normal,
      normal.astype("float32"),
      random.integers(-100, 100, [5, 9], { seed: 2, chunks: 4 }),
      normal.gt(0),
      fromArray([1, 2, 3], { dtype: "uint8", chunks: [[1, 2]] }),
      zeros([0, 4]),
      fromArray(7.5),
    ];
    const roots = [`${folder}/w${workers}`, `memory://arrays-${workers}`, `s3://arrays/w${workers}`];
    for (const root of roots)
      for (const [i, array] of arrays.entries()) {
        const wanted = await array.compute();
        const { path } = await array.writeNpy(`${root}/${i}.npy`);
        const read = await readNpy(path);
        expect(read).toMatchObject({ shape: array.shape, dtype: array.dtype });
        expect((await read.compute()).equals(wanted)).toBe(true);
        for (const options of [{}, { version: 2, compression: "gzip" }] as const) {
          const target = `${root}/${i}-${"version" in options ? 2 : 3}.zarr`;
          await array.writeZarr(target, options);
          const back = await readZarr(target);
          expect(back).toMatchObject({ shape: array.shape, dtype: array.dtype });
          expect((await back.compute()).equals(wanted)).toBe(true);
        }
      }
  });

  test("nothing is written over unless that is wanted, and then nothing of what was there stays", async () => {
    const path = `${folder}/over-${workers}`;
    const large = zeros([10, 10], { chunks: 3 });
    await large.writeZarr(`${path}.zarr`);
    await large.writeNpy(`${path}.npy`);
    const small = fromArray([1, 2]);
    for (const write of [() => small.writeZarr(`${path}.zarr`), () => small.writeNpy(`${path}.npy`)])
      expect(await failureOf(write())).toMatchObject({ tag: "Conflict" });
    writeFileSync(`${path}.zarr/notes.txt`, "mine");
    const foreign = await failureOf(small.writeZarr(`${path}.zarr`, { overwrite: true }));
    expect(foreign).toMatchObject({ tag: "Conflict", message: expect.stringContaining("notes.txt") });
    rmSync(`${path}.zarr/notes.txt`);
    await small.writeZarr(`${path}.zarr`, { overwrite: true });
    await small.writeNpy(`${path}.npy`, { overwrite: true });
    expect((await (await readZarr(`${path}.zarr`)).compute()).toArray()).toEqual([1, 2]);
    expect((await (await readNpy(`${path}.npy`)).compute()).toArray()).toEqual([1, 2]);
  });

  test("a change of chunks from rows to columns on disk goes through an exchange, and loses nothing", async () => {
    const rows = random.integers(0, 1000, [64, 48], { seed: 5, chunks: [4, 48] });
    const source = `${folder}/rows-${workers}.zarr`;
    await rows.writeZarr(source);
    const columns = (await readZarr(source, { chunks: [4, 48] })).rechunk([64, 3]);
    expect(await columns.explain()).toContain("rechunk goes through an exchange: 16 chunks are cut for 16 others");
    await columns.writeZarr(`${folder}/columns-${workers}.zarr`);
    const back = await readZarr(`${folder}/columns-${workers}.zarr`);
    expect((await back.compute()).equals(await rows.compute())).toBe(true);
  });

  test("bad files are named, with what to do", async () => {
    const cut = `${folder}/cut-${workers}.npy`;
    writeFileSync(cut, readFileSync(join(files, "grid.npy")));
    truncateSync(cut, 300);
    const cases: [() => Promise<unknown>, string, RegExp][] = [
      [() => readNpy(join(files, "grid.h5")), "Format", /is no \.npy file/],
      [() => readNpy(cut), "Format", /has 300 bytes; its header promises 408/],
      [() => readNpy(join(files, "texts.npy")), "Format", /elements of type <U1/],
      [() => readNpy(join(files, "none.npy")), "NotFound", /none\.npy/],
      [() => readZarr(join(files, "group.zarr")), "NotFound", /no Zarr array/],
      [() => readHdf5Array(join(files, "grid.h5"), { dataset: "data" }), "Format", /is a group/],
      [() => readHdf5Array(join(files, "grid.h5"), { dataset: "text" }), "Format", /elements of type/],
      [() => zeros(3).writeZarr(join(folder, "v"), { version: 4 as 3 }), "Option", /version expects 2 or 3/],
    ];
    for (const [failing, tag, message] of cases) {
      const error = await failureOf(failing());
      expect(error).toMatchObject({ tag });
      expect(error.message).toMatch(message);
    }
    writeFileSync(cut, readFileSync(join(files, "grid.npy")));
    const array = await readNpy(cut);
    truncateSync(cut, 200);
    expect(await failureOf(array.compute())).toMatchObject({ tag: "SourceChanged" });
  });

  test("Zarr arrays that are damaged are refused: a chunk that was cut off gives no other numbers", async () => {
    const own = join(folder, `damaged-${workers}`);
    const damaged = async (version: 2 | 3, name: string, change: (bytes: Buffer) => Uint8Array | string) => {
      await arange(24).reshape(6, 4).rechunk([2, 4]).writeZarr(own, { version, overwrite: true });
      writeFileSync(join(own, name), change(readFileSync(join(own, name))));
      return failureOf((async () => (await readZarr(own)).compute())());
    };
    const without = (key: string) => (bytes: Buffer) => bytes.toString().replace(`"${key}"`, '"other"');
    const cases: [version: 2 | 3, name: string, change: Parameters<typeof damaged>[2], message: RegExp][] = [
      [3, "c/1/0", (bytes) => bytes.subarray(0, 16), /chunk \(1, 0\) has 16 bytes, expected 64/],
      [2, "1.0", (bytes) => Buffer.concat([bytes, bytes]), /chunk \(1, 0\) has 128 bytes, expected 64/],
      [3, "zarr.json", without("shape"), /found the shape undefined/],
      [2, ".zarray", without("chunks"), /chunks of undefined/],
      [2, ".zarray", (bytes) => bytes.toString().replace("6,", "-6,"), /found the shape \[-6,4\]/],
    ];
    for (const [version, name, change, message] of cases) {
      const error = await damaged(version, name, change);
      expect(error).toMatchObject({ tag: "Format" });
      expect(error.message).toMatch(message);
    }
  });

  test("an array of a file travels as JSON", async () => {
    const array = (await readNpy(join(files, "grid.npy"))).T.add(1);
    const copy = ChunkedArray.fromJSON(JSON.parse(JSON.stringify(array)));
    expect((await copy.compute()).equals(await array.compute())).toBe(true);
  });
});
