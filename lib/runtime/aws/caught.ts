import { TaskTimeoutError, WorkerDiedError, fromErrorRecord } from "../../errors.ts";
import type { Caught } from "./protocol.ts";

/** What Lambda puts into a `Cause`. */
interface Thrown {
  readonly errorType?: string;
  readonly errorMessage?: string;
  readonly trace?: readonly string[];
}

/** The error behind what Step Functions tells. `what`: as "Stage \"scan\", tasks [8, 16)", or "The run". */
export function caughtError({ Error: kind = "Unknown", Cause: cause = "" }: Caught, what: string): Error {
  const thrown = thrownIn(cause);
  const message = thrown?.errorMessage ?? cause;
  const name = thrown?.errorType ?? kind;
  const fields = { error: kind, cause: cause.slice(0, 4_000) };
  if (/timed ?out|timeout/i.test(`${kind} ${name}`) || /Task timed out after/.test(message))
    return new TaskTimeoutError(`${what} ran longer than a function may: ${message || kind}`, {
      fields,
      fix: "make the shards smaller (blockSize, chunks), or look for an endless loop.",
    });
  if (thrown === undefined || /^(Lambda|Runtime|States|Sandbox)\./.test(name))
    return new WorkerDiedError(
      `${what} took its function down, again and again: ${name}: ${message || "no cause given"}`,
      {
        fields,
        fix: /memory|signal: killed/i.test(message)
          ? "make the block or chunk size smaller, or give the function more memory."
          : "see the function's log: npx abanico logs; permissions and quotas are looked at by npx abanico doctor.",
      },
    );
  // The tag of our own errors is in their name, and their fix in their message.
  const [, fix] = /\n {2}fix: ([^\n]+)$/.exec(message) ?? [];
  return fromErrorRecord({
    tag: name.replace(/Error$/, ""),
    name,
    message,
    ...(fix === undefined ? {} : { fix }),
    ...(thrown.trace === undefined ? {} : { stack: thrown.trace.join("\n") }),
  });
}

function thrownIn(cause: string): Thrown | undefined {
  try {
    const parsed: unknown = JSON.parse(cause);
    if (typeof parsed === "object" && parsed !== null && "errorMessage" in parsed) return parsed as Thrown; // of which all keys are optional
  } catch {
    // A text for people.
  }
  return undefined;
}
