import { knownKeys, wrong } from "../options.ts";
import { Bag } from "./bag.ts";
import type { OnError, TextOptions } from "./nodes.ts";
import { sequenceNode, type SequenceOptions } from "./sequence.ts";
import { checkTextOptions } from "./sources-options.ts";

/** A bag of values that the program has. Anything that structured clone can copy. */
export function fromSequence<T>(values: Iterable<T>, options: SequenceOptions = {}): Bag<T> {
  if (typeof values === "string" || typeof values !== "object" || values === null || !(Symbol.iterator in values))
    throw wrong("fromSequence(…)", "an array or another iterable", values);
  return new Bag<T>(sequenceNode(values, options, "fromSequence"));
}

/** A bag of what patterns match: absolute paths of files, URLs elsewhere, a partition each, in order. Listed when the bag is run. */
export function fromGlob(pattern: string | readonly string[]): Bag<string> {
  return new Bag<string>({ kind: "glob", paths: pathsOf(pattern, "fromGlob") });
}

/**
 * A bag of the lines of text files, without their ends (LF or CRLF): paths or URLs, with wildcards as in `readCsv`. A file is cut into
 * partitions by bytes; a line belongs to the one it starts in, however long it is.
 */
export function readText(paths: string | readonly string[], options: TextOptions = {}): Bag<string> {
  return new Bag<string>({
    kind: "text",
    paths: pathsOf(paths, "readText"),
    options: checkTextOptions(options, "readText"),
  });
}

/** A bag of the values in files with a JSON text a line; blank lines are passed over. `onError` stands for bad lines, and for what follows as `bag.onError` does. */
export function readJsonLines<T = unknown>(
  paths: string | readonly string[],
  options: TextOptions & { readonly onError?: OnError } = {},
): Bag<T> {
  knownKeys(options, ["blockSize", "encodingErrors", "onError"], "readJsonLines");
  const { onError = "fail", ...text } = options;
  const node = {
    kind: "jsonLines",
    paths: pathsOf(paths, "readJsonLines"),
    options: checkTextOptions(text, "readJsonLines"),
    onError,
  } as const;
  return new Bag<T>(node).onError(onError);
}

function pathsOf(paths: string | readonly string[], what: string): readonly string[] {
  const list = typeof paths === "string" ? [paths] : paths;
  if (Array.isArray(list) && list.length > 0 && list.every((path) => typeof path === "string" && path !== ""))
    return list;
  throw wrong(`${what}(…)`, "a path, a URL, a glob or a list of them", paths);
}
