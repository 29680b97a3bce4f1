import { FormatError } from "../../errors.ts";
import { DTYPES, infoOf, type DType } from "../../collections/array/dtype.ts";
import type { Shape } from "../../collections/array/shape.ts";

/** The `.npy` format, version 1.0 (numpy.lib.format): how chunks travel between tasks, so that any NumPy reads them. */
const MAGIC = "\u0093NUMPY";

export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly fortran: boolean;
  /** Whether elements are stored with their most significant byte first. */
  readonly swapped: boolean;
  /** Where the elements begin, in bytes. */
  readonly offset: number;
}

/** The header as numpy.save writes it: its length is a multiple of 64. */
export function npyHeader(dtype: DType, shape: Shape): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${infoOf(dtype).descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = Buffer.alloc(length, " ");
  bytes.write(MAGIC, 0, "latin1");
  bytes[6] = 1;
  bytes[7] = 0;
  bytes.writeUInt16LE(length - 10, 8);
  bytes.write(text, 10, "latin1");
  bytes[length - 1] = 10;
  return bytes;
}

export function encodeNpy(dtype: DType, shape: Shape, elements: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = npyHeader(dtype, shape);
  const bytes = new Uint8Array(header.byteLength + elements.byteLength);
  bytes.set(header);
  bytes.set(elements, header.byteLength);
  return bytes;
}

/** Bytes to read first: enough for the header of nearly any file. */
export const NPY_HEAD_BYTES = 4096;

/** @throws FormatError that says what is wrong in `where` */
export function decodeNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 12 || buffer.toString("latin1", 0, 6) !== MAGIC)
    throw new FormatError(`${where} is no .npy file: it does not begin with \\x93NUMPY.`, { fields: { where } });
  const wide = buffer[6] > 1;
  const start = wide ? 12 : 10;
  const end = start + (wide ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8));
  if (end > buffer.length)
    throw new FormatError(`${where} ends within its header.`, {
      fields: { where },
      fix: "the file was cut off: copy it again.",
    });
  const text = buffer.toString("utf8", start, end);
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const tuple = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (fortran === undefined || tuple === undefined || (descr === undefined && !text.includes("'descr'")))
    throw new FormatError(`${where} has a header that is not understood: ${text.trim()}.`, { fields: { where } });
  const dtype = DTYPES.find((name) => infoOf(name).descr.slice(1) === descr?.slice(1));
  if (descr === undefined || dtype === undefined)
    throw new FormatError(`${where} holds elements of type ${descr ?? "with fields"}; read are ${DTYPES.join(", ")}.`, {
      fields: { where, found: descr ?? "fields" },
      fix: "save it in one of these dtypes: np.save(path, array.astype('float64')).",
    });
  const shape = tuple
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  return { dtype, shape, fortran: fortran === "True", swapped: descr.startsWith(">"), offset: end };
}

/** A whole `.npy` in memory. Elements are a view where they may be. */
export function decodeNpy(bytes: Uint8Array, where: string): NpyHeader & { readonly elements: Uint8Array } {
  const header = decodeNpyHeader(bytes, where);
  return { ...header, elements: bytes.subarray(header.offset) };
}
