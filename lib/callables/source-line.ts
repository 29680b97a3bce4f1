import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import { framesOf, LIBRARY, readText, type Frame } from "./call-site.ts";
import { fileNameOf } from "./load.ts";
import type { CallableRef } from "./reference.ts";

/**
 * The line of the user's source at which a function threw, trimmed, for messages: "throw new RangeError(`no ${x}`);". Undefined where
 * the stack does not tell. Works on either side of a thread, since it needs only the error's stack.
 */
export function sourceLineOf(error: unknown, ref: CallableRef): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
  const line = ref.kind === "inline" ? inlineLine(error.stack, ref) : moduleLine(error.stack, ref);
  const text = line?.trim();
  return text === undefined || text === "" ? undefined : text;
}

function inlineLine(stack: string, ref: Extract<CallableRef, { kind: "inline" }>): string | undefined {
  const name = fileNameOf(ref);
  const lines = ref.source.split("\n");
  for (const frame of stack.split("\n")) {
    const at = frame.lastIndexOf(`${name}:`);
    const line = at < 0 ? NaN : Number.parseInt(frame.slice(at + name.length + 1));
    const within = line - (ref.line ?? 1);
    if (within >= 0 && within < lines.length) return lines[within];
  }
  return undefined;
}

/** The innermost frame in the user's files: in a worker, stacks have their lines; elsewhere the bundle's, which its map translates. */
function moduleLine(stack: string, ref: CallableRef): string | undefined {
  const bundle = ref.kind === "module" ? fileURLToPath(ref.bundle) : undefined;
  for (const frame of framesOf(stack)) {
    if (frame.file === bundle) return mappedLine(frame);
    if (frame.file.startsWith(LIBRARY) || frame.file.includes("node_modules")) continue;
    return readText(frame.file)?.split("\n")[frame.line - 1];
  }
  return undefined;
}

const MAP = "//# sourceMappingURL=data:application/json;base64,";

function mappedLine({ file, line, column }: Frame): string | undefined {
  try {
    const text = readFileSync(file, "utf8");
    const at = text.lastIndexOf(MAP);
    if (at < 0) return text.split("\n")[line - 1];
    // esbuild wrote it, with the sources' texts.
    const map = JSON.parse(Buffer.from(text.slice(at + MAP.length).trim(), "base64").toString("utf8")) as {
      sources: string[];
      sourcesContent: string[];
      version: number;
      mappings: string;
      names: string[];
      file: string;
      sourceRoot: string;
    };
    const entry = new SourceMap(map).findEntry(line - 1, column - 1);
    if (!("originalSource" in entry)) return undefined;
    return map.sourcesContent[map.sources.indexOf(entry.originalSource)]?.split("\n")[entry.originalLine];
  } catch {
    return undefined; // it only serves to say more in an error
  }
}
