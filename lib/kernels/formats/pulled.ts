/**
 * What a reader pushes, to be pulled: it goes on only when the next value is asked for, so that one value is held at a time. `until.full` turns true
 * when nobody asks any more.
 */
export async function* pulled<T>(
  read: (push: (value: T) => Promise<void>, until: { readonly full: boolean }) => Promise<void>,
): AsyncGenerator<T> {
  const until = { full: false };
  let offered: { readonly value: T } | undefined;
  /** Lets the reader go on. */
  let taken: () => void = () => undefined;
  let wake: () => void = () => undefined;
  let ended: { readonly error?: unknown } | undefined;
  const push = (value: T): Promise<void> =>
    new Promise((resolve) => {
      offered = { value };
      taken = resolve;
      wake();
    });
  const reading = read(push, until).then(
    () => (ended = {}),
    (error: unknown) => (ended = { error }),
  );
  void reading.then(() => wake());
  try {
    for (;;) {
      if (offered === undefined && ended === undefined) await new Promise<void>((resolve) => (wake = resolve));
      if (offered === undefined) break;
      const { value } = offered;
      offered = undefined;
      yield value;
      taken();
    }
  } finally {
    // The reader may wait to be heard, and has files to close.
    until.full = true;
    taken();
    await reading;
  }
  if (ended !== undefined && "error" in ended) throw ended.error;
}
