import { expect, test } from "vitest";
import type { AbanicoError } from "../../lib/errors.ts";
import { retry, type RetryOptions } from "../../lib/store/retry.ts";
import { s3Store } from "../../lib/store/s3.ts";
import type { Client } from "../../lib/store/s3-request.ts";
import type { Store } from "../../lib/store/store.ts";
import { emptyCounts, withCounting } from "../../lib/store/with-counting.ts";
import { withRetry } from "../../lib/store/with-retry.ts";
import { bytes, stream, urls } from "./suite.ts";

type Input = { readonly [name: string]: unknown };
type Step = (input: Input) => unknown;

/** A client that answers from a script, one step a request; after the last step it answers with it again. */
function scripted(...steps: Step[]): { client: Client; sent: { name: string; input: Input }[] } {
  const sent: { name: string; input: Input }[] = [];
  const send = async (command: { input: Input; constructor: { name: string } }): Promise<unknown> => {
    sent.push({ name: command.constructor.name.replace("Command", ""), input: command.input });
    return steps[Math.min(sent.length, steps.length) - 1](command.input);
  };
  // The real `send` has an overload for each command; the store uses this shape of it.
  return { client: { send } as unknown as Client, sent };
}

const fails =
  (name: string, httpStatusCode: number, more: object = {}): Step =>
  () => {
    throw Object.assign(new Error(`scripted ${name}`), { name, $metadata: { httpStatusCode }, ...more });
  };
const reset: Step = () => {
  throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
};
const ok: Step = () => ({ ETag: '"e"', ContentLength: 3 });

/** No waiting; what would have been waited is kept. */
function patient(options: RetryOptions = {}): RetryOptions & { delays: number[] } {
  const delays: number[] = [];
  return { delays, random: () => 0.5, sleep: async (ms) => void delays.push(ms), ...options };
}

test("throttles, 5xx, 409 and resets are retried, with growing delays, and counted", async () => {
  const { client, sent } = scripted(
    fails("SlowDown", 503),
    fails("InternalError", 500),
    fails("ConditionalRequestConflict", 409),
    reset,
    fails("TooManyRequestsException", 429),
    ok,
  );
  const options = patient();
  const counts = emptyCounts();
  const store = withRetry(withCounting(s3Store({ client }), counts), options);
  expect(await store.put("s3://b/k", bytes("abc"), { ifAbsent: true })).toEqual({
    url: "s3://b/k",
    size: 3,
    etag: "e",
  });
  expect(options.delays).toEqual([100, 200, 400, 800, 1_600]);
  expect(sent.map(({ input }) => input["IfNoneMatch"])).toEqual(Array(6).fill("*"));
  expect(counts.put).toEqual({ calls: 6, bytes: 18 });
});

test("attempts end, and the error says how many there were", async () => {
  const { client, sent } = scripted(fails("SlowDown", 503));
  const store = withRetry(s3Store({ client }), patient({ attempts: 3 }));
  await expect(store.head("s3://b/k")).rejects.toMatchObject({
    tag: "StoreFault",
    retryable: true,
    fields: { attempts: 3, url: "s3://b/k", status: 503 },
  });
  expect(sent).toHaveLength(3);
});

test.each([
  ["a missing key", fails("NoSuchKey", 404), "NotFound", /no object s3:\/\/b\/k/],
  ["a missing key, by HEAD", fails("NotFound", 404), "NotFound", /no object/],
  ["a missing bucket", fails("NoSuchBucket", 404), "NotFound", /no bucket b/],
  ["no permission", fails("AccessDenied", 403), "Unreadable", /s3:GetObject on arn:aws:s3:::b\/k/],
  ["no credentials", fails("CredentialsProviderError", 0), "Unreadable", /AWS_PROFILE/],
  [
    "another region",
    fails("PermanentRedirect", 301, { $response: { headers: { "x-amz-bucket-region": "eu-west-1" } } }),
    "Unreadable",
    /AWS_REGION=eu-west-1/,
  ],
  ["another version", fails("PreconditionFailed", 412), "SourceChanged", /was changed/],
] as const)("%s is not retried", async (_, step, tag, message) => {
  const { client, sent } = scripted(step);
  const store = withRetry(s3Store({ client }), patient());
  const error: unknown = await store.get("s3://b/k", { etag: "e" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ tag, retryable: false, message: expect.stringMatching(message) });
  expect(sent).toHaveLength(1);
  expect(sent[0].input["IfMatch"]).toBe('"e"');
});

test("a write whose answer was lost knows itself; another's does not pass for it", async () => {
  let nonce: unknown;
  const taken = fails("PreconditionFailed", 412);
  const lost: Step = ({ Metadata }) => {
    nonce = Metadata;
    return reset({});
  };
  const mine = scripted(lost, taken, () => ({ ETag: '"mine"', Metadata: nonce }));
  const put = (client: Client): Promise<unknown> =>
    withRetry(s3Store({ client }), patient()).put("s3://b/k", bytes("x"), { ifAbsent: true });
  expect(await put(mine.client)).toMatchObject({ etag: "mine" });
  expect(mine.sent.map(({ name }) => name)).toEqual(["PutObject", "PutObject", "HeadObject"]);
  const other = scripted(lost, taken, () => ({ ETag: '"other"', Metadata: { "abanico-nonce": "other" } }));
  await expect(put(other.client)).rejects.toMatchObject({ tag: "Conflict" });
});

test("the parts of an upload are retried one by one, and a failed upload is ended", async () => {
  const create: Step = () => ({ UploadId: "u" });
  const options = { partBytes: 4, retry: patient({ attempts: 2 }) };
  const good = scripted(create, ok, fails("SlowDown", 503), ok, ok, ok);
  expect(
    await s3Store({ ...options, client: good.client }).putStream("s3://b/k", stream("0123", "4567", "89")),
  ).toMatchObject({ size: 10 });
  expect(good.sent.map(({ name, input }) => `${name} ${String(input["PartNumber"] ?? "")}`.trim())).toEqual([
    "CreateMultipartUpload",
    "UploadPart 1",
    "UploadPart 2",
    "UploadPart 2",
    "UploadPart 3",
    "CompleteMultipartUpload",
  ]);
  const bad = scripted(create, ok, fails("AccessDenied", 403), ok);
  await expect(
    s3Store({ ...options, client: bad.client }).putStream("s3://b/k", stream("012345")),
  ).rejects.toMatchObject({ tag: "Unreadable" });
  expect(bad.sent.at(-1)?.name).toBe("AbortMultipartUpload");
});

/** Lists as S3 does, over keys in order. */
function listing(keys: readonly string[]): Step {
  return ({ Prefix, StartAfter, ContinuationToken, MaxKeys }) => {
    const after = String(ContinuationToken ?? StartAfter ?? "");
    const rest = keys.filter((key) => key.startsWith(String(Prefix)) && key > after);
    const page = rest.slice(0, Number(MaxKeys));
    const IsTruncated = rest.length > page.length;
    return {
      Contents: page.map((Key) => ({ Key, Size: 1, ETag: '"e"' })),
      IsTruncated,
      NextContinuationToken: page.at(-1),
    };
  };
}
const numbered = (folder: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${folder}${String(i).padStart(5, "0")}`);

test("listings take a request a page, and pass over a folder that is left out", async () => {
  const keys = [...numbered("a/", 2_400), ...numbered("b/", 5_000), "c"];
  const whole = scripted(listing(keys));
  expect(await urls(s3Store({ client: whole.client }), "s3://b/")).toEqual(keys.map((key) => `s3://b/${key}`));
  expect(whole.sent).toHaveLength(8);
  const part = scripted(listing(keys));
  const into = (folder: string): boolean => folder !== "s3://b/b/";
  expect(await urls(s3Store({ client: part.client }), "s3://b/", { into })).toHaveLength(2_401);
  expect(part.sent).toHaveLength(4);
});

test("a listing that breaks goes on after the last object it gave", async () => {
  const keys = numbered("", 25);
  const page = listing(keys);
  const { client, sent } = scripted(page, reset, fails("SlowDown", 503), page, reset, page);
  const store = withRetry(s3Store({ client, pageSize: 10 }), patient());
  expect(await urls(store, "s3://b/")).toEqual(keys.map((key) => `s3://b/${key}`));
  expect(sent).toHaveLength(6);
});

test("an answer that ends early is a passing fault", async () => {
  const body =
    (length: number): Step =>
    () => ({ ContentLength: 3, Body: { transformToByteArray: async () => new Uint8Array(length) } });
  const { client, sent } = scripted(body(2), body(3));
  expect(await withRetry(s3Store({ client }), patient()).get("s3://b/k")).toHaveLength(3);
  expect(sent).toHaveLength(2);
});

test("a fired signal ends the waiting between attempts", async () => {
  const abort = new AbortController();
  const { client, sent } = scripted(fails("SlowDown", 503));
  const store: Store = withRetry(s3Store({ client }), {
    baseMs: 60_000,
    random: () => 0.99,
    onRetry: () => abort.abort(),
  });
  await expect(store.head("s3://b/k", { signal: abort.signal })).rejects.toMatchObject({ tag: "Cancelled" });
  expect(sent).toHaveLength(1);
});

test("errors that are not ours are not retried", async () => {
  let calls = 0;
  const failing = async (): Promise<AbanicoError> => {
    calls++;
    throw new RangeError("a bug");
  };
  await expect(retry(failing, patient())).rejects.toThrow(RangeError);
  expect(calls).toBe(1);
});
