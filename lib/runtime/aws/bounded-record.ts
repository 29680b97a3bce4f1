import type { ErrorRecord } from "../../errors.ts";

/** A message or an answer with other things in it has room for this, in bytes of JSON. */
const MOST_BYTES = 256 * 1024;
/** What a record that is larger keeps of each text, in UTF-16 code units, and of how many errors and fields. */
const TEXT_UNITS = 4_000;
const MOST_ERRORS = 4;
const MOST_FIELDS = 40;
const MOST_CAUSES = 4;

/** The record itself where it is small; otherwise what says most of it. An error may hold a document, or hundreds of others. */
export function boundedRecord(record: ErrorRecord): ErrorRecord {
  return Buffer.byteLength(JSON.stringify(record)) <= MOST_BYTES ? record : cut(record, 0);
}

function cut({ cause, errors, fields, message, stack, fix, name, ...rest }: ErrorRecord, depth: number): ErrorRecord {
  return {
    ...rest,
    name: shorten(name),
    message: shorten(message),
    ...(stack === undefined ? {} : { stack: shorten(stack) }),
    ...(fix === undefined ? {} : { fix: shorten(fix) }),
    ...(fields === undefined ? {} : { fields: Object.fromEntries(smallOf(fields)) }),
    ...(cause === undefined || depth >= MOST_CAUSES ? {} : { cause: cut(cause, depth + 1) }),
    // Errors of errors would multiply.
    ...(errors === undefined || depth > 0
      ? {}
      : { errors: errors.slice(0, MOST_ERRORS).map((one) => cut(one, MOST_CAUSES)) }),
  };
}

function smallOf(fields: NonNullable<ErrorRecord["fields"]>) {
  return Object.entries(fields)
    .filter(([, value]) => (JSON.stringify(value) ?? "").length <= TEXT_UNITS / 4)
    .slice(0, MOST_FIELDS);
}

function shorten(text: string): string {
  const left = text.length - TEXT_UNITS;
  return left <= 0 ? text : `${text.slice(0, TEXT_UNITS)}… [${left} more characters]`;
}
