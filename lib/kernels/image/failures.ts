import { AbanicoError, CancelledError, ImageError, InternalError, OptionError, type JsonObject } from "../../errors.ts";
import type { Source } from "../../plan/plan.ts";
import { toDisplay } from "../../store/urls.ts";
import type { TaskContext } from "../kernel.ts";

/** The runtime's default: after as many attempts a passing fault is the image's. */
const ATTEMPTS = 3;

/** Whether an error is one image's, so that the others can go on. All else ends the task: a broken invariant, a cancelled run, what may pass. */
export function isOfImage(error: unknown, { signal, attempt }: TaskContext): boolean {
  if (signal.aborted || error instanceof CancelledError) return false;
  if (error instanceof InternalError || error instanceof OptionError) return false;
  return !(error instanceof AbanicoError && error.retryable && attempt < ATTEMPTS);
}

/** Where results go cannot be written to: no fault of the image, so the run fails with the cause. */
export class Unwritable extends Error {
  constructor(cause: unknown) {
    super("not written", { cause });
  }
}

/** The error with the image's name: our own as they are, those of sharp as the cause of an `ImageError`. */
export function named(
  error: unknown,
  doing: "read as an image" | "processed",
  { url, size }: Source,
  fields: JsonObject = {},
): unknown {
  if (error instanceof AbanicoError || (error instanceof Error && error.name === "AbortError")) return error;
  const reason = (error instanceof Error ? error.message : String(error)).trim().split("\n")[0];
  return new ImageError(`${toDisplay(url)} cannot be ${doing}: ${reason}.`, {
    fields: { url, bytes: size, ...fields },
    cause: error,
    fix: `correct the ${doing === "processed" ? "operation or the file" : "file"}, or pass { onError: "collect" } to readImages.`,
  });
}
