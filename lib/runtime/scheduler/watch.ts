/** Everything ends: tells when nothing has moved for too long, or the run as a whole takes too long. */
export interface WatchLimits {
  readonly stallMs: number;
  readonly deadlineMs: number | undefined;
}

export class Watch {
  readonly #watchdog: NodeJS.Timeout;
  readonly #deadline: NodeJS.Timeout | undefined;
  #movedAt = performance.now();

  /** `onOver` is called with a sentence's beginning that says what has passed; perhaps more than once, until `stop`. */
  constructor({ stallMs, deadlineMs }: WatchLimits, onOver: (what: string) => void) {
    this.#watchdog = setInterval(
      () => {
        const idle = performance.now() - this.#movedAt;
        if (idle >= stallMs) onOver(`No task has ended for ${Math.round(idle)} ms`);
      },
      Math.max(5, Math.min(stallMs / 4, 1_000)),
    );
    if (deadlineMs !== undefined)
      this.#deadline = setTimeout(() => onOver(`The run's deadline of ${deadlineMs} ms has passed`), deadlineMs);
  }

  /** A task has ended. */
  moved(): void {
    this.#movedAt = performance.now();
  }

  stop(): void {
    clearInterval(this.#watchdog);
    clearTimeout(this.#deadline);
  }
}
