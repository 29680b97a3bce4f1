import { ConflictError, NotFoundError } from "../../errors.ts";
import type { ObjectInfo, Store } from "../../store/store.ts";

/** What a planner has seen of a store, in its order: listings, and looks at single objects (null: not there). */
export interface Seen {
  readonly lists: readonly { readonly of: string; readonly found: readonly ObjectInfo[] }[];
  readonly heads: readonly { readonly of: string; readonly found: ObjectInfo | null }[];
}

/** `…/<part>/seen.json`: of a part, what was seen since the one before it. */
export interface PartRecord extends Seen {
  /** Of its plan: SHA-256, in hex. */
  readonly digest: string;
}

type Answers<T> = Map<string, T[]>;

/**
 * A store for a planner that is run again from its beginning, as often as its run has stages. Listings, and looks at single objects, are answered as they were the
 * first time: so it finds the files that it planned with, when others have come meanwhile; and the place it writes to as free as it was, when its own
 * files lie there already. Bytes are read anew; sources are read by their etags.
 */
export class Journal {
  readonly store: Store;
  readonly #lists: Answers<readonly ObjectInfo[]> = new Map();
  readonly #heads: Answers<ObjectInfo | null> = new Map();
  readonly #fresh: { lists: Seen["lists"][number][]; heads: Seen["heads"][number][] } = { lists: [], heads: [] };

  /**
   * `seen`: of all parts that are planned, in order. `through`: what each operation goes through. `mark`: what this planner's streams are known by, where it has
   * put them before.
   */
  constructor(
    store: Store,
    seen: readonly Seen[],
    through: <T>(operation: () => Promise<T>) => Promise<T>,
    mark?: string,
  ) {
    for (const { lists, heads } of seen) {
      for (const { of, found } of lists) enter(this.#lists, of, found);
      for (const { of, found } of heads) enter(this.#heads, of, found);
    }
    this.store = {
      head: (url, options) => through(() => this.#head(store, url, options)),
      list: (prefix, options) => this.#list(store, prefix, options, through),
      open: (url, options) => through(() => store.open(url, options)),
      get: (url, options) => through(() => store.get(url, options)),
      put: (url, bytes, options) => through(() => putAgain(store, url, bytes, options)),
      putStream: (url, chunks, options) => {
        const marked = mark === undefined || options?.ifAbsent !== true ? options : { nonce: mark, ...options };
        return through(() => store.putStream(url, chunks, marked));
      },
      delete: (url) => through(() => store.delete(url)),
    };
  }

  /** What was seen now for the first time. */
  get fresh(): Seen {
    return this.#fresh;
  }

  async #head(store: Store, url: string, options: Parameters<Store["head"]>[1]): Promise<ObjectInfo> {
    const known = this.#heads.get(url)?.shift();
    if (known === null) throw new NotFoundError(`there is no object ${url}`, { fields: { url } });
    if (known !== undefined) return known;
    try {
      const found = await store.head(url, options);
      this.#fresh.heads.push({ of: url, found });
      return found;
    } catch (error) {
      if (error instanceof NotFoundError) this.#fresh.heads.push({ of: url, found: null });
      throw error;
    }
  }

  async *#list(
    store: Store,
    prefix: string,
    options: Parameters<Store["list"]>[1],
    through: <T>(operation: () => Promise<T>) => Promise<T>,
  ): AsyncGenerator<ObjectInfo> {
    const of = `${prefix} ${options?.after ?? ""}`;
    const known = this.#lists.get(of)?.shift();
    if (known !== undefined) {
      yield* known;
      return;
    }
    const found: ObjectInfo[] = [];
    // Entered now, so that it keeps its place among others of the same prefix.
    this.#fresh.lists.push({ of, found });
    const entries = store.list(prefix, options)[Symbol.asyncIterator]();
    for (;;) {
      const step = await through(() => entries.next());
      if (step.done === true) return;
      found.push(step.value);
      yield step.value;
    }
  }
}

/** What a planner puts where nothing may be, it has put before, where it died of something else since. */
async function putAgain(store: Store, ...[url, bytes, options]: Parameters<Store["put"]>): Promise<ObjectInfo> {
  try {
    return await store.put(url, bytes, options);
  } catch (error) {
    if (!(error instanceof ConflictError) || options?.ifAbsent !== true) throw error;
    if (Buffer.compare(await store.get(url, options.signal ? { signal: options.signal } : {}), bytes) !== 0)
      throw error;
    return store.head(url);
  }
}

function enter<T>(answers: Answers<T>, of: string, found: T): void {
  const known = answers.get(of);
  if (known === undefined) answers.set(of, [found]);
  else known.push(found);
}
