import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { NotFoundError, OptionError, SourceChangedError, UnreadableError } from "../../lib/errors.ts";
import { fileError } from "../../lib/store/file-errors.ts";
import { fileStore } from "../../lib/store/file.ts";
import { readExactly, readExactlySync } from "../../lib/store/read-exactly.ts";
import { bytes, stream, storeSuite, text, urls } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "abanico store #%-"));
afterAll(() => rmSync(folder, { recursive: true }));
const store = fileStore();
const url = (name: string): string => pathToFileURL(join(folder, name)).href;

storeSuite("files", async () => ({ store, root: url("suite/") }));

test("a folder, a pipe and a missing file are told apart", async () => {
  mkdirSync(join(folder, "sub"));
  await expect(store.open(url("sub"))).rejects.toThrow(UnreadableError);
  await expect(store.head(url("sub"))).rejects.toThrow(/is a folder/);
  await expect(store.get(url("sub/none/x"))).rejects.toThrow(NotFoundError);
  execFileSync("mkfifo", [join(folder, "pipe")]);
  await expect(store.open(url("pipe"))).rejects.toThrow(/no regular file/);
  await expect(store.head("file://host/x")).rejects.toThrow(OptionError);
});

test.skipIf(process.getuid?.() === 0)("a file without permission is unreadable", async () => {
  writeFileSync(join(folder, "secret"), "x");
  chmodSync(join(folder, "secret"), 0);
  await expect(store.open(url("secret"))).rejects.toThrow(UnreadableError);
});

test.each([
  ["EACCES", "Unreadable", false],
  ["ENOENT", "NotFound", false],
  ["EMFILE", "StoreFault", true],
  ["ENOSPC", "StoreFault", false],
])("%s of the system is %s here", (code, tag, retryable) => {
  const error = fileError(Object.assign(new Error(code), { code }), url("x"), "read");
  expect(error).toMatchObject({ tag, retryable, fields: { url: url("x"), code } });
});

test("a file that shrinks while it is read gives fewer bytes, and readExactly says so", async () => {
  writeFileSync(join(folder, "shrinks"), "0123456789");
  const reader = await store.open(url("shrinks"));
  truncateSync(join(folder, "shrinks"), 4);
  expect(text(await reader.read(2, 8))).toBe("23");
  expect(await reader.read(6, 8)).toHaveLength(0);
  await expect(readExactly(reader, 2, 8)).rejects.toMatchObject({
    tag: "SourceChanged",
    fields: { expected: 8, found: 4 },
  });
  const { info, readSync } = reader;
  if (readSync === undefined) throw new Error("files have readSync");
  expect(() => readExactlySync({ info, readSync }, new Uint8Array(6), 2)).toThrow(SourceChangedError);
  await reader.close();
});

test("readSync fills WebAssembly memory in place", async () => {
  await store.put(url("wasm"), bytes("0123456789"));
  // Node's types declare no Memory.
  const Memory = Reflect.get(WebAssembly, "Memory") as new (pages: { initial: number }) => { buffer: ArrayBuffer };
  const memory = new Memory({ initial: 1 });
  const reader = await store.open(url("wasm"));
  expect(reader.readSync?.(new Uint8Array(memory.buffer, 100, 4), 3)).toBe(4);
  expect(text(new Uint8Array(memory.buffer, 99, 6))).toBe("\x003456\x00");
  await reader.close();
});

test("of processes that race, one wins", async () => {
  const lib = JSON.stringify(new URL("../../lib/store/file.ts", import.meta.url).href);
  const target = JSON.stringify(url("race/x"));
  const program = `
    const { fileStore } = await import(${lib});
    await new Promise((go) => process.stdin.once("data", go));
    const put = fileStore().put(${target}, new TextEncoder().encode(String(process.pid)), { ifAbsent: true });
    process.exit(await put.then(() => 0, (error) => (error.tag === "Conflict" ? 7 : 1)));`;
  const node = ["--input-type=module", "--no-warnings", "-e", program];
  const racers = Array.from({ length: 3 }, () => spawn("node", node, { stdio: ["pipe", "ignore", "inherit"] }));
  const exits = racers.map(async (racer) => (await once(racer, "exit"))[0]);
  for (const racer of racers) racer.stdin.write("go\n");
  expect((await Promise.all(exits)).sort()).toEqual([0, 7, 7]);
  expect(readdirSync(join(folder, "race"))).toEqual(["x"]);
});

test("a failed write leaves no hidden file, and hidden files are not listed", async () => {
  mkdirSync(join(folder, "w"));
  writeFileSync(join(folder, "w/.abanico-write-1"), "half");
  mkdirSync(join(folder, "w/taken"));
  await expect(store.put(url("w/taken"), bytes("x"))).rejects.toThrow(UnreadableError);
  await store.putStream(url("w/ok"), stream("ok"));
  expect(readdirSync(join(folder, "w")).sort()).toEqual([".abanico-write-1", "ok", "taken"]);
  expect(await urls(store, url("w/"))).toEqual([url("w/ok")]);
});

test("follows links, but not in circles", async () => {
  mkdirSync(join(folder, "l/a"), { recursive: true });
  mkdirSync(join(folder, "l/b"));
  writeFileSync(join(folder, "l/a/file"), "x");
  symlinkSync(join(folder, "l/b"), join(folder, "l/a/to-b"));
  symlinkSync(join(folder, "l/a"), join(folder, "l/b/to-a"));
  symlinkSync(join(folder, "l/none"), join(folder, "l/broken"));
  symlinkSync(join(folder, "l/a/file"), join(folder, "l/link"));
  const names = (await urls(store, url("l/"))).map((found) => found.slice(url("l/").length));
  expect(names).toEqual(["a/file", "b/to-a/file", "link"]);
});
