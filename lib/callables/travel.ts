import { CallableError } from "../errors.ts";
import { encodeValue } from "../values.ts";
import { culpritIn } from "./culprit.ts";

/** A result's bytes. @throws {CallableError} that says where in it the thing is that cannot travel. */
export function encodeResult(value: unknown, name: string): Uint8Array {
  return encoded(value, `${name}(…) returned something that cannot travel to another thread`);
}

/** An argument's bytes: as above. */
export function encodeArgument(value: unknown, what: string): Uint8Array {
  return encoded(value, `${what} was given something that cannot travel to another thread`);
}

function encoded(value: unknown, problem: string): Uint8Array {
  try {
    return encodeValue(value);
  } catch (cause) {
    const found = culpritIn(value);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallableError(`${problem}: ${found?.where ?? reason.replace(/\.$/, "")}.`, {
      cause,
      fields: { where: found?.where ?? null },
      fix: found?.fix ?? "give data: structured clone has to be able to copy it.",
    });
  }
}
