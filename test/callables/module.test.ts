import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildBundle } from "../../lib/callables/build-bundle.ts";
import { hashOf } from "../../lib/callables/bundle.ts";
import { refOf } from "../../lib/callables/describe.ts";
import { fromModule } from "../../lib/callables/from-module.ts";
import { libraryByName, libraryByPath } from "../../lib/callables/library-paths.ts";
import { sourceLineOf } from "../../lib/callables/source-line.ts";
import { Client } from "../../lib/client/client.ts";
import { fromSequence } from "../../lib/collections/bag/sources.ts";
import { CallableError, NotFoundError } from "../../lib/errors.ts";
import type * as Tasks from "./fixtures/tasks.ts";
import { Thread } from "./support.ts";

const url = new URL("./fixtures/tasks.ts", import.meta.url);
const load = () => fromModule<typeof Tasks>(url);
let tasks: Awaited<ReturnType<typeof load>>;
let thread: Thread;

beforeAll(async () => {
  tasks = await load();
});
beforeEach(() => {
  thread = new Thread();
});
afterEach(() => thread.close());

describe("the exports of a module", () => {
  test("are there, and go by bundle, hash and name", async () => {
    expect(tasks.triple(2)).toBe(6);
    const ref = refOf(tasks.triple, "map(…)");
    expect(ref).toMatchObject({ kind: "module", name: "triple" });
    if (ref.kind !== "module") throw new Error();
    const content = await readFile(new URL(ref.bundle));
    expect(hashOf(content)).toBe(ref.hash);
    expect(ref.bundle).toMatch(new RegExp(`node_modules/\\.cache/abanico/${ref.hash}\\.mjs$`));
  });

  test("work on a thread: closures, imports, recursion, async functions, generators, state of the module", async () => {
    expect(await thread.call(tasks.triple, 5)).toBe(15);
    expect(await thread.call(tasks.fib, 15)).toBe(610);
    expect(await thread.call(tasks.packed, "text")).toBe("text");
    expect(await thread.call(tasks.upTo, 3)).toEqual([0, 1, 2]);
    expect(await thread.call(tasks.ops.half, 3)).toBe(1.5);
    expect([await thread.call(tasks.count), await thread.call(tasks.count)]).toEqual([1, 2]);
  });

  test("share one library with their worker: taskContext works in them", async () => {
    expect(await thread.call(tasks.attempt)).toBe(2);
  });

  test("know where they were written", async () => {
    expect(await thread.call(tasks.here)).toBe(url.href);
  });

  test("may be wrapped, as delayed does it", async () => {
    expect(await thread.call(tasks.wrapped, 1)).toBe(2);
    // A wrapper of an inline function: what it carries goes.
    const wrapper = Object.assign(() => 0, { [Symbol.for("abanico.raw")]: (x: number) => x + 2 });
    expect(refOf(wrapper, "map(…)")).toMatchObject({ kind: "inline", source: "(x) => x + 2" });
  });

  test("load once more as the same, from a path beside the caller too", async () => {
    expect((await load()).triple).toBe(tasks.triple);
    expect((await fromModule<typeof tasks>("./fixtures/tasks.ts")).triple).toBe(tasks.triple);
    expect((await fromModule<typeof tasks>(fileURLToPath(url))).triple).toBe(tasks.triple);
  });

  test("classes come back as instances, wherever they lie", async () => {
    const point = await thread.call(tasks.point, 3, 4);
    expect(point).toBeInstanceOf(tasks.Point);
    expect((point as InstanceType<typeof tasks.Point>).length).toBe(5);
    // The thread has not loaded the module when it reads the argument.
    const fresh = new Thread();
    expect(await fresh.call(tasks.lengthOf, new tasks.Point(6, 8))).toBe(10);
    await fresh.close();
    const identity = (value: unknown) => value;
    const shared = new tasks.Point(1, 1);
    const labelled = Object.assign(new tasks.Labelled([["a", 1]]), { label: "L" });
    const back = (await thread.call(identity, { a: [shared], b: new Map([[shared, shared]]), labelled })) as {
      a: [object];
      b: Map<object, object>;
      labelled: InstanceType<typeof tasks.Labelled>;
    };
    expect(back.a[0]).toBeInstanceOf(tasks.Point);
    expect(back.b.get(back.a[0])).toBe(back.a[0]);
    expect(back.labelled).toBeInstanceOf(tasks.Labelled);
    expect([back.labelled.label, back.labelled.get("a")]).toEqual(["L", 1]);
  });

  test("an instance with private members is refused by name", async () => {
    await expect(thread.call((x: unknown) => x, new tasks.Secret())).rejects.toThrow(
      /Secret could not be cloned.*#code/,
    );
  });

  test("errors come back as instances of their class, with fields, stack and source line", async () => {
    const ref = refOf(tasks.refuse, "map(…)");
    const error: unknown = await thread.callRef(ref, 9).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(tasks.OutOfRangeError);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: "OutOfRangeError", message: "not beyond 9", limit: 9, hint: "at most 9" });
    // The user's file, not the bundle.
    expect((error as Error).stack).toContain("fixtures/tasks.ts:");
    const { line } = await thread.ask(ref, 9);
    expect(line).toBe("throw new OutOfRangeError(limit);");
    try {
      tasks.refuse(1);
    } catch (thrown) {
      expect(sourceLineOf(thrown, ref)).toBe("throw new OutOfRangeError(limit);");
    }
  });
});

describe("bundles", () => {
  let folder: string;
  const within = (path: string) => join(folder, path);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "modules-"));
  });
  afterEach(async () => {
    await chmod(folder, 0o700);
    await rm(folder, { recursive: true, force: true });
  });

  test("another content is refused in one line", async () => {
    await mkdir(within("node_modules"));
    await writeFile(within("t.ts"), "export const one = (): number => 1;");
    const { one } = await fromModule<{ one: () => number }>(within("t.ts"));
    const ref = refOf(one, "map(…)");
    if (ref.kind !== "module") throw new Error();
    expect(ref.bundle.startsWith(pathToFileURL(within("node_modules/.cache/abanico/")).href)).toBe(true);
    const changed = "export const one = () => 2;";
    await writeFile(new URL(ref.bundle), changed);
    const error = await thread.callRef(ref).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CallableError);
    expect(error).toMatchObject({ fields: { expected: ref.hash, found: hashOf(changed) } });
    expect((error as CallableError).fix).toMatch(/^run the program again[^\n]*$/);
    // A run of the program mends it.
    await fromModule(within("t.ts"));
    expect(await thread.callRef(ref)).toBe(1);
    await rm(new URL(ref.bundle));
    const other = new Thread();
    await expect(other.callRef(ref)).rejects.toThrow(/cannot be read here/);
    await expect(thread.callRef({ ...ref, name: "two" })).rejects.toThrow(/"two".* is not there/);
    await other.close();
    expect(await readdir(within("node_modules/.cache/abanico"))).toEqual([]);
  });

  test("packages are imported from beside; without a node_modules they are inside", async () => {
    await mkdir(within("node_modules/dep"), { recursive: true });
    await writeFile(within("node_modules/dep/package.json"), '{ "name": "dep", "main": "i.js" }');
    await writeFile(within("node_modules/dep/i.js"), 'exports.name = require("node:path").basename("/a/dep");');
    await writeFile(within("t.ts"), 'import { name } from "dep";\nexport const it = (): string => name;');
    const beside = await fromModule<{ it: () => string }>(within("t.ts"));
    expect(await thread.call(beside.it)).toBe("dep");
    const text = await buildBundle(within("t.ts"), folder, "anywhere");
    await rm(within("node_modules"), { recursive: true });
    await writeFile(within("inside.mjs"), text);
    const script = `import(${JSON.stringify(within("inside.mjs"))}).then((m) => console.log(m.it()))`;
    expect(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" })).toBe("dep\n");
  });

  test.each([
    ["a package", 'import { x } from "no-such-package";', "no-such-package"],
    ["a file of one in a scope", 'import x from "@no-such/package/deep.js";', "@no-such/package"],
    ["one that is imported later on", 'const x = await import("no-such-package");', "no-such-package"],
  ])("%s that is not installed is told by the file that imports it", async (_, line, name) => {
    await mkdir(within("node_modules"));
    await writeFile(within("helper.ts"), `// ${"helps"}\n${line}\nexport const help = () => x;`);
    await writeFile(within("t.ts"), 'import { help } from "./helper.ts";\nexport const it = () => help();');
    const error = await fromModule(within("t.ts")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CallableError);
    expect(error).toMatchObject({ fields: { package: name, file: within("helper.ts"), line: 2 } });
    expect((error as Error).message).toBe(
      `${within("helper.ts")}:2 imports the package "${name}", which is not installed here.\n` +
        `  fix: install it beside that file: npm install ${name}.`,
    );
  });

  test("an import within a function that finds nothing is told by the file that imports it", async () => {
    await mkdir(within("node_modules"));
    await writeFile(within("helper.ts"), '// helps\n\nexport const help = () => import("no-such-package/deep.js");');
    await writeFile(
      within("t.ts"),
      'import { help } from "./helper.ts";\nexport const it = () => help();\nexport const at = (path: string) => import(path);',
    );
    const { it, at } = await fromModule<Record<"it" | "at", (path: string) => unknown>>(within("t.ts"));
    await using client = await Client.local({ workers: 1, progress: false });
    const found = async (run: PromiseLike<unknown>) => Promise.resolve(run).catch((thrown: unknown) => thrown);
    const place = `Cannot find package 'no-such-package' imported from ${within("helper.ts")}:3`;
    const error = await found(client.submit(it, ""));
    expect(error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND", message: place });
    expect((error as Error).stack).toContain(place);
    const inBag = await found(client.compute(fromSequence(["a"]).map(it)));
    expect(inBag).toMatchObject({ tag: "Task", cause: { message: place } });
    expect((inBag as Error).message).toContain(place);
    // Where the program puts the name together, its file is all there is to say.
    const other = await found(client.submit(at, "no-such-other"));
    expect(other).toMatchObject({ message: `Cannot find package 'no-such-other' imported from ${within("t.ts")}` });
  });

  test("what throws when it is loaded is told by the module's name", async () => {
    await mkdir(within("node_modules"));
    await writeFile(within("t.ts"), 'throw new TypeError("at the top"); export const a = 1;');
    await expect(fromModule(within("t.ts"))).rejects.toThrow(`The module ${within("t.ts")} failed while it was loaded`);
  });

  test("stacks name the source also where node_modules is a link to another place", async () => {
    await mkdir(within("elsewhere/deep/node_modules"), { recursive: true });
    await mkdir(within("project/src"), { recursive: true });
    await symlink(within("elsewhere/deep/node_modules"), within("project/node_modules"));
    await writeFile(
      within("outside.ts"),
      "export const check = (x: number): never => {\n  throw new RangeError(`no ${x}`);\n};",
    );
    const text = 'import { check } from "../../outside.ts";\nexport const it = (x: number) => check(x);';
    await writeFile(within("project/src/t.ts"), text);
    const { it } = await fromModule<{ it: (x: number) => never }>(within("project/src/t.ts"));
    const { error, line } = await thread.ask(refOf(it, "map(…)"), 3);
    expect(error?.stack).toContain(`${within("outside.ts")}:2`);
    expect(error?.stack).toContain(`${within("project/src/t.ts")}:2`);
    expect(line).toBe("throw new RangeError(`no ${x}`);");
  });

  test("native packages are imported from where they are installed", async () => {
    await mkdir(within("node_modules"));
    const sharp = join(createRequire(import.meta.url).resolve("sharp"), "../..");
    await symlink(sharp, within("node_modules/sharp"));
    await writeFile(within("t.ts"), 'import sharp from "sharp";\nexport const it = () => typeof sharp;');
    expect(await buildBundle(within("t.ts"), folder, "anywhere")).toMatch(/import sharp from "file:.*sharp/);
    expect(await buildBundle(within("t.ts"), folder, "beside")).toContain('import sharp from "sharp"');
  });

  test("where no node_modules can be written to, the temporary folder is", async () => {
    await writeFile(within("t.ts"), "export const it = (x: number): number => x * 7;");
    // A file where the folder should be: nobody can write into that, whatever rights they have.
    await mkdir(within("node_modules"));
    await writeFile(within("node_modules/.cache"), "");
    const { it } = await fromModule<{ it: (x: number) => number }>(within("t.ts"));
    const ref = refOf(it, "map(…)");
    expect(ref.kind === "module" && fileURLToPath(ref.bundle)).toMatch(/abanico-[0-9a-f]{8}[/\\][0-9a-f]{32}\.mjs$/);
    expect(await thread.call(it, 2)).toBe(14);
  });

  test("two programs at once write one whole bundle", async () => {
    await mkdir(within("node_modules"));
    await writeFile(within("t.ts"), "export const it = (): number => 5;");
    const loaded = await Promise.all(Array.from({ length: 8 }, () => fromModule<{ it: () => number }>(within("t.ts"))));
    expect(new Set(loaded.map(({ it }) => it)).size).toBe(1);
    expect(await readdir(within("node_modules/.cache/abanico"))).toHaveLength(1);
  });

  test.each<[string, string, string, object]>([
    [
      "a syntax error",
      "t.ts",
      "export const a = 1;\nexport const b = ;",
      { line: 2, column: 17, lineText: "export const b = ;" },
    ],
    ["an import that is not there", "t.ts", 'import { x } from "./nowhere.ts";\nexport const y = x;', { line: 1 }],
    ["what throws when it is loaded", "t.ts", 'throw new TypeError("at the top"); export const a = 1;', {}],
    ["what exports nothing", "t.ts", "const a = 1; void a;", {}],
    ["what is no module", "t.csv", "a,b", {}],
  ])("%s", async (_, name, text, fields) => {
    await writeFile(within(name), text);
    const error = await fromModule(within(name)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CallableError);
    expect(error).toMatchObject({ fields, fix: expect.any(String) as string });
    expect((error as Error).message).toMatch(/nowhere|at the top|Unexpected ";"|exports nothing|no module of/);
  });

  test("a folder, a URL of the web, and what is not there", async () => {
    await expect(fromModule(folder)).rejects.toThrow(/a folder, not a module/);
    await expect(fromModule("https://example.com/t.js")).rejects.toThrow(/has to be a file/);
    await expect(fromModule(within("none.ts"))).rejects.toThrow(NotFoundError);
  });

  test("both ways to name this library mean the copy that runs", async () => {
    const root = new URL("../../", import.meta.url);
    const index = new URL("lib/index.ts", root).href;
    expect(libraryByName("abanico")).toBe(index);
    expect(libraryByName("abanico/store")).toBe(new URL("lib/store/index.ts", root).href);
    expect(libraryByPath(fileURLToPath(new URL("dist/index.js", root)))).toBe(index);
    expect(libraryByPath(fileURLToPath(new URL("test/setup.ts", root)))).toBe(undefined);
    await cp(fileURLToPath(url), within("t.ts"));
    await writeFile(
      within("t.ts"),
      'import { CallableError } from "abanico";\nexport const it = () => CallableError.name;',
    );
    expect(await buildBundle(within("t.ts"), folder, "beside")).toContain(`from "${index}"`);
    const { it } = await fromModule<{ it: () => string }>(within("t.ts"));
    expect(await thread.call(it)).toBe("CallableError");
  });
});

afterAll(() => thread.close());
