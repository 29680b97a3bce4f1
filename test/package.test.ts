import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as abanico from "../lib/index.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const execute = promisify(execFile);

test("the public face", () => {
  expect(Object.keys(abanico).sort()).toMatchInlineSnapshot(`
    [
      "AbanicoError",
      "Aggregate",
      "Bag",
      "BagItem",
      "CallableError",
      "CancelledError",
      "ChunkedArray",
      "Client",
      "Collection",
      "ConflictError",
      "CostError",
      "CsvError",
      "DataFrame",
      "Delayed",
      "Expression",
      "FormatError",
      "Future",
      "GraphError",
      "GroupBy",
      "ImageError",
      "ImageResult",
      "Images",
      "InternalError",
      "MatrixError",
      "NDArray",
      "NotFoundError",
      "OptionError",
      "OverflowError",
      "PlanError",
      "PlanTooLargeError",
      "SchemaWidenedError",
      "ShapeError",
      "SourceChangedError",
      "SqlError",
      "StalledError",
      "StoreFaultError",
      "TaskError",
      "TaskTimeoutError",
      "TextError",
      "TypeMismatchError",
      "UnknownColumnError",
      "UnreadableError",
      "ValueError",
      "WorkerDiedError",
      "abs",
      "acos",
      "acosh",
      "add",
      "all",
      "and",
      "any",
      "arange",
      "argmax",
      "argmin",
      "argsort",
      "asin",
      "asinh",
      "atan",
      "atan2",
      "atanh",
      "average",
      "bincount",
      "bitAnd",
      "bitOr",
      "bitXor",
      "broadcastTo",
      "cbrt",
      "ceil",
      "clip",
      "col",
      "compute",
      "concat",
      "concatenate",
      "copysign",
      "corrcoef",
      "cos",
      "cosh",
      "countNonzero",
      "cov",
      "cumprod",
      "cumsum",
      "degrees",
      "delayed",
      "diff",
      "digitize",
      "div",
      "eq",
      "exp",
      "exp2",
      "expm1",
      "eye",
      "fft",
      "floor",
      "floorDiv",
      "fmax",
      "fmin",
      "fromArray",
      "fromErrorRecord",
      "fromFunction",
      "fromGlob",
      "fromJSON",
      "fromModule",
      "fromSequence",
      "full",
      "fullLike",
      "ge",
      "gt",
      "histogram",
      "hypot",
      "invert",
      "isclose",
      "isfinite",
      "isinf",
      "isnan",
      "le",
      "linalg",
      "linspace",
      "lit",
      "log",
      "log10",
      "log1p",
      "log2",
      "lt",
      "mapBlocks",
      "mapOverlap",
      "matmul",
      "max",
      "maximum",
      "mean",
      "median",
      "min",
      "minimum",
      "mod",
      "mul",
      "nanmax",
      "nanmean",
      "nanmin",
      "nanstd",
      "nansum",
      "nanvar",
      "ne",
      "nearestNames",
      "neg",
      "not",
      "ones",
      "onesLike",
      "or",
      "outer",
      "percentile",
      "pow",
      "prod",
      "quantile",
      "radians",
      "random",
      "readArrow",
      "readCsv",
      "readHdf5",
      "readHdf5Array",
      "readImages",
      "readJson",
      "readJsonLines",
      "readNpy",
      "readParquet",
      "readText",
      "readZarr",
      "reciprocal",
      "repeat",
      "rint",
      "roll",
      "round",
      "searchsorted",
      "shl",
      "shr",
      "sign",
      "signbit",
      "sin",
      "sinh",
      "size",
      "sort",
      "sql",
      "sqrt",
      "square",
      "stack",
      "std",
      "sub",
      "sum",
      "tan",
      "tanh",
      "taskContext",
      "tensordot",
      "tile",
      "toErrorRecord",
      "trunc",
      "unique",
      "variance",
      "when",
      "where",
      "xor",
      "zeros",
      "zerosLike",
    ]
  `);
});

describe("the package, as it would be published", () => {
  let folder: string;
  const within = (path: string) => join(folder, path);
  const run = (...args: string[]) => execute(process.execPath, args, { cwd: folder, timeout: 60_000 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "package-"));
    for (const script of ["build", "build-cdk"])
      await execute(process.execPath, [join(root, `scripts/${script}.ts`), "--outdir", within("dist")], { cwd: root });
    for (const path of [
      "package.json",
      "pipeline.schema.json",
      "stack-pipeline.schema.json",
      "lib",
      "README.md",
      "CHANGELOG.md",
      "LICENSE",
    ])
      await cp(join(root, path), within(path), { recursive: true });
    await symlink(join(root, "node_modules"), within("node_modules"));
    await writeFile(within("a.csv"), "n\n1\n2\n");
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("has every file that its manifest names", async () => {
    // Our own package.json, which has these fields.
    const manifest = JSON.parse(await readFile(within("package.json"), "utf8")) as {
      exports: Record<string, string | Record<string, string>>;
      bin: Record<string, string>;
      files: string[];
    };
    const exported = Object.values(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    for (const path of [...exported, ...Object.values(manifest.bin), ...manifest.files])
      await expect(stat(within(path)), path).resolves.toBeDefined();
  });

  test("pleases publint", async () => {
    const { messages } = await publint({ pkgDir: folder, pack: false });
    expect(messages.filter(({ type }) => type !== "suggestion")).toEqual([]);
  });

  test("computes from what was compiled, and by its command", async () => {
    const script = `import { readCsv, col } from "abanico";
      import { PLAN_VERSION } from "abanico/plan";
      import { defaultStore } from "abanico/store";
      const table = await readCsv("a.csv").agg({ s: col("n").sum() }).compute();
      console.log(table.getChild("s").get(0), PLAN_VERSION, typeof defaultStore);`;
    await writeFile(within("use.mjs"), script);
    expect((await run("use.mjs")).stdout).toBe("3n 1 function\n");
    const args = ["run", "a.csv", "--agg", "s = sum(n)", "--output", "csv", "--quiet", "--workers", "1"];
    expect((await run("dist/abanico.js", ...args)).stdout).toBe("s\n3\n");
    expect((await readFile(within("dist/abanico.js"), "utf8")).startsWith("#!/usr/bin/env node\n")).toBe(true);
  });

  test("has the construct, which says what is missing where the functions were not built", async () => {
    const script = `import { Abanico } from "abanico/cdk";
      import { Stack } from "aws-cdk-lib";
      try { new Abanico(new Stack(), "Abanico"); } catch (error) { console.log(error.message); }`;
    await writeFile(within("stack.mjs"), script);
    expect((await run("stack.mjs")).stdout).toMatch(
      /bundle\.json is not there\. Run: node scripts\/build-functions\.ts\n$/,
    );
  });

  test("loads nothing heavy with its root", async () => {
    const hooks = `import { registerHooks } from "node:module";
      registerHooks({ resolve(specifier, context, next) {
        const found = next(specifier, context);
        console.log(found.url);
        return found;
      } });`;
    await writeFile(within("hooks.mjs"), hooks);
    const { stdout } = await run("--import", "./hooks.mjs", "--input-type=module", "--eval", 'await import("abanico")');
    const loaded = stdout.trim().split("\n");
    expect(loaded.some((url) => url.endsWith("/dist/index.js"))).toBe(true);
    expect(
      loaded.filter((url) =>
        /node_modules\/(@aws-sdk|@smithy|apache-arrow|flatbuffers|aws-cdk-lib|constructs)/.test(url),
      ),
    ).toEqual([]);
  });
});

describe("tracked files", () => {
  test("hold no paths of a machine, no secrets, no registry's host", async () => {
    const { stdout } = await execute("git", ["ls-files", "-z"], { cwd: root, maxBuffer: 1 << 24 });
    const paths = stdout.split("\0").filter((path) => path !== "" && !path.startsWith("test/fixtures/"));
    const secrets = [
      /\/(home|Users|work|root)\/[a-z]/,
      /AKIA[0-9A-Z]{16}/,
      /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
      /\b(ghp|npm)_[A-Za-z0-9]{30,}/,
    ];
    const found: string[] = [];
    for (const path of paths) {
      const text = await readFile(join(root, path), "utf8").catch(() => ""); // deleted, not committed yet
      for (const secret of secrets) if (secret.test(text)) found.push(`${path}: ${secret}`);
      const hosts = path === "package-lock.json" ? [...text.matchAll(/"resolved": "https?:\/\/([^/]+)\//g)] : [];
      for (const [, host] of hosts) found.push(`${path}: ${host}`);
    }
    expect([...new Set(found)].filter((line) => !line.startsWith("test/package.test.ts"))).toEqual([]);
  });
});
