/** Discrete Fourier transforms of one line. Made once for a length: the roots of unity are kept. */
export interface Transform {
  /** In place: the real and the imaginary parts. Not scaled; the inverse one is that with the parts exchanged. */
  run(re: Float64Array, im: Float64Array): void;
}

/** Any length: by halves where it is a power of two, else by Bluestein's convolution. */
export function transformOf(n: number): Transform {
  return (n & (n - 1)) === 0 ? byHalves(n) : bluestein(n);
}

/** Stockham's form of radix 2: no element is moved to a place of reversed bits. */
function byHalves(n: number): Transform {
  const [cos, sin] = roots(n);
  const [re2, im2] = [new Float64Array(n), new Float64Array(n)];
  return {
    run(re, im) {
      let [xr, xi, yr, yi]: readonly Float64Array[] = [re, im, re2, im2];
      for (let half = n >> 1, stride = 1; half >= 1; half >>= 1, stride <<= 1) {
        for (let p = 0; p < half; p++) {
          const [wr, wi] = [cos[p * stride], sin[p * stride]];
          const [a, b, to] = [stride * p, stride * (p + half), 2 * stride * p];
          for (let q = 0; q < stride; q++) {
            const [ar, ai, br, bi] = [xr[a + q], xi[a + q], xr[b + q], xi[b + q]];
            const [dr, di] = [ar - br, ai - bi];
            yr[to + q] = ar + br;
            yi[to + q] = ai + bi;
            yr[to + stride + q] = dr * wr - di * wi;
            yi[to + stride + q] = dr * wi + di * wr;
          }
        }
        [xr, xi, yr, yi] = [yr, yi, xr, xi];
      }
      if (xr === re) return;
      re.set(xr);
      im.set(xi);
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
  const inner = byHalves(size);
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
        const [wr, wi] = [cos[squares[k]], sin[squares[k]]];
        xr[k] = re[k] * wr - im[k] * wi;
        xi[k] = re[k] * wi + im[k] * wr;
      }
      inner.run(xr, xi);
      for (let k = 0; k < size; k++) {
        const [ar, ai] = [xr[k], xi[k]];
        xr[k] = ar * chirpRe[k] - ai * chirpIm[k];
        xi[k] = ar * chirpIm[k] + ai * chirpRe[k];
      }
      inner.run(xi, xr);
      for (let k = 0; k < n; k++) {
        const [wr, wi] = [cos[squares[k]], sin[squares[k]]];
        const [ar, ai] = [xr[k] / size, xi[k] / size];
        re[k] = ar * wr - ai * wi;
        im[k] = ar * wi + ai * wr;
      }
    },
  };
}
