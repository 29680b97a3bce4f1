import { OverflowError } from "../../errors.ts";

/** The overflow with the expression, or the aggregate and its group, that it happened in. The innermost one stays. */
export function overflowIn(where: string, error: OverflowError): OverflowError {
  if (error.fields["where"] !== undefined) return error;
  const [what] = error.message.split("\n");
  return new OverflowError(`${what} In: ${where}.`, {
    fields: { ...error.fields, where },
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    cause: error,
  });
}
