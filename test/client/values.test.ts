import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CallableError, Client, delayed, fromSequence } from "../../lib/index.ts";

/** Values of the platform's own classes on their way: as arguments, items, results; on both runtimes. */
describe.each([0, 2])("values travel whole, %i threads", (workers) => {
  let client: Client;
  beforeAll(async () => {
    client = await Client.local({ workers, progress: false, memoryLimit: "2GB" });
  });
  afterAll(() => client.close());

  const page = "https://example.org/list?page=2";

  test("as arguments and results of calls", async () => {
    const turn = (url: URL, more: { readonly headers: Headers }) => {
      url.searchParams.set("accept", more.headers.get("accept") ?? "");
      return { url, found: [url.hostname] };
    };
    const headers = new Headers({ accept: "json" });
    const { url, found } = await client.submit(turn, new URL(page), { headers });
    expect(url).toBeInstanceOf(URL);
    expect([url.href, found]).toEqual([`${page}&accept=json`, ["example.org"]]);
    const hosts = client.map((one: URL) => one.host, [new URL(page), new URL("http://b.org:81")]);
    expect(await client.gather(hosts)).toEqual(["example.org", "b.org:81"]);
    expect(await delayed((one: URL) => one.pathname)(new URL(page)).compute()).toBe("/list");
    const held = await client.scatter(new URL(page), { broadcast: true });
    expect(await client.submit((one: URL) => one.search, held)).toBe("?page=2");
  });

  test("as items and arguments of bags, through exchanges too", async () => {
    const bag = fromSequence(["http://a.org/1", "http://b.org/2", "http://a.org/3"], { partitions: 2 });
    const urls = bag.map((text, base) => new URL(text, base), new URL("http://base.org"));
    expect((await client.compute(urls)).map(({ href }) => href)).toEqual([
      "http://a.org/1",
      "http://b.org/2",
      "http://a.org/3",
    ]);
    const byHost = await client.compute(urls.groupBy((url) => url.host));
    expect(byHost.map(([host, of]) => [host, of.map((url) => url.pathname)])).toEqual([
      ["a.org", ["/1", "/3"]],
      ["b.org", ["/2"]],
    ]);
  });

  test("or are refused where they are, with what to do", async () => {
    class Config {
      readonly input: unknown;
      constructor(input: unknown) {
        this.input = input;
      }
    }
    const future = client.submit((x: number) => x, 1);
    const take = (value: unknown) => typeof value;
    expect(() => client.submit(take, new Config(future))).toThrow(
      /submit\(…\) was given .*: a result to come \(Future\) at \.input\.\n {2}fix: give it as an argument of its own/,
    );
    expect(() => client.submit(take, { a: [new Config(fromSequence([1]))] })).toThrow(/\(Bag\) at \.a\[0\]\.input/);
    expect(() => client.map(take, [new AbortController().signal])).toThrow(
      /AbortSignal.*\n {2}fix: ask for the task's/,
    );
  });

  test("results of a bag's functions are refused by name", async () => {
    const bag = fromSequence([1, 2]).map((x) => ({ x, response: new Response("x") }));
    await expect(client.compute(bag)).rejects.toThrow(/Response.* at \.response[^]*await it\.bytes\(\)/);
    expect(() => fromSequence([1]).map((_, x) => x, { at: new AbortController().signal })).toThrow(
      /map\(…\) got something that cannot travel.*AbortSignal.* at \.at\.\n {2}fix: ask for the task's own/,
    );
    await expect(client.submit(() => ({ a: new Blob(["x"]) }))).rejects.toThrow(CallableError);
  });
});
