import { mkdir, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { hashOf } from "../../callables/bundle.ts";
import { bundleSource, setBundleSource, type Bundle, type BundleSource } from "../../callables/registry.ts";
import { CallableError } from "../../errors.ts";
import { bundleKey, objectUrl } from "./keys.ts";
import { bytesAt, type Bucket } from "./run-objects.ts";

/**
 * Bundles of users' modules in a function: from the stack's bucket into the function's own folder, where they stay for as long as its environment does. Their names
 * are their contents' hashes, so that nothing here depends on a run.
 */
class BundleFiles implements BundleSource {
  readonly #bucket: Bucket;
  readonly #folder: string;
  /** By the hash that values of their classes know them by: the last that was brought. */
  readonly #files = new Map<string, string>();

  constructor(bucket: Bucket, folder: string) {
    this.#bucket = bucket;
    this.#folder = folder;
  }

  async bring(bundle: Bundle): Promise<string | undefined> {
    const { hash, cloud } = bundle;
    if (cloud === undefined) return undefined;
    const path = join(this.#folder, `${cloud}.mjs`);
    if (!existsSync(path)) await this.#download(bundle, cloud, path);
    this.#files.set(hash, path);
    return path;
  }

  brought({ hash }: Bundle): string | undefined {
    return this.#files.get(hash);
  }

  async #download(bundle: Bundle, cloud: string, path: string): Promise<void> {
    const key = bundleKey(cloud);
    const bytes = await bytesAt(this.#bucket, key);
    const found = bytes === undefined ? undefined : hashOf(bytes);
    if (bytes === undefined || found !== cloud)
      throw new CallableError(
        bytes === undefined
          ? `The bundle ${bundle.bundle} is not in the bucket, as ${key}.`
          : `The object ${key} is another than the program's bundle: its hash is ${found}.`,
        {
          fields: { ...bundle, url: objectUrl(this.#bucket, key), found },
          fix: "run the program again, so that its client puts the bundle there.",
        },
      );
    await mkdir(this.#folder, { recursive: true });
    // Whole or not at all: another call of this environment may read it.
    const part = `${path}.${crypto.randomUUID()}`;
    await writeFile(part, bytes);
    await rename(part, path);
  }
}

/** From now on this process finds users' modules in the stack's bucket. Once is enough. `folder`: default a folder of the system's temporary one. */
export function useBundlesOf(bucket: Bucket, folder = join(tmpdir(), "abanico-bundles")): void {
  if (bundleSource() === undefined) setBundleSource(new BundleFiles(bucket, folder));
}
