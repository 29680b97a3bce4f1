/** The error that is thrown, or that a promise is rejected with. */
export async function failureOf(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`Something other than an error was thrown: ${String(error)}`, { cause: error });
  }
  throw new Error("Nothing was thrown.");
}
