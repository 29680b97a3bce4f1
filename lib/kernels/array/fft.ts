import { STEPS, type Parts } from "./fft-steps.ts";

/** Discrete Fourier transforms of one line. Made once for a length: the roots of unity are kept. */
export interface Transform {
  /** In place: the real and the imaginary parts. Not scaled; the inverse one is that with the parts exchanged. */
  run(re: Float64Array, im: Float64Array): void;
}

/** Any length: by its factors 4, 2, 3 and 5 where it has no others, else by Bluestein's convolution. */
export function transformOf(n: number): Transform {
  const factors = factorsOf(n);
  return factors === undefined ? bluestein(n) : byFactors(n, factors);
}

function factorsOf(n: number): number[] | undefined {
  const factors: number[] = [];
  let rest = Math.max(1, n);
  for (const factor of [4, 2, 3, 5])
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  return rest === 1 ? factors : undefined;
}

/** Stockham's form, by decimation in frequency: no element is moved to a place of reversed digits. */
function byFactors(n: number, factors: readonly number[]): Transform {
  const [cos, sin] = roots(n);
  const spare: Parts = { re: new Float64Array(n), im: new Float64Array(n) };
  return {
    run(re, im) {
      let x: Parts = { re, im };
      let y = spare;
      let groups = n;
      let stride = 1;
      for (const factor of factors) {
        groups /= factor;
        STEPS[factor](x, y, groups, stride, cos, sin);
        stride *= factor;
        [x, y] = [y, x];
      }
      if (x.re === re) return;
      re.set(x.re);
      im.set(x.im);
    },
  };
}

/** cos and sin of −2π k / n. */
function roots(n: number): readonly [Float64Array, Float64Array] {
  const [cos, sin] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    cos[k] = Math.cos((-2 * Math.PI * k) / n);
    sin[k] = Math.sin((-2 * Math.PI * k) / n);
  }
  return [cos, sin];
}

/** A convolution with a chirp, in transforms of a power of two (Bluestein 1970). */
function bluestein(n: number): Transform {
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const inner = transformOf(size);
  const [cos, sin] = roots(2 * n);
  // k² mod 2n by steps: k² itself would lose digits.
  const squares = new Uint32Array(n);
  for (let k = 1; k < n; k++) squares[k] = (squares[k - 1] + 2 * k - 1) % (2 * n);
  const [chirpRe, chirpIm] = [new Float64Array(size), new Float64Array(size)];
  for (let k = 0; k < n; k++)
    for (const at of [k, (size - k) % size]) {
      chirpRe[at] = cos[squares[k]];
      chirpIm[at] = -sin[squares[k]];
    }
  inner.run(chirpRe, chirpIm);
  const [xr, xi] = [new Float64Array(size), new Float64Array(size)];
  return {
    run(re, im) {
      xr.fill(0);
      xi.fill(0);
      for (let k = 0; k < n; k++) {
        const wr = cos[squares[k]];
        const wi = sin[squares[k]];
        xr[k] = re[k] * wr - im[k] * wi;
        xi[k] = re[k] * wi + im[k] * wr;
      }
      inner.run(xr, xi);
      for (let k = 0; k < size; k++) {
        const ar = xr[k];
        const ai = xi[k];
        xr[k] = ar * chirpRe[k] - ai * chirpIm[k];
        xi[k] = ar * chirpIm[k] + ai * chirpRe[k];
      }
      inner.run(xi, xr);
      for (let k = 0; k < n; k++) {
        const wr = cos[squares[k]] / size;
        const wi = sin[squares[k]] / size;
        const ar = xr[k];
        const ai = xi[k];
        re[k] = ar * wr - ai * wi;
        im[k] = ar * wi + ai * wr;
      }
    },
  };
}
