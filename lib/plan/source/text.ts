import type { TextOptions } from "../../collections/bag/nodes.ts";
import { parseBytes } from "../../collections/options.ts";
import { expandSources } from "../../store/glob.ts";
import type { Store } from "../../store/store.ts";
import type { Source } from "../plan.ts";
import { RangeIndex } from "../rules.ts";

const DEFAULT_BLOCK_BYTES = 16 * 1024 * 1024;

/** Files of lines, and how they are cut. */
export interface TextSource {
  readonly sources: readonly Source[];
  /** In bytes. */
  readonly blockSize: number;
  /** The number of each source's first range. */
  readonly firsts: readonly number[];
  readonly bytes: number;
}

/** Lists the files; nothing of them is read. */
export async function resolveText(
  paths: readonly string[],
  options: TextOptions,
  store: Store,
  signal?: AbortSignal,
): Promise<TextSource> {
  const infos = await expandSources(store, paths, process.cwd(), signal);
  const sources = infos.map(({ url, size, etag }) => ({ url, size, etag }));
  const blockSize =
    options.blockSize === undefined ? DEFAULT_BLOCK_BYTES : parseBytes(options.blockSize, "option blockSize");
  const index = RangeIndex.of({ kind: "ranges", sources, blockSize });
  return {
    sources,
    blockSize,
    firsts: sources.map((_, i) => index.firstTask(i)),
    bytes: sources.reduce((sum, { size }) => sum + size, 0),
  };
}
