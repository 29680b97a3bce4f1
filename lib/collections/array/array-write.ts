import { OptionError } from "../../errors.ts";
import { knownKeys } from "../options.ts";

export interface WriteArrayOptions {
  /** Whether what is there may be replaced. Default false: that is a `ConflictError`. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}
export interface WriteZarrOptions extends WriteArrayOptions {
  /** Of Zarr's format. Default 3. */
  readonly version?: 2 | 3;
  /** Default "none". */
  readonly compression?: "none" | "gzip";
}

/** What was written. */
export interface WrittenArray {
  /** Path of a file or folder, URL of anything else. */
  readonly path: string;
  /** Of all elements as stored. */
  readonly bytes: number;
}

/** What is written, and where to. */
export interface ArrayWrite {
  readonly format: "npy" | "zarr";
  readonly path: string;
  readonly overwrite: boolean;
  readonly version?: 2 | 3;
  readonly compression?: "none" | "gzip";
}

/** Of two targets, the one of arrays. */
export function isArrayWrite(write: { readonly format: string }): write is ArrayWrite {
  return write.format === "npy" || write.format === "zarr";
}

/** @throws OptionError */
export function arrayWrite(format: ArrayWrite["format"], path: string, options: WriteZarrOptions): ArrayWrite {
  const what = format === "npy" ? "writeNpy(…)" : "writeZarr(…)";
  knownKeys(
    options,
    format === "npy" ? ["overwrite", "signal"] : ["overwrite", "signal", "version", "compression"],
    what,
  );
  if (typeof path !== "string" || path === "")
    throw new OptionError(`${what} expects a path or URL.`, { fix: `as "x.${format}".` });
  const { overwrite = false, version = 3, compression = "none" } = options;
  if (typeof overwrite !== "boolean")
    throw new OptionError(`${what}: overwrite expects true or false; found ${String(overwrite)}.`, {
      fix: "leave it out for false.",
    });
  if (version !== 2 && version !== 3)
    throw new OptionError(`${what}: version expects 2 or 3; found ${String(version)}.`, { fix: "leave it out for 3." });
  if (compression !== "none" && compression !== "gzip")
    throw new OptionError(`${what}: compression expects "none" or "gzip"; found ${String(compression)}.`, {
      fix: "leave it out for none.",
    });
  return { format, path, overwrite, ...(format === "zarr" ? { version, compression } : {}) };
}
