/**
 * Bytes by URL. One small interface; every store (file, memory, S3) implements it whole, and `with…` wrappers add to it.
 * URLs are absolute: `file:///…`, `memory://name/…`, `s3://bucket/key`. All offsets and sizes are in bytes, ends are exclusive.
 */

/** What a listing or a look at one object tells. `etag` changes whenever the bytes do. */
export interface ObjectInfo {
  readonly url: string;
  readonly size: number;
  readonly etag: string;
}

export interface PutOptions {
  /** Write only where nothing is there yet; otherwise `ConflictError`. Of many racers exactly one wins. */
  readonly ifAbsent?: boolean;
  /**
   * Names one write across its retries (any unique text). Where an earlier attempt did write but its answer was lost, `ifAbsent`
   * then knows the object as its own and does not report a conflict. Set by `withRetry`; stores that lose no answers ignore it.
   */
  readonly nonce?: string;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  /**
   * Asked once for each folder below the prefix (a URL that ends in "/"), in order: false leaves out all it holds, without listing it.
   * Default: every folder.
   */
  readonly into?: (folder: string) => boolean;
  /** Only objects whose URL comes after this one. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  /** Refuse with `SourceChangedError` when the object no longer has this etag. */
  readonly etag?: string;
  readonly signal?: AbortSignal;
}

/** An open object: range reads against one version of it. */
export interface Reader {
  readonly info: ObjectInfo;
  /** The bytes [start, end), cut off at the object's end. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * The fast path, where bytes are at hand: fills `target` from `position` on, answers the count of bytes read, 0 at the end.
   * Absent where reading needs the network.
   */
  readonly readSync?: (target: Uint8Array, position: number) => number;
  /** `SourceChangedError` where the object was written to since it was opened. Absent where every read is of one version. */
  readonly verify?: () => Promise<void>;
  close(): Promise<void>;
}

export interface Store {
  /** The facts of one object; `NotFoundError` where there is none. */
  head(url: string, options?: { readonly signal?: AbortSignal }): Promise<ObjectInfo>;
  /** Opens for range reads. `NotFoundError`, `UnreadableError`, `SourceChangedError`. */
  open(url: string, options?: ReadOptions): Promise<Reader>;
  /** The whole object. */
  get(url: string, options?: ReadOptions): Promise<Uint8Array>;
  /** Writes the object whole: a reader sees the old bytes or the new, never a part. */
  put(url: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo>;
  /** Writes an object of unknown size from a stream, whole as `put` does, in bounded memory. */
  putStream(url: string, chunks: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectInfo>;
  /** Every object whose URL starts with `prefix`, in order of its URL (by UTF-8 bytes), a page at a time behind the scenes. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;
  /** Deletes; nothing happens where nothing is. */
  delete(url: string): Promise<void>;
}
