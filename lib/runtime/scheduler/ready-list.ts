/**
 * Task indices that may start, lowest first. Tasks mostly become ready in ascending order, so that a sorted array
 * does; a hint may prefer one of the first few.
 */
export class ReadyList {
  readonly #indices: number[] = [];
  #head = 0;

  get size(): number {
    return this.#indices.length - this.#head;
  }

  get lowest(): number | undefined {
    return this.#indices[this.#head];
  }

  add(index: number): void {
    const list = this.#indices;
    let at = list.length;
    while (at > this.#head && list[at - 1] > index) at--;
    list.splice(at, 0, index);
  }

  /** Takes the lowest, or one of the lowest 16 that `prefers` picks. */
  take(prefers: (index: number) => boolean = () => true): number | undefined {
    const list = this.#indices;
    const last = Math.min(list.length, this.#head + 16);
    let at = this.#head;
    while (at < last && !prefers(list[at])) at++;
    if (at === last) at = this.#head;
    if (at >= list.length) return undefined;
    const index = list[at];
    if (at === this.#head) this.#head++;
    else list.splice(at, 1);
    if (this.#head > 1_024 && this.#head * 2 > list.length) {
      list.splice(0, this.#head);
      this.#head = 0;
    }
    return index;
  }

  /** Keeps only what passes. */
  retain(passes: (index: number) => boolean): void {
    const kept = this.#indices.slice(this.#head).filter(passes);
    this.#indices.length = 0;
    this.#indices.push(...kept);
    this.#head = 0;
  }
}
