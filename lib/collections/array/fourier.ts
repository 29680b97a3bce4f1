import { OptionError, ShapeError } from "../../errors.ts";
import { knownKeys, wholeNumber } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { asFloat64, likeFloats, makeLocal } from "./make-local.ts";
import { withWholeAxes } from "./make.ts";
import type { LocalFunction } from "./nodes.ts";
import { checkAxis, shapeText } from "./shape.ts";

/**
 * Discrete Fourier transforms along an axis, as numpy.fft. There is no dtype of complex numbers: a complex array is one of floats with a last axis of length 2, the
 * real and the imaginary part, so `z.slice("...", 0)` are the real parts. Each line is transformed within one task; any length goes.
 */
export interface FourierOptions {
  /** Which axis; the axis of length 2 does not count. Default: the last one. */
  readonly axis?: number;
  /** How long lines are taken to be: they are cut, or filled up with zeros. Default: as long as they are. */
  readonly n?: number;
}

type Fft = Extract<LocalFunction, { name: "fft" }>;
type Kind = Pick<Fft, "from" | "to" | "inverse">;

/** All frequencies of real lines; with `complex`, of complex ones. */
export function fft(
  x: AnyArray,
  options: FourierOptions & { readonly complex?: boolean } = {},
): ChunkedArray<"float64"> {
  const { complex = false, ...rest } = options;
  return transformed(x, { from: complex ? "complex" : "real", to: "complex", inverse: false }, rest, "fft(…)");
}

/** The complex lines of which `fft` would give this. */
export function ifft(x: AnyArray, options: FourierOptions = {}): ChunkedArray<"float64"> {
  return transformed(x, { from: "complex", to: "complex", inverse: true }, options, "ifft(…)");
}

/** The frequencies 0 … n / 2 of real lines: the others are their conjugates. */
export function rfft(x: AnyArray, options: FourierOptions = {}): ChunkedArray<"float64"> {
  return transformed(x, { from: "real", to: "half", inverse: false }, options, "rfft(…)");
}

/** The real lines of which `rfft` would give this. `n`: their length; default: the even one, 2 (m − 1) of m frequencies. */
export function irfft(x: AnyArray, options: FourierOptions = {}): ChunkedArray<"float64"> {
  return transformed(x, { from: "half", to: "real", inverse: true }, options, "irfft(…)");
}

function transformed(x: AnyArray, kind: Kind, options: FourierOptions, what: string): ChunkedArray<"float64"> {
  knownKeys(options, ["axis", "n"], what);
  const pairs = kind.from !== "real";
  if (pairs && x.shape.at(-1) !== 2)
    throw new ShapeError(
      `${what} expects complex numbers, a last axis of length 2; found the shape ${shapeText(x.shape)}.`,
      {
        fields: { shapes: [[...x.shape]] },
        fix: "stack real and imaginary parts: stack([re, im], { axis: re.ndim }).",
      },
    );
  const rank = pairs ? x.ndim - 1 : x.ndim;
  const axis = checkAxis(options.axis ?? -1, rank, what);
  const given = kind.from === "half" ? 2 * (x.shape[axis] - 1) : x.shape[axis];
  if (options.n === undefined && given < 1)
    throw new OptionError(`${what} expects lines of at least one element; found ${x.shape[axis]}.`, {
      fix: "say how long lines are: { n: 8 }.",
    });
  const n = wholeNumber(options.n ?? given, `${what} option n`, 1);
  const input = withWholeAxes(asFloat64(x).node, pairs ? [axis, rank] : [axis]);
  const length = kind.to === "half" ? Math.floor(n / 2) + 1 : n;
  const chunks = [...input.chunks.slice(0, rank).with(axis, [length]), ...(kind.to === "real" ? [] : [[2]])];
  const fn: Fft = { name: "fft", axis, n, ...kind };
  return likeFloats(new ChunkedArray(makeLocal([input], fn, { dtype: "float64", chunks })), [x.dtype]);
}
