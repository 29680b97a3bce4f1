/**
 * Makes the bundles of the Lambda functions: node scripts/build-functions.ts [--outdir FOLDER]. Default: dist.
 *
 *     FOLDER/functions/<name>.mjs, chunks   what the functions' assets hold
 *     FOLDER/functions/bundle.json          { hash, version, sharp, heavy }: see `Bundle`
 *
 * All functions share one folder, since most of what one needs others need too; what only those of `HEAVY` need, the others' asset leaves out. What is loaded on
 * demand is a chunk of its own: a cold start reads few of them. The SDK's clients are inside; sharp, which is native code, lies beside the image worker
 * (cdk/image-worker.ts). Equal sources give equal bytes.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, type Metafile, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** `bundle.json`: client and stack compare the hash. */
export interface Bundle {
  /** Over all files: the first 128 bits of their SHA-256, in hex. */
  readonly hash: string;
  /** Of this package. */
  readonly version: string;
  /** Version of sharp that the image worker needs beside it. */
  readonly sharp: string;
  /** Names of the files that only the functions of `HEAVY` need. */
  readonly heavy: readonly string[];
}

const LIGHT = ["work", "collect", "start", "call", "finish", "fail"] as const;
/** These plan from, and read, what the others do not: SQL, by 3.5 MB of WebAssembly; HDF5, by 4 MB. */
const HEAVY = ["plan", "work-image"] as const;
/** Imported on demand by the code that all functions share; HDF5 without it says that it cannot be read. */
const HEAVY_LIBRARY = /(?:^|[\\/])h5wasm[\\/]/;

/** Libraries that are loaded by name at run time, synchronously: files beside the bundle, of these names. */
const REQUIRED: readonly string[] = ["acorn", "apache-arrow", "eslint-scope"];
/** The modules that load them. */
const REQUIRING = /(?:^|[\\/])lib[\\/](?:callables[\\/]parse|value-tables)\.ts$/;

/** A module by CommonJS's rules inside an ES module needs `require`. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** One file of a bundle. `path`: in its folder. */
export interface BundledFile {
  readonly path: string;
  readonly contents: Uint8Array;
}

/** `light`: what all but the functions of `HEAVY` need. */
export interface Bundled {
  readonly files: readonly BundledFile[];
  readonly light: ReadonlySet<string>;
}

/** Where a library is loaded by `createRequire`, esbuild sees nothing; these files load it from beside the bundle then. */
const requiredFromBeside: Plugin = {
  name: "required-from-beside",
  setup(plugin) {
    plugin.onLoad({ filter: REQUIRING }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text
        .replace('require(require.resolve("apache-arrow").replace(/\\.js$/, ".mjs"))', 'require("./apache-arrow.mjs")')
        .replace('load("acorn")', 'load("./acorn.mjs")')
        .replace('load("eslint-scope")', 'load("./eslint-scope.mjs")');
      if (contents === text) throw new Error(`${path} loads its libraries in another way than this script knows.`);
      return { contents, loader: "ts" };
    });
  },
};

/** The SQL parser reads its WebAssembly from a file: beside the bundle. */
const SQL_WASM = "sqlparser_rs_wasm_bg.wasm";
const sqlFromBeside: Plugin = {
  name: "sql-from-beside",
  setup(plugin) {
    plugin.onLoad({ filter: /sqlparser-ts[\\/]dist[\\/]index\.mjs$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text.replaceAll(`../wasm/${SQL_WASM}`, `./${SQL_WASM}`);
      if (contents === text)
        throw new Error(`${path} reads its WebAssembly from another place than this script knows.`);
      return { contents, loader: "js" };
    });
  },
};

/** Bundles modules into one folder, each as `<name>.mjs`, and what lies beside them. `light`: those that do without what is heavy. */
export async function bundleEntries(
  entries: Readonly<Record<string, string>>,
  light: readonly string[],
): Promise<Bundled> {
  const libraries = Object.fromEntries(REQUIRED.map((library) => [library, library]));
  const outdir = join(ROOT, "dist/functions");
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { ...entries, ...libraries },
    outdir,
    outExtension: { ".js": ".mjs" },
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    // Names stay: errors have those of their classes, and stacks in logs those of functions.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    banner: { js: BANNER },
    plugins: [requiredFromBeside, sqlFromBeside],
    external: ["sharp", "esbuild", "@viz-js/viz"],
    logLevel: "warning",
  });
  const files = outputFiles.map(({ path, contents }) => ({
    path: path.slice(outdir.length + 1),
    contents: withClassNames(contents),
  }));
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const needed = reachable(
    outputs,
    [...light, ...REQUIRED].map((name) => `${name}.mjs`),
  );
  const parsesSql = (names: Iterable<string>) =>
    [...names].some((name) =>
      Object.keys(outputs.get(name)?.inputs ?? {}).some((input) => input.includes("sqlparser-ts")),
    );
  if (!parsesSql(outputs.keys())) return { files, light: needed };
  return {
    files: [...files, { path: SQL_WASM, contents: await readFile(sqlWasm()) }],
    light: parsesSql(needed) ? new Set([...needed, SQL_WASM]) : needed,
  };
}

/** The files that are loaded from some others, at once or on demand, without what is heavy. */
function reachable(outputs: ReadonlyMap<string, Metafile["outputs"][string]>, from: readonly string[]): Set<string> {
  const found = new Set(from);
  for (const name of found)
    for (const { path, external } of outputs.get(name)?.imports ?? []) {
      const entry = outputs.get(basename(path))?.entryPoint;
      if (external !== true && (entry === undefined || !HEAVY_LIBRARY.test(entry))) found.add(basename(path));
    }
  return found;
}

function sqlWasm(): string {
  const entry = createRequire(import.meta.url).resolve("@guanmingchiu/sqlparser-ts");
  return join(dirname(entry), "../wasm", SQL_WASM);
}

/** esbuild renames classes that name themselves: they get their names back (see build.ts). */
function withClassNames(contents: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(contents);
  const named = text.replace(
    /=class _([A-Za-z]\w*)(?: extends [\w.]+)?\{/g,
    (all, name: string) => `${all}static{Object.defineProperty(this,"name",{value:"${name}",configurable:true})}`,
  );
  return new TextEncoder().encode(named);
}

/** Bundles all functions into `outdir/functions`, whole or not at all. Takes two seconds. */
export async function buildFunctions(outdir: string): Promise<Bundle> {
  const hash = createHash("sha256");
  const target = join(outdir, "functions");
  const draft = `${target}.${process.pid}.tmp`;
  await rm(draft, { recursive: true, force: true });
  const names = [...LIGHT, ...HEAVY];
  const { files, light } = await bundleEntries(
    Object.fromEntries(names.map((name) => [name, `functions/${name}.ts`])),
    LIGHT,
  );
  await mkdir(draft, { recursive: true });
  for (const { path, contents } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${path} ${contents.byteLength}\n`).update(contents);
    await writeFile(join(draft, path), contents);
  }
  const bundle: Bundle = {
    hash: hash.digest("hex").slice(0, 32),
    version: await versionOf(join(ROOT, "package.json")),
    sharp: await versionOf(join(ROOT, "node_modules/sharp/package.json")),
    heavy: files
      .map(({ path }) => path)
      .filter((path) => !light.has(path))
      .toSorted(),
  };
  await writeFile(join(draft, "bundle.json"), `${JSON.stringify(bundle)}\n`);
  await rm(target, { recursive: true, force: true });
  await rename(draft, target);
  return bundle;
}

async function versionOf(manifest: string): Promise<string> {
  // A manifest of npm, which has a version.
  return (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { outdir: { type: "string", default: join(ROOT, "dist") } } });
  await buildFunctions(values.outdir);
}
