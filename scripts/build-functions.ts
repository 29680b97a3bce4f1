/**
 * Makes the bundles of the Lambda functions: node scripts/build-functions.ts [--outdir FOLDER]. Default: dist.
 *
 *     FOLDER/functions/<name>/index.mjs, chunks   what the function's asset holds
 *     FOLDER/functions/bundle.json                { hash, version, sharp }: see `Bundle`
 *
 * Each function is a folder of its own, so that none carries what another needs. What is loaded on demand is a chunk of its own: a cold start reads
 * few of them. The SDK's clients are inside; sharp, which is native code, lies beside the image worker (cdk/image-worker.ts). Equal sources give equal
 * bytes.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** `bundle.json`: client and stack compare the hash. */
export interface Bundle {
  /** Over all files of all functions: the first 128 bits of their SHA-256, in hex. */
  readonly hash: string;
  /** Of this package. */
  readonly version: string;
  /** Version of sharp that the image worker needs beside it. */
  readonly sharp: string;
}

/** What a function has inside besides its own modules. */
export interface Contents {
  /** HDF5 is read by 4 MB of WebAssembly, which would be most of the worker for frames and arrays; the image worker has it instead. */
  readonly hdf5: boolean;
  /** Whether it reads values and functions of users, which takes `REQUIRED`. */
  readonly values: boolean;
}

const FUNCTIONS: Readonly<Record<string, Contents>> = {
  plan: { hdf5: true, values: true },
  work: { hdf5: false, values: true },
  "work-image": { hdf5: true, values: true },
  collect: { hdf5: false, values: true },
  start: { hdf5: false, values: true },
  call: { hdf5: false, values: true },
  finish: { hdf5: false, values: true },
  fail: { hdf5: false, values: false },
};

/** Libraries that are loaded by name at run time, synchronously: files beside the bundle, of these names. */
const REQUIRED: readonly string[] = ["acorn", "apache-arrow", "eslint-scope"];
/** The modules that load them. */
const REQUIRING = /(?:^|[\\/])lib[\\/](?:callables[\\/]parse|value-tables)\.ts$/;

/** A module by CommonJS's rules inside an ES module needs `require`. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** One file of a function's bundle. `path`: in its folder. */
export interface BundledFile {
  readonly path: string;
  readonly contents: Uint8Array;
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

/** Bundles one module as a function: `index.mjs`, and what lies beside it. @throws Error where `values` is not what the module needs */
export async function bundleEntry(entry: string, { hdf5, values }: Contents): Promise<readonly BundledFile[]> {
  const libraries = values ? REQUIRED.map((library) => [library, library]) : [];
  const outdir = join(ROOT, "dist/functions");
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { index: entry, ...Object.fromEntries(libraries) },
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
    external: ["sharp", "esbuild", "@viz-js/viz", ...(hdf5 ? [] : ["h5wasm"])],
    logLevel: "warning",
  });
  const files = outputFiles.map(({ path, contents }) => ({
    path: path.slice(outdir.length + 1),
    contents: withClassNames(contents),
  }));
  const inputs = Object.keys(metafile.inputs);
  if (inputs.some((input) => REQUIRING.test(input)) !== values)
    throw new Error(`${entry} has to be bundled with values: ${!values}.`);
  const parsesSql = inputs.some((input) => input.includes("sqlparser-ts"));
  return parsesSql ? [...files, { path: SQL_WASM, contents: await readFile(sqlWasm()) }] : files;
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
  const bundles = await Promise.all(
    Object.entries(FUNCTIONS).map(async ([name, contents]) => ({
      name,
      files: await bundleEntry(`functions/${name}.ts`, contents),
    })),
  );
  for (const { name, files } of bundles) {
    await mkdir(join(draft, name), { recursive: true });
    for (const { path, contents } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      hash.update(`${name}/${path} ${contents.byteLength}\n`).update(contents);
      await writeFile(join(draft, name, path), contents);
    }
  }
  const bundle: Bundle = {
    hash: hash.digest("hex").slice(0, 32),
    version: await versionOf(join(ROOT, "package.json")),
    sharp: await versionOf(join(ROOT, "node_modules/sharp/package.json")),
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
