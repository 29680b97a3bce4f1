import type { Encoding, ImageFormat } from "../../collections/images/nodes.ts";
import { encodePng } from "./png.ts";
import { kept, opaque, pixelsOf, withSpace, type Stage } from "./stage.ts";

export interface Encoded {
  readonly bytes: Uint8Array;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
}

/** The image as a file. Alpha is blended onto white where the format has none. */
export async function encode(stage: Stage, { format, options }: Encoding): Promise<Encoded> {
  if (format === "png" && !stage.keep && Object.keys(options).length === 0) {
    const pixels = await pixelsOf(stage);
    return { bytes: encodePng(pixels), width: pixels.width, height: pixels.height, format };
  }
  const flat = format === "jpeg" ? await opaque(stage) : stage;
  const pipe = withSpace(flat).toFormat(format, { ...defaultsOf(format), ...options });
  const { data, info } = await (stage.keep ? kept(pipe) : pipe).toBuffer({ resolveWithObject: true });
  return { bytes: plain(data), width: info.width, height: info.height, format };
}

/** The image without loss, as a file that is quickly written and read again. */
export async function losslessly(stage: Stage): Promise<Uint8Array> {
  if (!stage.keep) return encodePng(await pixelsOf(stage));
  return plain(await kept(withSpace(stage)).png({ compressionLevel: 1 }).toBuffer());
}

/** TIFF without loss, as its readers expect: sharp's default is JPEG inside. */
function defaultsOf(format: ImageFormat): object {
  return format === "tiff" ? { compression: "deflate" } : {};
}

/** Not a Buffer: what users get is what every runtime knows. */
function plain(data: Uint8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
