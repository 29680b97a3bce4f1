/** Things to be done later, all of which can be called off at once. */
export class Delays {
  readonly #timers = new Set<NodeJS.Timeout>();

  after(ms: number, body: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      body();
    }, ms);
    this.#timers.add(timer);
  }

  cancel(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
