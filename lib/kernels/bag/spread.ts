import { TypeMismatchError } from "../../errors.ts";
import type { Flow } from "./flow.ts";
import { showItem } from "./user-errors.ts";

/** Items of an iterable that are pushed on together. */
const PIECE = 1_024;

/** Pushes what flatMap's function gave for one item, piece by piece, and stops asking for more once nothing more is needed. */
export class Spread {
  readonly #next: Flow;
  /** What the flow below has thrown, to be told apart from what the user's iterator throws. */
  failedBelow: { readonly error: unknown } | undefined;

  constructor(next: Flow) {
    this.#next = next;
  }

  async from(result: unknown): Promise<void> {
    if (Array.isArray(result)) return this.#push(result);
    if (typeof result !== "object" || result === null) throw notIterable(result);
    if (Symbol.iterator in result) return this.#sync(result as Iterable<unknown>); // just looked up
    if (Symbol.asyncIterator in result) return this.#async(result as AsyncIterable<unknown>); // as above
    throw notIterable(result);
  }

  async #sync(items: Iterable<unknown>): Promise<void> {
    let piece: unknown[] = [];
    for (const item of items) {
      piece.push(item);
      if (piece.length < PIECE) continue;
      await this.#push(piece);
      piece = [];
      if (this.#next.full) return;
    }
    await this.#push(piece);
  }

  async #async(items: AsyncIterable<unknown>): Promise<void> {
    let piece: unknown[] = [];
    for await (const item of items) {
      piece.push(item);
      if (piece.length < PIECE) continue;
      await this.#push(piece);
      piece = [];
      if (this.#next.full) return;
    }
    await this.#push(piece);
  }

  async #push(items: readonly unknown[]): Promise<void> {
    if (items.length === 0) return;
    try {
      await this.#next.push(items);
    } catch (error) {
      this.failedBelow = { error };
      throw error;
    }
  }
}

function notIterable(result: unknown): TypeMismatchError {
  return new TypeMismatchError(
    `flatMap(…) expects its function to give an array or another iterable, found ${showItem(result)}.`,
    {
      fix:
        typeof result === "string"
          ? "put it into an array: [text]; or spread it for its letters: [...text]."
          : "give an array; an empty one for none.",
    },
  );
}
