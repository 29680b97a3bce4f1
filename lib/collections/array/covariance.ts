import { ShapeError } from "../../errors.ts";
import { knownKeys, wrong } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { CHUNK_BYTES } from "./chunks.ts";
import { eye } from "./create.ts";
import { where } from "./join.ts";
import { asFloat64 } from "./make-local.ts";
import { makeGram } from "./make-products.ts";
import { makeRechunk } from "./make.ts";
import type { ArrayNode } from "./nodes.ts";
import { shapeText } from "./shape.ts";

export interface CovOptions {
  /** Whether the rows are the variables, and the columns observations. Default true, as NumPy. */
  readonly rowvar?: boolean;
  /** The divisor is the number of observations less this. Default 1. */
  readonly ddof?: number;
}

/** Wider matrices are multiplied chunk by chunk. */
const GRAM_COLUMNS = 4096;

/**
 * The covariances of variables, [d, d] in float64 (of one variable a number): in one pass over the observations, whose chunks' means and products of deviations
 * merge stably (Chan, Golub, LeVeque 1983). Observations in columns: `cov(x.T)`, or rowvar false.
 */
export function cov(x: AnyArray, options: CovOptions = {}): ChunkedArray<"float64"> {
  knownKeys(options, ["rowvar", "ddof"], "cov(…)");
  const { rowvar = true, ddof = 1 } = options;
  if (!Number.isFinite(ddof)) throw wrong("cov(…) option ddof", "a number", ddof);
  if (x.ndim < 1 || x.ndim > 2)
    throw new ShapeError(`cov(…) expects one or two axes; found the shape ${shapeText(x.shape)}.`, {
      fields: { shapes: [[...x.shape]] },
    });
  const observations = x.ndim === 1 ? x.expandDims(1) : rowvar ? x.T : x;
  const [n, d] = observations.shape;
  const divisor = Math.max(0, n - ddof);
  const made =
    d <= GRAM_COLUMNS
      ? new ChunkedArray(makeGram(inRows(asFloat64(observations).node), true, divisor))
      : byChunks(observations).div(divisor);
  return x.ndim === 1 ? (made.slice(0, 0) as ChunkedArray<"float64">) : (made as ChunkedArray<"float64">); // of float64
}

/** Cut along the observations alone, into pieces that are no larger than they must be. */
function inRows(x: ArrayNode): ArrayNode {
  const [, d] = x.shape;
  const rows = Math.max(1, ...x.chunks[0]);
  const most = Math.max(1, Math.floor((4 * CHUNK_BYTES) / 8 / Math.max(1, d)));
  return rows > most ? makeRechunk(x, [most, -1]) : x;
}

function byChunks(x: AnyArray): ChunkedArray {
  const deviations = asFloat64(x).sub(asFloat64(x).mean({ axis: 0 }));
  return deviations.T.matmul(deviations);
}

/** Pearson's correlation coefficients, as `cov`. */
export function corrcoef(x: AnyArray, options: Pick<CovOptions, "rowvar"> = {}): ChunkedArray<"float64"> {
  knownKeys(options, ["rowvar"], "corrcoef(…)");
  const c = cov(x, options);
  if (c.ndim === 0) return c.div(c) as ChunkedArray<"float64">; // of float64
  const deviations = where(eye(c.shape[0], c.shape[0], { dtype: "bool" }), c, 0)
    .sum({ axis: 1 })
    .sqrt();
  return c.div(deviations.expandDims(1)).div(deviations).clip(-1, 1) as ChunkedArray<"float64">; // of float64
}
