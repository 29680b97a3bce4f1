import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConflictError, NotFoundError, SourceChangedError } from "../../lib/errors.ts";
import { readExactly } from "../../lib/store/read-exactly.ts";
import type { ListOptions, ObjectInfo, Store } from "../../lib/store/store.ts";

/** A store under test, and a URL (it ends in "/") below which nothing is yet. */
export interface Subject {
  readonly store: Store;
  readonly root: string;
  close?(): Promise<void>;
}

/** What a stand-in for S3 does not do, each with its reason. */
export interface Skips {
  readonly conditionalPut?: string;
  readonly conditionalRead?: string;
  readonly order?: string;
}

/** What every store must do. */
export function storeSuite(name: string, open: () => Promise<Subject>, skips: Skips = {}): void {
  const unless = (reason: string | undefined, title: string, run: () => Promise<void>): void => {
    test.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, run);
  };

  describe(name, () => {
    let subject: Subject;
    let folders = 0;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(async () => subject.close?.());

    /** The store, and a folder of one test's own. */
    const fresh = (): { store: Store; at: (key: string) => string } => {
      const folder = `${subject.root}t${folders++}/`;
      const at = (key: string): string =>
        folder.startsWith("file:") ? pathToFileURL(fileURLToPath(folder) + key).href : folder + key;
      return { store: subject.store, at };
    };

    test("gives back what was put, and tells its facts", async () => {
      const { store, at } = fresh();
      const info = await store.put(at("a/b.txt"), bytes("hello"));
      expect(info).toMatchObject({ url: at("a/b.txt"), size: 5 });
      expect(info.etag).not.toBe("");
      expect(await store.head(at("a/b.txt"))).toEqual(info);
      expect(text(await store.get(at("a/b.txt")))).toBe("hello");
      expect(text(await store.get(at("a/b.txt"), { etag: info.etag }))).toBe("hello");
    });

    test("holds an empty object", async () => {
      const { store, at } = fresh();
      await store.put(at("empty"), bytes(""));
      expect((await store.head(at("empty"))).size).toBe(0);
      expect(await store.get(at("empty"))).toHaveLength(0);
      const reader = await store.open(at("empty"));
      expect(await reader.read(0, 10)).toHaveLength(0);
      await reader.close();
    });

    test("does not keep the caller's memory", async () => {
      const { store, at } = fresh();
      const mine = bytes("before");
      await store.put(at("x"), mine);
      mine.fill(0);
      expect(text(await store.get(at("x")))).toBe("before");
    });

    test("takes bytes in shared memory", async () => {
      const { store, at } = fresh();
      const shared = new Uint8Array(new SharedArrayBuffer(5));
      shared.set(bytes("share"));
      await store.put(at("x"), shared);
      expect(text(await store.get(at("x")))).toBe("share");
    });

    test("reads ranges, cut off at the end", async () => {
      const { store, at } = fresh();
      await store.put(at("digits"), bytes("0123456789"));
      const reader = await store.open(at("digits"));
      const range = async (start: number, end: number): Promise<string> => text(await reader.read(start, end));
      expect(await range(0, 10)).toBe("0123456789");
      expect(await range(0, 1)).toBe("0");
      expect(await range(3, 6)).toBe("345");
      expect(await range(9, 10)).toBe("9");
      expect(await range(8, 1_000)).toBe("89");
      expect(await range(10, 20)).toBe("");
      expect(await range(50, 60)).toBe("");
      expect(await range(5, 5)).toBe("");
      expect(text(await readExactly(reader, 2, 4))).toBe("23");
      await expect(readExactly(reader, 8, 12)).rejects.toThrow(SourceChangedError);
      if (reader.readSync !== undefined) {
        const target = new Uint8Array(4);
        expect(reader.readSync(target, 8)).toBe(2);
        expect(text(target.subarray(0, 2))).toBe("89");
        expect(reader.readSync(target, 10)).toBe(0);
      }
      await reader.close();
    });

    test("says what is missing", async () => {
      const { store, at } = fresh();
      for (const call of [store.head, store.open, store.get]) {
        await expect(call(at("no"))).rejects.toThrow(NotFoundError);
      }
      await store.delete(at("no"));
    });

    test("deletes", async () => {
      const { store, at } = fresh();
      await store.put(at("x"), bytes("x"));
      await store.delete(at("x"));
      await expect(store.head(at("x"))).rejects.toThrow(NotFoundError);
      expect(await urls(store, at(""))).toEqual([]);
    });

    test("replaces whole, under a new etag", async () => {
      const { store, at } = fresh();
      const old = await store.put(at("x"), bytes("old bytes"));
      const now = await store.put(at("x"), bytes("new"));
      expect(now.etag).not.toBe(old.etag);
      expect(await store.head(at("x"))).toEqual(now);
      expect(text(await store.get(at("x")))).toBe("new");
    });

    unless(skips.conditionalRead, "refuses to read another version", async () => {
      const { store, at } = fresh();
      const old = await store.put(at("x"), bytes("aaaa"));
      await store.put(at("x"), bytes("bbbb"));
      await expect(store.get(at("x"), { etag: old.etag })).rejects.toThrow(SourceChangedError);
      await expect(store.open(at("x"), { etag: old.etag })).rejects.toThrow(SourceChangedError);
    });

    unless(skips.conditionalRead, "a reader never mixes versions", async () => {
      const { store, at } = fresh();
      await store.put(at("x"), bytes("aaaa"));
      const reader = await store.open(at("x"));
      await store.put(at("x"), bytes("bbbb"));
      const read = await reader.read(0, 4).then(text, (error: unknown) => error);
      if (read !== "aaaa") expect(read).toBeInstanceOf(SourceChangedError);
      await reader.close();
    });

    unless(skips.conditionalPut, "writes once where asked to", async () => {
      const { store, at } = fresh();
      await store.put(at("x"), bytes("first"), { ifAbsent: true });
      await expect(store.put(at("x"), bytes("second"), { ifAbsent: true })).rejects.toThrow(ConflictError);
      await expect(store.putStream(at("x"), stream("third"), { ifAbsent: true })).rejects.toThrow(ConflictError);
      expect(text(await store.get(at("x")))).toBe("first");
    });

    unless(skips.conditionalPut, "of 10 racers one wins", async () => {
      const { store, at } = fresh();
      const racers = Array.from({ length: 10 }, (_, i) => `racer ${i}`);
      const ends = await Promise.allSettled(racers.map((me) => store.put(at("x"), bytes(me), { ifAbsent: true })));
      const winners = racers.filter((_, i) => ends[i].status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect(text(await store.get(at("x")))).toBe(winners[0]);
      for (const end of ends) if (end.status === "rejected") expect(end.reason).toBeInstanceOf(ConflictError);
      expect(await urls(store, at(""))).toEqual([at("x")]);
    });

    test("puts a stream", async () => {
      const { store, at } = fresh();
      const info = await store.putStream(at("deep/er/s"), stream("one ", "", "two ", "three"));
      expect(info).toMatchObject({ url: at("deep/er/s"), size: 13 });
      expect(await store.head(at("deep/er/s"))).toEqual(info);
      expect(text(await store.get(at("deep/er/s")))).toBe("one two three");
      expect((await store.putStream(at("none"), stream())).size).toBe(0);
    });

    test("leaves nothing of a stream that fails", async () => {
      const { store, at } = fresh();
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes("some");
        throw new RangeError("the source broke");
      };
      await expect(store.putStream(at("x"), failing())).rejects.toThrow(RangeError);
      expect(await urls(store, at(""))).toEqual([]);
    });

    test("keeps odd names", async () => {
      const { store, at } = fresh();
      const names = [
        "with space",
        "100%",
        "%20",
        "a#b",
        "a+b",
        "a&b=c",
        "ñandú",
        "日本",
        "😀",
        "[x]",
        "it's",
        "q?",
        "~t",
      ];
      for (const name of names) await store.put(at(`d/${name}.csv`), bytes(name));
      expect(new Set(await urls(store, at("d/")))).toEqual(new Set(names.map((name) => at(`d/${name}.csv`))));
      for (const name of names) expect(text(await store.get(at(`d/${name}.csv`)))).toBe(name);
    });

    unless(skips.order, "lists in the order of bytes", async () => {
      const { store, at } = fresh();
      for (const key of ["b", "a/z", "a-", "a0", "a", "B", "\u{1F600}", "\uFF5E"].filter((k) => k !== "a")) {
        await store.put(at(key), bytes(key));
      }
      const listed = await urls(store, at(""));
      expect(listed).toEqual([...listed].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(listed).toHaveLength(7);
    });

    unless(skips.order, "lists by prefix, over pages, with folders left out", async () => {
      const { store, at } = fresh();
      const keys = [
        "log/1",
        "log/2",
        "sales/2022/a",
        "sales/2022/b",
        "sales/2022/c",
        "sales/2023/a",
        "sales/x",
        "sales_1",
        "z",
      ];
      for (const key of keys) await store.put(at(key), bytes(key));
      const list = async (prefix: string, options?: ListOptions): Promise<string[]> =>
        (await urls(store, at(prefix), options)).map((url) => url.slice(at("").length));
      expect(await list("")).toEqual(keys);
      expect(await list("sales")).toEqual(keys.slice(2, 8));
      expect(await list("sales/")).toEqual(keys.slice(2, 7));
      expect(await list("sales/2022/a")).toEqual(["sales/2022/a"]);
      expect(await list("nothing/here")).toEqual([]);
      expect(await list("", { after: at("sales/2022/b") })).toEqual(keys.slice(4));
      expect(await list("", { after: at("sales_1") })).toEqual(["z"]);
      const asked: string[] = [];
      const into = (folder: string): boolean => {
        asked.push(folder.slice(at("").length));
        return !folder.endsWith("/2022/") && !folder.endsWith("/log/");
      };
      expect(await list("", { into })).toEqual(["sales/2023/a", "sales/x", "sales_1", "z"]);
      expect(asked).toEqual(["log/", "sales/", "sales/2022/", "sales/2023/"]);
    });

    test("ends with CancelledError once its signal has fired", async () => {
      const { store, at } = fresh();
      await store.put(at("x"), bytes("x"));
      const signal = AbortSignal.abort();
      const calls = [
        () => store.head(at("x"), { signal }),
        () => store.get(at("x"), { signal }),
        () => store.open(at("x"), { signal }),
        () => store.put(at("y"), bytes("y"), { signal }),
        () => store.putStream(at("y"), stream("y"), { signal }),
        () => urls(store, at(""), { signal }),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ tag: "Cancelled" });
      expect(await urls(store, at(""))).toEqual([at("x")]);
    });
  });
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export async function* stream(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield bytes(chunk);
}

export async function urls(store: Store, prefix: string, options?: ListOptions): Promise<string[]> {
  const infos: ObjectInfo[] = [];
  for await (const info of store.list(prefix, options)) infos.push(info);
  return infos.map(({ url }) => url);
}
