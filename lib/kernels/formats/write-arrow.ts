import type { Frame } from "../frame/encode.ts";
import { toArrow } from "../frame/arrow.ts";

/** A frame as an Arrow IPC file (Feather version 2, without compression) of one record batch. */
export async function encodeArrow(frame: Frame): Promise<Uint8Array> {
  const { tableToIPC } = await import("apache-arrow");
  return tableToIPC(await toArrow(frame), "file");
}
