import { mkdtempSync } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InternalError, NotFoundError, UnreadableError } from "../errors.ts";
import type { Ref } from "../plan/plan.ts";
import { readSection, readSectionBy } from "./sections.ts";
import type { SpillFile } from "./spill-file.ts";
import { weigh } from "./weight.ts";

/**
 * Holds outputs and waiting partials by key, in memory up to a budget. Beyond it the oldest are written to files in a
 * temporary folder, and read back when asked for: who asks cannot tell, but by the time it takes.
 *
 * States of an entry:   memory ──▶ spilling ──▶ disk        (deleted from any of them)
 *
 * Invariants.
 *  1. Bytes leave memory only after their file is complete: while an entry is spilling, it is served from memory.
 *  2. `memory` is the sum of the sizes of entries that are not on disk; it comes down to the budget as fast as the disk takes it.
 *  3. A file exists only for entries on disk or spilling; deleting an entry deletes it, `close` deletes the folder.
 *
 * Entries below 4 KiB stay in memory: their file would cost more than it frees.
 */
export interface Spill {
  readonly run: string;
  readonly stage: string;
  readonly bytes: number;
}

interface Entry {
  readonly run: string;
  readonly stage: string;
  readonly size: number;
  bytes: Uint8Array | undefined;
  file: string | undefined;
}

const SMALLEST_SPILL = 4_096;
/** Of outputs so many times as large as the budget few would stay in memory, to be read there: none does then. */
const HOPELESS = 4;

export class Vault {
  readonly #budget: number;
  readonly #onSpill: (spill: Spill) => void;
  /** In order of age. */
  readonly #entries = new Map<string, Entry>();
  /** Entries that may be spilled, in order of age. */
  readonly #spillable = new Set<Entry>();
  #memory = 0;
  #folder: string | undefined;
  #spilling: Promise<void> | undefined;
  #broken: unknown;

  constructor(budgetBytes: number, onSpill: (spill: Spill) => void = () => {}) {
    this.#budget = budgetBytes;
    this.#onSpill = onSpill;
  }

  /** Bytes in memory. */
  get memory(): number {
    return this.#memory;
  }

  get size(): number {
    return this.#entries.size;
  }

  put(run: string, stage: string, name: number | string, bytes: Uint8Array): void {
    const key = keyOf(run, stage, name);
    if (this.#entries.has(key)) throw new InternalError(`Output ${key} is in the vault already.`);
    const entry: Entry = { run, stage, size: bytes.byteLength, bytes: weigh(bytes), file: undefined };
    this.#entries.set(key, entry);
    this.#memory += entry.size;
    if (entry.size >= SMALLEST_SPILL) this.#spillable.add(entry);
    if (this.#memory > this.#budget) this.#startSpilling();
  }

  /** The bytes, where they are in memory. */
  peek(run: string, stage: string, name: number | string): Uint8Array | undefined {
    return this.#entries.get(keyOf(run, stage, name))?.bytes;
  }

  async get(run: string, stage: string, name: number | string): Promise<Uint8Array> {
    const key = keyOf(run, stage, name);
    const entry = this.#entries.get(key);
    if (entry === undefined) throw notHeld({ run, stage, task: Number(name) });
    return entry.bytes ?? (await readShared(key, entry.file ?? "", entry.size));
  }

  /** One section of an exchange output: of a spilled one only what is asked for is read. */
  async section(run: string, stage: string, name: number | string, section: number): Promise<Uint8Array> {
    const key = keyOf(run, stage, name);
    const entry = this.#entries.get(key);
    if (entry === undefined) throw notHeld({ run, stage, task: Number(name) });
    const { bytes, file = "", size } = entry;
    if (bytes !== undefined) return readSection(bytes, section);
    return withFile(key, file, size, (read) => readSectionBy(read, size, section));
  }

  delete(run: string, stage: string, name: number | string): void {
    this.#drop(keyOf(run, stage, name));
  }

  /** Forgets what a run put in, but for the outputs of stage `except`. */
  deleteRun(run: string, except?: string): void {
    for (const [key, entry] of this.#entries) if (entry.run === run && entry.stage !== except) this.#drop(key);
  }

  async close(): Promise<void> {
    for (const key of [...this.#entries.keys()]) this.#drop(key);
    await this.#spilling;
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#spillable.delete(entry);
    if (entry.bytes !== undefined) this.#memory -= entry.size;
    entry.bytes = undefined;
    // What cannot be deleted now goes with the folder.
    if (entry.file !== undefined) rm(entry.file, { force: true }).catch(() => undefined);
  }

  /** An output that is on disk already: the file is the vault's from now on. */
  putFile(run: string, stage: string, name: number | string, { path, size }: SpillFile): void {
    const key = keyOf(run, stage, name);
    if (this.#entries.has(key)) throw new InternalError(`Output ${key} is in the vault already.`);
    this.#entries.set(key, { run, stage, size, bytes: undefined, file: path });
    this.#onSpill({ run, stage, bytes: size });
  }

  /** The file of an output that is not in memory. */
  fileOf(run: string, stage: string, name: number | string): SpillFile | undefined {
    const entry = this.#entries.get(keyOf(run, stage, name));
    return entry?.bytes !== undefined || entry?.file === undefined ? undefined : { path: entry.file, size: entry.size };
  }

  /**
   * A folder for outputs to come, once the memory for them is half used up: who makes them writes them there, at the pace of the disk. Undefined
   * before, and where there can be no folder: then the next that does not fit tells. `expectedBytes`: of all outputs that will be held together; where they
   * are far more than there is memory for, the folder is given at once, and the memory is left to who reads them.
   */
  spillTo(expectedBytes = 0): string | undefined {
    if (2 * this.#memory < this.#budget && expectedBytes <= HOPELESS * this.#budget) return undefined;
    try {
      return this.#openFolder();
    } catch {
      return undefined;
    }
  }

  #openFolder(): string {
    return (this.#folder ??= mkdtempSync(join(tmpdir(), "abanico-")));
  }

  #startSpilling(): void {
    if (this.#broken !== undefined)
      throw new UnreadableError(`Outputs do not fit the memory for them, and cannot be written to ${tmpdir()}.`, {
        cause: this.#broken,
        fields: { memory: this.#memory, budget: this.#budget },
        fix: "make room there, set TMPDIR to another folder, or raise memoryLimit.",
      });
    this.#spilling ??= this.#spill()
      .catch((error: unknown) => {
        // Nothing is lost: the bytes are still in memory. The next `put` over the budget tells.
        this.#broken = error;
      })
      .finally(() => (this.#spilling = undefined));
  }

  async #spill(): Promise<void> {
    const folder = this.#openFolder();
    while (this.#memory > this.#budget) {
      const [entry] = this.#spillable;
      const bytes = entry?.bytes;
      if (bytes === undefined) return;
      this.#spillable.delete(entry);
      const file = join(folder, crypto.randomUUID());
      await writeFile(file, bytes);
      // Deleted, or everything closed, while it was written.
      if (entry.bytes === undefined) await rm(file, { force: true });
      else {
        entry.file = file;
        entry.bytes = undefined;
        this.#memory -= entry.size;
        this.#onSpill({ run: entry.run, stage: entry.stage, bytes: entry.size });
      }
    }
  }
}

/** The error for an output that no one holds (any more). */
export function notHeld(ref: Ref): NotFoundError {
  return new NotFoundError(`No output ${ref.task} of stage "${ref.stage}", run ${ref.run}, is held here.`, {
    fields: { run: ref.run, stage: ref.stage, task: ref.task },
    fix: "it was released, or its client closed: compute or persist it again.",
  });
}

function readShared(key: string, file: string, size: number): Promise<Uint8Array> {
  return withFile(key, file, size, (read) => read(0, size));
}

/** Reads of a spilled output go into shared memory, so that a worker gets them without a copy. */
async function withFile<T>(
  key: string,
  file: string,
  size: number,
  use: (read: (start: number, end: number) => Promise<Uint8Array>) => Promise<T>,
): Promise<T> {
  const handle = await open(file);
  try {
    return await use(async (start, end) => {
      const bytes = weigh(new Uint8Array(new SharedArrayBuffer(end - start)));
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0)
          throw new UnreadableError(`The spilled output ${key} is cut short (${start + at} of ${size} bytes).`);
        at += bytesRead;
      }
      return bytes;
    });
  } finally {
    await handle.close();
  }
}

function keyOf(run: string, stage: string, name: number | string): string {
  return `${run}/${stage}/${name}`;
}
