import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset, File, Group } from "h5wasm/node";
import { AbanicoError, FormatError } from "../../errors.ts";
import type { Source } from "../../plan/plan.ts";
import { readExactly } from "../../store/read-exactly.ts";
import type { Store } from "../../store/store.ts";
import { filePath, schemeOf } from "../../store/urls.ts";

/** Loads h5wasm, which most installations do without. @throws FormatError that says how to install it. */
async function loadHdf5(url: string) {
  try {
    const library = await import("h5wasm/node");
    await library.ready;
    return library;
  } catch (cause) {
    throw new FormatError(`${url} is read by h5wasm, which cannot be loaded.`, {
      fields: { url, format: "hdf5" },
      cause,
      fix: "install it: npm install h5wasm",
    });
  }
}

/**
 * Opens a file for `use`. HDF5 reads it in place where it is on this machine; any other is copied to a folder for temporary files meanwhile.
 *
 * @throws FormatError for a file that is no HDF5, or was cut off.
 */
export async function withHdf5<T>(
  { url, size, etag }: Source,
  store: Store,
  signal: AbortSignal | undefined,
  use: (file: File, library: Awaited<ReturnType<typeof loadHdf5>>) => T | Promise<T>,
): Promise<T> {
  const options = signal === undefined ? { etag } : { etag, signal };
  const reader = await store.open(url, options);
  let folder: string | undefined;
  let file: File | undefined;
  try {
    refuseOthers(await readExactly(reader, 0, Math.min(size, 96), signal), url, size);
    const library = await loadHdf5(url);
    let path: string;
    if (schemeOf(url) === "file") path = filePath(url);
    else {
      folder = await mkdtemp(join(tmpdir(), "abanico-hdf5-"));
      path = join(folder, "file.h5");
      await writeFile(path, await readExactly(reader, 0, size, signal));
    }
    file = new library.File(path, "r");
    return await use(file, library);
  } catch (error) {
    throw error instanceof AbanicoError
      ? error
      : damaged(url, error instanceof Error ? error.message : String(error), error);
  } finally {
    file?.close();
    await reader.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

const SIGNATURE = "\x89HDF\r\n\x1a\n";

/** Before HDF5 sees the file: it would say on standard error what is wrong with it. */
function refuseOthers(head: Uint8Array, url: string, size: number): void {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (bytes.subarray(0, 8).toString("latin1") !== SIGNATURE)
    throw damaged(url, "it does not begin with the signature of HDF5");
  const version = bytes[8];
  const at = version >= 2 ? 28 : version === 1 ? 44 : 40;
  const isWide = bytes[version >= 2 ? 9 : 13] === 8;
  if (!isWide || bytes.length < at + 8) return;
  const end = Number(bytes.readBigUInt64LE(at));
  if (end > size) throw damaged(url, `it has ${size} bytes, and says that it has ${end}: it was cut off`);
}

function damaged(url: string, why: string, cause?: unknown): FormatError {
  return new FormatError(`${url} cannot be read as HDF5: ${why}.`, {
    fields: { url, format: "hdf5" },
    ...(cause === undefined ? {} : { cause }),
    fix: "leave the file out if it is of another format; if it was cut off or damaged, fetch or write it again.",
  });
}

/** A dataset or group of a file. @throws FormatError that names what there is. */
export function entityOf(file: File, path: string, url: string): Dataset | Group {
  const found = file.get(path);
  if (isA<Dataset>(found, "Dataset") || isA<Group>(found, "Group")) return found;
  const there = file.paths().map((one) => `/${one.replace(/^\//, "")}`);
  throw new FormatError(
    `${url} has no dataset or group ${JSON.stringify(path)}; there are ${there.slice(0, 20).join(", ") || "none"}.`,
    { fields: { url, format: "hdf5", dataset: path }, fix: "name one of those: readHdf5(…, { dataset: … })." },
  );
}

/** What an entry of a file is: the library's classes tell by their type, and links to nowhere have none. */
export function isA<T extends Dataset | Group>(
  entity: unknown,
  type: T extends Dataset ? "Dataset" : "Group",
): entity is T {
  return typeof entity === "object" && entity !== null && "type" in entity && entity.type === type;
}
