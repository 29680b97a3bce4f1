import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import ts from "typescript";
import { afterAll, describe, expect, test } from "vitest";
import { refOf } from "../../lib/callables/describe.ts";
import type { Callable } from "../../lib/callables/reference.ts";
import { runProgram } from "./fixtures/run-program.ts";
import { scale } from "./fixtures/within/scale.ts";
import { refusal, Thread } from "./support.ts";

const thread = new Thread();
afterAll(() => thread.close());

const file = fileURLToPath(import.meta.url);
/** Outer variables. */
const k = 3;
const db = { rows: [1, 2] };

/** What a compiler's output gives: the value of `it` at its end. */
function evaluate(code: string, scope: Readonly<Record<string, unknown>> = {}): Callable {
  return new Function(...Object.keys(scope), `${code}; return it;`)(...Object.values(scope)) as Callable;
}

describe("functions that go by their source", () => {
  const factory = {
    method(x: number) {
      return x + 1;
    },
    async later(x: number) {
      return x + 2;
    },
    *each(x: number) {
      yield* [x, x];
    },
    async *slowly(x: number) {
      yield x;
    },
    [`computed ${k}`](x: number) {
      return x + 3;
    },
    get(x: number) {
      return x + 4;
    },
    async: (x: number) => x + 5,
    "quoted name"(x: number) {
      return x + 6;
    },
  };
  class Holder {
    static twice(x: number) {
      return x * 2;
    }
    #hidden(x: number) {
      return x * 3;
    }
    hidden() {
      return this.#hidden;
    }
  }
  test.each<[string, Callable, unknown[], unknown]>([
    ["arrow", (x: number) => x * 2, [4], 8],
    ["arrow that gives an object", (x: number) => ({ x }), [4], { x: 4 }],
    ["function", function (x: number) { return x - 1; }, [4], 3], // prettier-ignore
    ["recursive function", function fact(n: number): number { return n < 2 ? 1 : n * fact(n - 1); }, [5], 120], // prettier-ignore
    ["async arrow", async (x: number) => (await Promise.resolve(x)) + 1, [4], 5],
    ["generator", function* (n: number) { for (let i = 0; i < n; i++) yield i; }, [3], [0, 1, 2]], // prettier-ignore
    ["async generator", async function* (n: number) { yield n; yield await Promise.resolve(n + 1); }, [3], [3, 4]], // prettier-ignore
    ["method", factory.method, [1], 2],
    ["async method", factory.later, [1], 3],
    ["generator method", factory.each, [1], [1, 1]],
    ["async generator method", factory.slowly, [1], [1]],
    ["method of computed name", factory[`computed ${k}`], [1], 4],
    ["method called get", factory.get, [1], 5],
    ["arrow under the name async", factory.async, [1], 6],
    ["method of quoted name", factory["quoted name"], [1], 7],
    ["static method", Holder.twice, [4], 8],
    ["private method", new Holder().hidden(), [4], 12],
    [
      "defaults, rest and destructuring",
      ({ a = 1 }: { a?: number }, ...rest: number[]) => [a, rest],
      [{}, 2, 3],
      [1, [2, 3]],
    ],
    ["its own class within", (x: number) => { class Box { #v = x; get v() { return this.#v; } } return new Box().v; }, [4], 4], // prettier-ignore
    [
      "globals",
      (x: number) => Math.max(x, Number.parseInt("7"), structuredClone([1])[0], Buffer.from("a")[0]),
      [1],
      97,
    ],
    ["this of a function within", (x: number[]) => x.map(function (this: { by: number }, v) { return v * this.by; }, { by: 2 }), [[1, 2]], [2, 4]], // prettier-ignore
    // @ts-expect-error -- nothing declares it, and asking for its type is allowed
    ["typeof of what is not there", () => typeof notThere, [], "undefined"],
    ["arguments of its own", function () { return arguments.length; }, [1, 2], 2], // prettier-ignore
    ["a label, a catch, shadowing", (x: number) => { const k = x; out: for (;;) { try { throw k; } catch (e) { if (e === k) break out; } } return k; }, [4], 4], // prettier-ignore
    ["text like variables", () => "k db cov_x" + /k db/.source, [], "k db cov_xk db"],
    ["strict mode", () => { try { return delete (Object.freeze({ a: 1 }) as { a?: number }).a; } catch { return "strict"; } }, [], "strict"], // prettier-ignore
  ])("%s", async (_, fn, args, expected) => {
    expect(await thread.call(fn, ...args)).toEqual(expected);
  });

  test("sloppy code that strict code may not be", async () => {
    expect(await thread.call(evaluate("var it = function (x) { with ({ y: x }) { return 010; } }"), 1)).toBe(8);
  });

  test("imports are resolved from the user's file", async () => {
    const size = async (width: number): Promise<unknown> => {
      const { default: sharp } = await import("sharp");
      const { scale } = (await import("./fixtures/within/scale.ts")) as {
        scale: (x: number, f: { by: number }) => number;
      };
      const { width: found } = await sharp({ create: { width, height: 1, channels: 3, background: "red" } })
        .png()
        .metadata();
      return scale(found, { by: 2 });
    };
    expect(await thread.call(size, 5)).toBe(10);
  });

  test("say where they were given, once for each source", () => {
    const make = () => (x: number) => x + 0.125;
    const ref = refOf(make(), "map(…)");
    expect(ref).toMatchObject({ kind: "inline", file, name: "" });
    expect(refOf(make(), "map(…)")).toBe(ref);
  });

  test("are loaded once", async () => {
    const ref = refOf((x: number) => x + 0.25, "map(…)");
    expect((await thread.ask(ref, 1)).again).toBe(false);
    expect((await thread.ask(structuredClone(ref), 1)).again).toBe(true);
  });
});

describe("what compilers and test tools add", () => {
  test("esbuild's and tsx's __name", async () => {
    const code =
      "const it = (x) => { const inner = (y) => y + 1; function other(z) { return z * 2 } return other(inner(x)); }";
    const { code: named } = await transform(code, { keepNames: true });
    expect(named).toContain("__name(");
    expect(await thread.call(evaluate(named), 1)).toBe(4);
  });

  test("istanbul's counters", async () => {
    const counted = evaluate(
      `const it = (x) => { cov_2k9x1a().f[0]++; cov_2k9x1a().s[0]++; if (x > 1) { cov_2k9x1a().b[0][0]++; cov_2k9x1a().s[1]++; return x; } else { cov_2k9x1a().b[0][1]++; } return (cov_2k9x1a().b[1][0]++, x) || (cov_2k9x1a().b[1][1]++, 9); }`,
    );
    expect(await thread.call(counted, 0)).toBe(9);
    expect(await thread.call(counted, 2)).toBe(2);
  });

  test("Vitest's imports are told by the member", () => {
    const error = refusal((x: number) => scale(x, { by: 2 }));
    expect(error.fields["outer"]).toMatchObject([{ name: "scale", kind: "import", line: 1 }]);
    expect(error.message).toMatch(/uses scale of the place.*\n.*scale, in line 1.*\n.*imported/);
    expect(error.fix).toContain("fromModule");
  });

  test("esbuild's and TypeScript's CommonJS imports too", async () => {
    const code = 'import { add } from "./tasks.js"; export const it = (x) => add(x, 1);';
    const bundled = await build({
      stdin: { contents: code },
      format: "cjs",
      write: false,
      external: ["*"],
      bundle: true,
    });
    const scripts = [
      bundled.outputFiles[0].text,
      ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } })
        .outputText,
    ];
    for (const script of scripts) {
      expect(script).toMatch(/\(0, \w+\.add\)/);
      const module = { exports: {} as Record<string, unknown> };
      new Function("module", "exports", "require", script)(module, module.exports, () => ({}));
      expect(refusal(module.exports["it"]).fields["outer"]).toMatchObject([{ name: "add", kind: "import" }]);
    }
  });

  test("helpers for old targets are named as such", () => {
    const options = { target: ts.ScriptTarget.ES2015 };
    const { outputText } = ts.transpileModule("const it = async (x: number) => await x;", { compilerOptions: options });
    expect(refusal(evaluate(outputText)).fields["outer"]).toMatchObject([{ name: "__awaiter", kind: "helper" }]);
  });
});

describe("functions that are refused", () => {
  test("outer variables, each with its line, and the function as it should be", () => {
    const error = refusal((x: number) => x * k, "bag.map(…)");
    expect(error.fields["file"]).toMatch(/support\.ts$/);
    expect(error.fields).toMatchObject({ what: "bag.map(…)", outer: [{ name: "k", kind: "variable", line: 1 }] });
    expect(error.message).toContain("bag.map(…): the function");
    expect(error.message).toContain("k, in line 1: (x) => x * k");
    expect(error.fix).toContain("bag.map((x, k) => x * k, k)");
    expect(error.fix).toContain("fromModule(new URL(");
  });

  test("in a long function", () => {
    const error = refusal((x: number) => {
      const own = x;
      const rows = db.rows;
      return rows.length + own * k;
    });
    expect(error.fields["outer"]).toMatchObject([
      { name: "db", line: 3, text: "const rows = db.rows;" },
      { name: "k", line: 4 },
    ]);
  });

  test("a variable that the program has put into the global object", () => {
    Object.assign(globalThis, { ofTheProgram: 1 });
    expect(refusal(evaluate("const it = () => ofTheProgram")).fields["outer"]).toMatchObject([
      { name: "ofTheProgram" },
    ]);
    Reflect.deleteProperty(globalThis, "ofTheProgram");
  });

  class Named {
    override() {
      return "";
    }
  }
  class Held extends Named {
    #n = 1;
    y = 2;
    read = (o: Held) => o.#n;
    arrow = () => this.y;
    method() {
      return this.y;
    }
    over() {
      return super.override();
    }
  }
  test.each<[string, unknown, RegExp]>([
    ["itself by its variable", evaluate("const it = (n) => n < 2 ? n : it(n - 1)"), /write it as function it\(…\)/],
    ["this in an arrow", new Held().arrow, /uses this .*\n.*\n?.*where the function was written/],
    ["this in a method", Held.prototype.method, /uses this .*\n.*\n?.*loses it/],
    ["super", Held.prototype.over, /uses super/],
    ["private names", new Held().read, /uses #n .*\n.*\n?.*the class where/],
    ["import.meta", () => import.meta.dirname, /uses import\.meta/],
    ["direct eval", evaluate("const it = (x) => eval(x)"), /uses eval/],
    ["new.target of outside", evaluate("const it = (function () { return () => new.target; })()"), /new\.target/],
    [
      "arguments of outside",
      evaluate("const it = (function () { return () => arguments[0]; })()"),
      /uses arguments.*\n.*\n?.*rest parameters/,
    ],
    ["require", evaluate('const it = () => require("fs")'), /uses require.*\n.*\n?.*await import/],
    ["assignment to what is not there", evaluate("const it = () => { hits = 1; }"), /uses hits/],
    ["a class", class Sum {}, /"Sum".* is a class.*\n.*new Sum/],
    ["a built-in class", Map, /"Map".* is a class.*\n.*new Map\(x\)/],
    ["bound", (() => 1).bind(null), /made by bind.*\n.*extra arguments/],
    ["native, not reachable", "".trim, /native code.*\n.*x\.trim\(\)/],
    ["a proxy", new Proxy(() => 1, {}), /native code/],
    ["a number", 5, /expects a function, found number/],
    ["null", null, /found null/],
  ])("%s", (_, fn, message) => {
    const error = refusal(fn);
    expect(error.message).toMatch(message);
    expect(error.fix).toBeTruthy();
  });

  test("import.meta, where Vitest did not replace it", async () => {
    const source = "export const it = () => import.meta.url";
    const { it } = (await import(/* @vite-ignore */ `data:text/javascript,${source}`)) as { it: unknown };
    expect(refusal(it).message).toMatch(/uses import\.meta/);
  });
});

describe("functions that every thread has", () => {
  test.each<[string, Callable, unknown[], unknown]>([
    ["Math.sqrt", Math.sqrt, [9], 3],
    ["Number", Number, ["7"], 7],
    ["String", String, [7], "7"],
    ["Boolean", Boolean, [0], false],
    ["parseInt", parseInt, ["7a"], 7],
    ["parseFloat", parseFloat, ["0.5"], 0.5],
    ["JSON.parse", JSON.parse, ['{"a":1}'], { a: 1 }],
    ["structuredClone", structuredClone, [[1]], [1]],
    ["Array.of", Array.of, [1, 2], [1, 2]],
    ["Promise.resolve", Promise.resolve, [4], 4],
    ["encodeURIComponent", encodeURIComponent, ["ä"], "%C3%A4"],
  ])("%s", async (name, fn, args, expected) => {
    // Number.parseFloat is parseFloat.
    expect(refOf(fn, "map(…)")).toEqual({ kind: "builtin", name });
    expect(await thread.call(fn, ...args)).toEqual(expected);
  });

  test("crypto.randomUUID, which needs its object", async () => {
    expect(await thread.call(crypto.randomUUID)).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test("an error tells the user's file and line, and the line itself", async () => {
  const fn = (x: number) => {
    const y = x + 1;
    throw new RangeError(`no ${y}`); // here
  };
  const { error, line } = await thread.ask(refOf(fn, "map(…)"), 1);
  expect(error).toMatchObject({ name: "RangeError", message: "no 2", native: "RangeError" });
  expect(line).toMatch(/^throw new RangeError\(`no \$\{y\}`\);/);
  expect(error?.stack).toContain(`${file}:`);
});

test.each([0, 1])("natively, import() prints no warning of Node's, and others stay, %i threads", async (workers) => {
  const script = `import { Client } from ${JSON.stringify(new URL("../../lib/index.ts", import.meta.url).href)};
    await using client = await Client.local({ workers: ${workers}, progress: false });
    const based = client.map(async (path) => (await import("node:path")).basename(path), ["/a/b", "/a/c"]);
    console.log(...(await client.gather(based)));
    process.emitWarning("the program's own");`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  expect(stdout).toBe("b c\n");
  expect(stderr).toMatch(/^\(node:\d+\) Warning: the program's own\n\(Use [^\n]*\n$/);
});

test("natively, the line is that of the file, and imports are resolved from there", async () => {
  const text = await readFile(new URL("./fixtures/program.ts", import.meta.url), "utf8");
  const expected = text.split("\n").findIndex((line) => line.includes("// thrown here")) + 1;
  const { far, width } = runProgram();
  expect(await thread.callRef(width, 4)).toBe(8);
  const { error, line } = await thread.ask(far, 1);
  expect(error?.stack).toContain(`fixtures/program.ts:${expected}:`);
  expect(line).toContain("thrown here");
});
