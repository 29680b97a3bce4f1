import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, matchesGlob } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { NotFoundError, OptionError, UnreadableError } from "../../lib/errors.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { expandSources } from "../../lib/store/glob.ts";
import { compile, expandBraces, hasWildcards, matches } from "../../lib/store/glob-pattern.ts";
import { compareCodePoints, toAddress, toDisplay, toUrl } from "../../lib/store/urls.ts";
import { bytes } from "./suite.ts";

/** The working directory has wildcards in its own name: they must stay literal. */
const cwd = mkdtempSync(join(tmpdir(), "abanico [glob] {a,b}-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const names = [
  "sales_2023_01.csv",
  "sales_2023_02.csv",
  "sales_2023_10.csv",
  "notes.txt",
  ".hidden.csv",
  "odd/[x].csv",
  "odd/x.csv",
  "odd/100% #1 a?.csv",
  "year=2022/month=1/a.csv",
  "year=2022/month=2/a.csv",
  "year=2023/month=1/a.csv",
  "year=2023/month=1/a.json",
  ".git/x.csv",
];
const store = defaultStore();
for (const name of names) {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), name);
  await store.put(`memory://m/${name}`, bytes(name));
}
mkdirSync(join(cwd, "bare"));

describe.each([
  ["relative paths", "", cwd],
  ["absolute paths", `${cwd}/`, cwd],
  ["file URLs", `file://${cwd}/`, cwd],
  ["keys of a store", "memory://m/", "/"],
])("%s", (kind, root, from) => {
  const expand = async (...patterns: string[]): Promise<string[]> => {
    const infos = await expandSources(
      store,
      patterns.map((pattern) => root + pattern),
      from,
    );
    return infos.map(({ url }) => toAddress(url).replace(`${cwd}/`, "").replace("memory://m/", ""));
  };

  test("a literal name is that object", async () => {
    expect(await expand("notes.txt")).toEqual(["notes.txt"]);
    expect(await expand("odd/[x].csv")).toEqual(["odd/[x].csv"]);
    expect(await expand("odd/100% #1 a?.csv")).toEqual(["odd/100% #1 a?.csv"]);
  });

  test("patterns match as in a shell, in order", async () => {
    expect(await expand("sales_2023_*.csv")).toEqual(names.slice(0, 3));
    expect(await expand("sales_2023_0?.csv")).toEqual(names.slice(0, 2));
    expect(await expand("sales_2023_{10,01}.csv")).toEqual([names[0], names[2]]);
    expect(await expand("sales_2023_[!0]*")).toEqual([names[2]]);
    expect(await expand("odd/[wx].csv")).toEqual(["odd/x.csv"]);
    expect(await expand("year=*/month=1/*.csv")).toEqual(["year=2022/month=1/a.csv", "year=2023/month=1/a.csv"]);
    expect(await expand("**/a.csv")).toEqual(names.slice(8, 11));
    expect(await expand("year=2023/**")).toEqual(names.slice(10, 12));
    expect(await expand("{year=2022/month=2,odd}/*a*")).toEqual(["odd/100% #1 a?.csv", "year=2022/month=2/a.csv"]);
    expect(await expand(".*.csv")).toEqual([".hidden.csv"]);
  });

  test("lists keep their order, and name each object once", async () => {
    expect(await expand("notes.txt", "sales_2023_1*", "sales*.csv")).toEqual([
      "notes.txt",
      names[2],
      names[0],
      names[1],
    ]);
  });

  test("a folder is told as one, with a pattern for what it holds", async () => {
    for (const name of ["year=2023/month=1", "year=2023/month=1/"]) {
      const error: unknown = await expand(name).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UnreadableError);
      expect(error).toMatchObject({ message: expect.stringMatching(/is a folder.*\n.*month=1\/\*\.csv/) });
    }
  });

  test("a missing object offers the nearest names", async () => {
    await expect(expand("sales_2032_01.csv")).rejects.toMatchObject({
      tag: "NotFound",
      fields: { nearest: expect.arrayContaining([expect.stringMatching(/sales_2023_01\.csv$/)]) },
    });
    await expect(expand("yeer=2022/a.csv")).rejects.toThrow(/did you mean .*year=2022/);
  });

  test("a pattern without a match tells what was searched", async () => {
    const error: unknown = await expand("sales_2024_*.csv").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/nothing matches .*sales_2024_\*\.csv\n {2}searched: .*, which holds \d+ entries/),
      fields: { entries: kind === "keys of a store" ? 9 : 10 },
    });
    await expect(expand("none/*.csv")).rejects.toThrow(/does not exist or is empty/);
  });
});

test("empty lists and texts are refused; an empty folder is still a folder", async () => {
  await expect(expandSources(store, [], cwd)).rejects.toThrow(OptionError);
  await expect(expandSources(store, "", cwd)).rejects.toThrow(OptionError);
  await expect(expandSources(store, "bare", cwd)).rejects.toThrow(/is a folder/);
  await expect(expandSources(store, "ftp://x/y", cwd)).rejects.toThrow(OptionError);
});

test("paths that go up, and file URLs with wildcards", async () => {
  const urls = async (pattern: string, from = cwd): Promise<string[]> =>
    (await expandSources(store, pattern, from)).map(({ url }) => url);
  expect(await urls("../*.txt", join(cwd, "odd"))).toEqual([toUrl("notes.txt", cwd)]);
  expect(await urls("./odd/../notes.*")).toEqual([toUrl("notes.txt", cwd)]);
  expect(await urls(toUrl("notes.txt", cwd), "/")).toEqual([toUrl("notes.txt", cwd)]);
});

test("a search does not enter folders that cannot match", async () => {
  const entered: string[] = [];
  const watching = {
    ...store,
    list: (prefix: string, options: Parameters<typeof store.list>[1] = {}) => {
      const into = (folder: string): boolean => {
        const enters = options.into?.(folder) ?? true;
        if (enters) entered.push(toDisplay(folder, cwd));
        return enters;
      };
      return store.list(prefix, { ...options, into });
    },
  };
  await expandSources(watching, "*/month=1/*.csv", cwd);
  expect(entered.map((name) => name.replace(/\/$/, ""))).toEqual([
    "bare",
    "odd",
    "year=2022",
    "year=2022/month=1",
    "year=2023",
    "year=2023/month=1",
  ]);
});

test("urls go back and forth", () => {
  expect(toUrl("a b#c%.csv", "/d")).toBe("file:///d/a%20b%23c%25.csv");
  expect(toAddress("file:///d/a%20b%23c%25.csv")).toBe("/d/a b#c%.csv");
  expect(toAddress("file:///d/100%.csv")).toBe("/d/100%.csv");
  expect(toUrl("s3://b/100%#.csv")).toBe("s3://b/100%#.csv");
  expect(toDisplay("file:///d/a%20b.csv", "/d")).toBe("a b.csv");
  expect(toDisplay("file:///d/a.csv", "/d/e")).toBe("/d/a.csv");
  expect(toDisplay("s3://b/a%20b", "/d")).toBe("s3://b/a%20b");
  const anyPath = fc.array(
    fc.string({ unit: "grapheme", minLength: 1 }).filter((n) => !/[/\0]/.test(n) && !/^\.+$/.test(n)),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(anyPath, (parts) => {
      const path = `/${parts.join("/")}`;
      expect(toAddress(toUrl(path))).toBe(path);
    }),
  );
});

test("orders by code point as by UTF-8 bytes", () => {
  const any = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test("braces", () => {
  expect(expandBraces("a{b,c{d,e}}f")).toEqual(["abf", "acdf", "acef"]);
  expect(expandBraces("{a,}{1,2}")).toEqual(["a1", "a2", "1", "2"]);
  for (const literal of ["{a}", "{}", "{a,b", "a,b}", "a{b}c"]) expect(expandBraces(literal)).toEqual([literal]);
  expect(() => expandBraces("{a,b}".repeat(20))).toThrow(OptionError);
  expect(["a*", "a?", "[x]", "{a,b}"].every(hasWildcards)).toBe(true);
  expect(["a", "a{b}", "[", "[]", "a]b"].some(hasWildcards)).toBe(false);
});

test("matching takes no exponential time", () => {
  const began = performance.now();
  expect(matches(compile([`${"*a".repeat(30)}b`]), ["a".repeat(5_000)])).toBe(false);
  expect(matches(compile([...Array<string>(30).fill("**"), "b"]), Array<string>(200).fill("a"))).toBe(false);
  expect(performance.now() - began).toBeLessThan(1_000);
});

test("matches as node:path does", () => {
  const piece = fc.constantFrom("a", "b", "ab", ".", "*", "?", "[ab]", "[!a]", "[a-c]", "{a,b}", "{a,b*}", "-", "c");
  const segment = fc.oneof(
    { weight: 4, arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((p) => p.join("")) },
    { weight: 1, arbitrary: fc.constant("**") },
  );
  const pattern = fc.array(segment, { minLength: 1, maxLength: 4 });
  const name = fc
    .array(fc.constantFrom("a", "b", "c", ".", "-", "d"), { minLength: 1, maxLength: 4 })
    .map((p) => p.join(""));
  const path = fc.array(
    name.filter((n) => n !== "." && n !== ".."),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(pattern, path, (segments, parts) => {
      const text = segments.join("/");
      // "." and ".." as names, and "**" beside other text, mean something of their own in patterns.
      fc.pre(expandBraces(text).every((one) => one.split("/").every((s) => s === "**" || !/^\.+$|\*\*/.test(s))));
      const ours = expandBraces(text).some((one) => matches(compile(one.split("/")), parts));
      expect([text, parts.join("/"), ours]).toEqual([text, parts.join("/"), matchesGlob(parts.join("/"), text)]);
    }),
    { numRuns: 3_000 },
  );
});
