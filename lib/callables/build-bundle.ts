import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuildFailure, BuildOptions, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { CallableError } from "../errors.ts";
import { libraryByName, libraryByPath } from "./library-paths.ts";

/**
 * Where a bundle's imports of packages lead. `beside`: it lies in a node_modules and finds them there. `anywhere`: it has them inside, but for this library
 * and what holds native code, which are where they are installed. `cloud`: for another machine: it has this library inside, too.
 */
export type Packages = "beside" | "anywhere" | "cloud";

/** They hold native code, which no bundle can. */
const NATIVE = ["sharp", "esbuild"];
const MARK = "abanico-resolved";

/**
 * A module and all it imports as the text of one ES module, to be kept in `folder`.
 *
 * @throws {CallableError} with esbuild's message and the location: `fields` file, line (from 1), column (from 0), lineText.
 */
export async function buildBundle(entry: string, folder: string, packages: Packages): Promise<string> {
  // Loaded when it is needed: it starts a process.
  const { build } = await import("esbuild");
  try {
    const { outputFiles } = await build(optionsFor(entry, folder, packages));
    return outputFiles[0].text;
  } catch (cause) {
    throw isBuildFailure(cause) ? buildError(entry, cause) : cause;
  }
}

function optionsFor(entry: string, folder: string, packages: Packages): BuildOptions & { write: false } {
  return {
    entryPoints: [entry],
    absWorkingDir: dirname(entry),
    // Not written by esbuild; its map names the sources as seen from there. With the root they stay where they are, also where
    // the folder is a link to another place, as those of package managers are.
    outfile: join(folder, "bundle.mjs"),
    sourceRoot: pathToFileURL(join(folder, "/")).href,
    write: false,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    sourcemap: "inline",
    logLevel: "silent",
    packages: packages === "beside" ? "external" : "bundle",
    plugins: pluginsFor(packages),
    ...(packages === "cloud" ? { external: [...NATIVE, "@aws-sdk/*", "h5wasm"] } : {}),
    // CommonJS packages inside an ES module call require for what Node has.
    ...(packages === "beside" ? {} : { banner: { js: REQUIRE } }),
  };
}

function pluginsFor(packages: Packages): Plugin[] {
  if (packages === "cloud") return [ownSourcePlugin, placePlugin];
  return packages === "beside" ? [libraryPlugin, placePlugin] : [libraryPlugin, nativePlugin, placePlugin];
}

const REQUIRE =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** Imports of this library are those of the copy that runs. */
const libraryPlugin: Plugin = {
  name: "abanico",
  setup(build) {
    build.onResolve({ filter: /^abanico($|\/)/ }, ({ path }) => external(libraryByName(path)));
    build.onResolve({ filter: /^(\.|\/|file:)/ }, async (args) => {
      if (args.kind === "entry-point" || args.pluginData === MARK) return undefined;
      const { path, errors } = await resolveAgain(build, args);
      return errors.length > 0 ? undefined : external(libraryByPath(path));
    });
  },
};

/** Bare imports of this library bring the copy that runs into the bundle: a thread may hold two (registry.ts). */
const ownSourcePlugin: Plugin = {
  name: "abanico inside",
  setup(build) {
    build.onResolve({ filter: /^abanico($|\/)/ }, ({ path }) => {
      const url = libraryByName(path);
      return url === undefined ? undefined : { path: fileURLToPath(url) };
    });
  },
};

/** Packages with native code are imported from where they are installed, by URL. */
const nativePlugin: Plugin = {
  name: "native packages",
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(${NATIVE.join("|")})($|/)`) }, async (args) => {
      if (args.pluginData === MARK) return undefined;
      const { path, errors } = await resolveAgain(build, args);
      return errors.length > 0 ? { path: args.path, external: true } : external(pathToFileURL(path).href);
    });
  },
};

/** `import.meta.url` is the file that says it, not the bundle: `new URL("./words.txt", import.meta.url)` finds what lies beside it. */
const placePlugin: Plugin = {
  name: "import.meta",
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!/\bimport\.meta\.(url|filename|dirname)\b/.test(text)) return undefined;
      const places = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) };
      const placed = text.replace(/\bimport\.meta\.(url|filename|dirname)\b/g, (_, key: keyof typeof places) =>
        JSON.stringify(places[key]),
      );
      const kind = /\.[cm]?([jt]sx?)$/.exec(path)?.[1] ?? "js";
      // The filter lets only these extensions pass.
      return { contents: placed, loader: kind as "js" | "jsx" | "ts" | "tsx", resolveDir: dirname(path) };
    });
  },
};

function resolveAgain(build: PluginBuild, { path, kind, importer, resolveDir }: OnResolveArgs) {
  return build.resolve(path, { kind, importer, resolveDir, pluginData: MARK });
}

function external(url: string | undefined): OnResolveResult | undefined {
  return url === undefined ? undefined : { path: url, external: true };
}

function isBuildFailure(cause: unknown): cause is BuildFailure {
  return cause instanceof Error && "errors" in cause && Array.isArray(cause.errors);
}

function buildError(entry: string, failure: BuildFailure): CallableError {
  const [first] = failure.errors;
  const { file, line, column, lineText } = first?.location ?? {};
  const at = file === undefined ? entry : `${file}:${line}:${column}`;
  const more = failure.errors.length > 1 ? `\n  and ${failure.errors.length - 1} more` : "";
  const shown = lineText === undefined ? "" : `\n  ${lineText.trim()}`;
  return new CallableError(
    `The module ${entry} cannot be bundled: ${first?.text ?? failure.message}\n  at ${at}${shown}${more}`,
    {
      fields: { module: entry, file, line, column, lineText, text: first?.text },
      fix: "correct it, so that it compiles by itself.",
      cause: failure,
    },
  );
}
