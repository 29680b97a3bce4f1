import type { ErrorRecord, JsonObject } from "./errors.ts";

/** What is known of an error only where it is told. */
interface Amendment {
  /** A line of the message, before the fix. */
  readonly note?: string;
  /** One more sentence of the fix. */
  readonly fix?: string;
  readonly fields?: JsonObject;
}

/** The record of the same error, that says more. */
export function amended(record: ErrorRecord, { note, fix, fields }: Amendment): ErrorRecord {
  const before = record.fix;
  const head = before === undefined ? record.message : record.message.replace(`\n  fix: ${before}`, "");
  const all = [before, fix].filter((one) => one !== undefined).join(" ");
  return {
    ...record,
    message: `${head}${note === undefined ? "" : `\n  ${note}`}${all === "" ? "" : `\n  fix: ${all}`}`,
    ...(all === "" ? {} : { fix: all }),
    fields: { ...record.fields, ...fields },
  };
}
