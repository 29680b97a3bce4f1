import { S3Client, CreateBucketCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { startFauxqs } from "fauxqs";
import { afterAll, describe, expect, test, vi } from "vitest";
import { defaultStore } from "../../lib/store/default-store.ts";
import { expandSources } from "../../lib/store/glob.ts";
import { s3Store, type S3StoreOptions } from "../../lib/store/s3.ts";
import { startMoto } from "./moto.ts";
import { bytes, storeSuite, urls } from "./suite.ts";

const keys = { region: "us-east-1", accessKeyId: "test", secretAccessKey: "test" };
const noRetry = { attempts: 1 };

const moto = await startMoto();
const fauxqs = await startFauxqs({ port: 0, logger: false });
fauxqs.createBucket("bucket");
afterAll(async () => {
  await fauxqs.stop();
  await moto?.stop();
});

const over = (endpoint: string, options: S3StoreOptions = {}) =>
  s3Store({ ...keys, endpoint, retry: noRetry, ...options });

storeSuite(
  "S3 over fauxqs",
  async () => ({ store: over(`http://127.0.0.1:${fauxqs.port}`), root: "s3://bucket/suite/" }),
  {
    conditionalPut: "fauxqs ignores If-None-Match",
    conditionalRead: "fauxqs ignores If-Match",
    order: "fauxqs orders keys by locale, not by bytes",
  },
);

describe.skipIf(moto === undefined)("over moto", () => {
  const endpoint = moto?.endpoint ?? "";
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1", credentials: keys });
  const makeBucket = (name: string) => client.send(new CreateBucketCommand({ Bucket: name }));

  storeSuite("S3 over moto", async () => {
    await makeBucket("bucket");
    return { store: over(endpoint, { pageSize: 2 }), root: "s3://bucket/suite/" };
  });

  test("uploads a large stream in parts, whole and once", async () => {
    await makeBucket("parts");
    const store = over(endpoint, { partBytes: 5 * 2 ** 20 });
    const chunk = new Uint8Array(3 * 2 ** 20).map((_, i) => i % 251);
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 4; i++) yield chunk;
    };
    const info = await store.putStream("s3://parts/large", chunks(), { ifAbsent: true });
    expect(info.size).toBe(12 * 2 ** 20);
    expect(await store.head("s3://parts/large")).toEqual(info);
    const read = await store.get("s3://parts/large");
    expect(Buffer.compare(read, Buffer.concat([chunk, chunk, chunk, chunk]))).toBe(0);
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunks();
      throw new RangeError("the source broke");
    };
    await expect(store.putStream("s3://parts/broken", failing())).rejects.toThrow(RangeError);
    const left = await client.send(new ListMultipartUploadsCommand({ Bucket: "parts" }));
    expect(left.Uploads ?? []).toEqual([]);
    expect(await urls(store, "s3://parts")).toEqual(["s3://parts/large"]);
  });

  test("the default store finds its endpoint and credentials in the environment", async () => {
    await makeBucket("env");
    vi.stubEnv("AWS_ENDPOINT_URL", endpoint);
    vi.stubEnv("AWS_REGION", "us-east-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    try {
      const store = defaultStore();
      await store.put("s3://env/2023/a b.csv", bytes("a"), { ifAbsent: true });
      await store.put("s3://env/2023/c.json", bytes("c"));
      await store.put("s3://env/2024/d.csv", bytes("d"));
      const found = await expandSources(store, ["s3://env/*/*.csv", "s3://env/2024/d.csv"]);
      expect(found.map(({ url }) => url)).toEqual(["s3://env/2023/a b.csv", "s3://env/2024/d.csv"]);
      await expect(expandSources(store, "s3://env/2025/*.csv")).rejects.toThrow(/did you mean s3:\/\/env\/202[34]\//);
      await expect(expandSources(store, "s3://env/2023")).rejects.toThrow(/is a folder/);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("names a bucket that is not there", async () => {
    const store = over(endpoint);
    await expect(store.get("s3://nowhere/x")).rejects.toMatchObject({ tag: "NotFound", message: /no bucket nowhere/ });
    await expect(urls(store, "s3://nowhere/")).rejects.toMatchObject({ message: /no bucket nowhere/ });
    await expect(store.put("s3://nowhere/x", bytes("x"))).rejects.toMatchObject({ tag: "NotFound" });
  });
});
