import { wrong } from "../options.ts";
import { checkCsvOptions } from "./csv-options.ts";
import { DataFrame } from "./dataframe.ts";
import type { CsvOptions } from "./nodes.ts";

/**
 * A frame over CSV files: paths or URLs (`file://`, `s3://`, `memory://`), with the wildcards `*`, `**`, `?`, `[abc]`, `{a,b}`.
 * All files have the same header. Nothing is read yet.
 *
 * @throws OptionError for an option that means nothing.
 */
export function readCsv(paths: string | readonly string[], options: CsvOptions = {}): DataFrame {
  const list = typeof paths === "string" ? [paths] : paths;
  if (!Array.isArray(list) || list.length === 0 || list.some((path) => typeof path !== "string" || path === ""))
    throw wrong("readCsv(…)", "a path, a URL, a glob or a list of them", paths, 'write readCsv("data/*.csv").');
  checkCsvOptions(options);
  return new DataFrame({ kind: "csv", paths: list, options });
}
