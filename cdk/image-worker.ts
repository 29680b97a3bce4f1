import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Bundles } from "./bundles.ts";

/** Lambda on Graviton, with the C library of Amazon Linux: whatever machine deploys. */
const PLATFORM = ["--os=linux", "--cpu=arm64", "--libc=glibc"];

/** A file that is there once sharp can be loaded on the platform above, in `node_modules`. */
export const ARM64_BINARY = "@img/sharp-linux-arm64/package.json";

/**
 * The folder of the image worker as it is deployed: its bundle, and sharp for linux-arm64, which npm fetches when it has not before. `cache`: a folder that
 * is kept between deployments. @throws Error where npm cannot reach its registry.
 */
export function stageImageWorker(bundles: Bundles, cache: string): string {
  const { hash, sharp } = bundles.facts;
  const staged = join(cache, `work-image-${hash}-${sharp}`);
  if (existsSync(staged)) return staged;
  const modules = join(sharpForLambda(sharp, cache), "node_modules");
  const draft = `${staged}.${process.pid}.tmp`;
  const without = new Set(bundles.without("work-image"));
  cpSync(bundles.folder, draft, { recursive: true, filter: (path) => !without.has(basename(path)) });
  cpSync(modules, join(draft, "node_modules"), { recursive: true });
  settle(draft, staged);
  forgetOlder(cache);
  return staged;
}

/** What was staged for other versions, 20 MB each, unless another deployment may be at it. */
function forgetOlder(cache: string): void {
  const yesterday = Date.now() - 86_400_000;
  for (const name of readdirSync(cache)) {
    const place = join(cache, name);
    if (name.startsWith("work-image-") && statSync(place).mtimeMs < yesterday)
      rmSync(place, { recursive: true, force: true });
  }
}

function sharpForLambda(version: string, cache: string): string {
  const place = join(cache, `sharp-${version}-linux-arm64`);
  if (existsSync(place)) return place;
  const draft = `${place}.${process.pid}.tmp`;
  mkdirSync(draft, { recursive: true });
  const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  const npm = npmCommand();
  try {
    execFileSync(npm.file, [...npm.args, ...args, "--prefix", draft, ...PLATFORM, `sharp@${version}`], {
      cwd: draft,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 300_000,
    });
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    throw new Error(
      `npm could not fetch sharp@${version} for linux-arm64. Deploy where npm reaches its registry, or without the image worker (imageWorker: false).`,
      { cause },
    );
  }
  if (!existsSync(join(draft, "node_modules", ARM64_BINARY)))
    throw new Error(`npm has not installed ${ARM64_BINARY}: it needs npm 10.4 or newer for --os, --cpu and --libc.`);
  for (const name of [".package-lock.json", ".bin"])
    rmSync(join(draft, "node_modules", name), { recursive: true, force: true });
  settle(draft, place);
  return place;
}

/** Two that make the same at once: the first one's stays. */
function settle(draft: string, place: string): void {
  try {
    renameSync(draft, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
}

/** npm of the Node that runs this, where it came with one; otherwise the one on the path. */
function npmCommand(): { readonly file: string; readonly args: readonly string[] } {
  const beside = join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");
  if (existsSync(beside)) return { file: process.execPath, args: [beside] };
  return { file: process.platform === "win32" ? "npm.cmd" : "npm", args: [] };
}

/** Where what npm fetched is kept: with the other caches of the project that deploys. */
export function defaultCache(): string {
  return join(process.cwd(), "node_modules/.cache/abanico-cdk");
}
