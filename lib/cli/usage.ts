/** The command line cannot be understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What to do. */
  readonly fix: string | undefined;

  constructor(message: string, fix?: string) {
    super(message);
    this.fix = fix;
  }
}
