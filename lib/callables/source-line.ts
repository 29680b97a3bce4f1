import { fileURLToPath } from "node:url";
import { lineBehind } from "./bundle-map.ts";
import { framesOf, LIBRARY, readText } from "./call-site.ts";
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
    if (frame.file === bundle) return lineBehind(frame.file, frame.line, frame.column);
    if (frame.file.startsWith(LIBRARY) || frame.file.includes("node_modules")) continue;
    return readText(frame.file)?.split("\n")[frame.line - 1];
  }
  return undefined;
}
