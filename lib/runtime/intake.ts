/**
 * Takes what a run's last stage keeps, output by output, in order, while the run goes on. No task of that stage starts more than `ahead` beyond the
 * output that is taken next: so what waits is bounded, whatever the consumer's pace.
 *
 * States: before the run has begun (no feed); while it runs, and after it has finished (a feed); ended by an error, which the next `take` throws.
 */
export interface IntakeFeed {
  readonly run: string;
  /** How many outputs there will be. */
  count(): number;
  isDone(index: number): boolean;
  /** Gives an output, and forgets it. */
  give(index: number): Promise<Uint8Array>;
  /** More tasks may start. */
  wake(): void;
}

export class Intake {
  readonly #ahead: number;
  #feed: IntakeFeed | undefined;
  #next = 0;
  #changed = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;

  constructor(ahead: number) {
    this.#ahead = ahead;
  }

  /** Tasks from this one on may not start yet. */
  get limit(): number {
    return this.#next + this.#ahead;
  }

  /** Whether it is the consumer who is waited for. */
  get isFull(): boolean {
    return this.#feed?.isDone(this.#next) ?? false;
  }

  /** The run, once it has begun. */
  get run(): string | undefined {
    return this.#feed?.run;
  }

  /** Called by the run, when its stages are made. */
  attach(feed: IntakeFeed): void {
    this.#feed = feed;
  }

  /** Something has come, or the run has ended; with an error where it has failed. */
  changed(failure?: { readonly error: unknown }): void {
    this.#failure ??= failure;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The next output; undefined behind the last. @throws what the run failed with */
  async take(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const feed = this.#feed;
      if (feed !== undefined && this.#next >= feed.count()) return undefined;
      if (feed?.isDone(this.#next) === true) {
        const bytes = await this.#given(feed);
        this.#next++;
        feed.wake();
        return bytes;
      }
      await this.#changed.promise;
    }
  }

  async #given(feed: IntakeFeed): Promise<Uint8Array> {
    try {
      return await feed.give(this.#next);
    } catch (error) {
      // A run that fails meanwhile forgets its outputs.
      throw this.#failure === undefined ? error : this.#failure.error;
    }
  }
}
