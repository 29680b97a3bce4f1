import { wrong } from "../options.ts";
import { DataFrame } from "./dataframe.ts";
import type { FileNode } from "./file-nodes.ts";
import { READERS, checkFileOptions } from "./file-options.ts";

/** The frame over files that a user named. @throws OptionError */
export function frameOfFiles(
  format: FileNode["format"],
  paths: string | readonly string[],
  options: FileNode["options"],
): DataFrame {
  const list = typeof paths === "string" ? [paths] : paths;
  if (!Array.isArray(list) || list.length === 0 || list.some((path) => typeof path !== "string" || path === ""))
    throw wrong(`${READERS[format]}(…)`, "a path, a URL, a glob or a list of them", paths);
  checkFileOptions(format, options);
  return new DataFrame({ kind: "file", format, paths: list, options } as FileNode); // format and options come from one reader
}
