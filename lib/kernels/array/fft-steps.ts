/** Lines of one transform: the real and the imaginary parts. */
export interface Parts {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** One step of Stockham's form: `groups` butterflies of `stride` elements each; `cos`, `sin`: the roots of unity of the whole length. */
export type Step = (x: Parts, y: Parts, groups: number, stride: number, cos: Float64Array, sin: Float64Array) => void;

/** By factor. */
export const STEPS: Readonly<Record<number, Step>> = { 2: byTwo, 3: byThree, 4: byFour, 5: byFive };

function byTwo(x: Parts, y: Parts, groups: number, stride: number, cos: Float64Array, sin: Float64Array): void {
  const { re: xr, im: xi } = x;
  const { re: yr, im: yi } = y;
  for (let p = 0; p < groups; p++) {
    const wr = cos[p * stride];
    const wi = sin[p * stride];
    const a = stride * p;
    const b = a + stride * groups;
    const to = 2 * a;
    for (let q = 0; q < stride; q++) {
      const dr = xr[a + q] - xr[b + q];
      const di = xi[a + q] - xi[b + q];
      yr[to + q] = xr[a + q] + xr[b + q];
      yi[to + q] = xi[a + q] + xi[b + q];
      yr[to + stride + q] = dr * wr - di * wi;
      yi[to + stride + q] = dr * wi + di * wr;
    }
  }
}

function byFour(x: Parts, y: Parts, groups: number, stride: number, cos: Float64Array, sin: Float64Array): void {
  const { re: xr, im: xi } = x;
  const { re: yr, im: yi } = y;
  const apart = stride * groups;
  for (let p = 0; p < groups; p++) {
    const w = p * stride;
    const w1r = cos[w];
    const w1i = sin[w];
    const w2r = cos[2 * w];
    const w2i = sin[2 * w];
    const w3r = cos[3 * w];
    const w3i = sin[3 * w];
    for (let q = 0; q < stride; q++) {
      const a = w + q;
      const b = a + apart;
      const c = b + apart;
      const d = c + apart;
      const sumR = xr[a] + xr[c];
      const sumI = xi[a] + xi[c];
      const difR = xr[a] - xr[c];
      const difI = xi[a] - xi[c];
      const otherR = xr[b] + xr[d];
      const otherI = xi[b] + xi[d];
      // −i times the difference.
      const turnR = xi[b] - xi[d];
      const turnI = xr[d] - xr[b];
      const to = 4 * w + q;
      yr[to] = sumR + otherR;
      yi[to] = sumI + otherI;
      const oneR = difR + turnR;
      const oneI = difI + turnI;
      yr[to + stride] = oneR * w1r - oneI * w1i;
      yi[to + stride] = oneR * w1i + oneI * w1r;
      const twoR = sumR - otherR;
      const twoI = sumI - otherI;
      yr[to + 2 * stride] = twoR * w2r - twoI * w2i;
      yi[to + 2 * stride] = twoR * w2i + twoI * w2r;
      const threeR = difR - turnR;
      const threeI = difI - turnI;
      yr[to + 3 * stride] = threeR * w3r - threeI * w3i;
      yi[to + 3 * stride] = threeR * w3i + threeI * w3r;
    }
  }
}

const SIN_THIRD = Math.sin((2 * Math.PI) / 3);

function byThree(x: Parts, y: Parts, groups: number, stride: number, cos: Float64Array, sin: Float64Array): void {
  const { re: xr, im: xi } = x;
  const { re: yr, im: yi } = y;
  const apart = stride * groups;
  for (let p = 0; p < groups; p++) {
    const w = p * stride;
    const w1r = cos[w];
    const w1i = sin[w];
    const w2r = cos[2 * w];
    const w2i = sin[2 * w];
    for (let q = 0; q < stride; q++) {
      const a = w + q;
      const b = a + apart;
      const c = b + apart;
      const sumR = xr[b] + xr[c];
      const sumI = xi[b] + xi[c];
      const midR = xr[a] - 0.5 * sumR;
      const midI = xi[a] - 0.5 * sumI;
      // −i times the difference.
      const turnR = SIN_THIRD * (xi[b] - xi[c]);
      const turnI = SIN_THIRD * (xr[c] - xr[b]);
      const to = 3 * w + q;
      yr[to] = xr[a] + sumR;
      yi[to] = xi[a] + sumI;
      const oneR = midR + turnR;
      const oneI = midI + turnI;
      yr[to + stride] = oneR * w1r - oneI * w1i;
      yi[to + stride] = oneR * w1i + oneI * w1r;
      const twoR = midR - turnR;
      const twoI = midI - turnI;
      yr[to + 2 * stride] = twoR * w2r - twoI * w2i;
      yi[to + 2 * stride] = twoR * w2i + twoI * w2r;
    }
  }
}

const COS_1 = Math.cos((2 * Math.PI) / 5);
const COS_2 = Math.cos((4 * Math.PI) / 5);
const SIN_1 = Math.sin((2 * Math.PI) / 5);
const SIN_2 = Math.sin((4 * Math.PI) / 5);

function byFive(x: Parts, y: Parts, groups: number, stride: number, cos: Float64Array, sin: Float64Array): void {
  const { re: xr, im: xi } = x;
  const { re: yr, im: yi } = y;
  const apart = stride * groups;
  for (let p = 0; p < groups; p++) {
    const w = p * stride;
    for (let q = 0; q < stride; q++) {
      const a = w + q;
      const b = a + apart;
      const c = b + apart;
      const d = c + apart;
      const e = d + apart;
      const outerR = xr[b] + xr[e];
      const outerI = xi[b] + xi[e];
      const innerR = xr[c] + xr[d];
      const innerI = xi[c] + xi[d];
      const outR = xr[b] - xr[e];
      const outI = xi[b] - xi[e];
      const inR = xr[c] - xr[d];
      const inI = xi[c] - xi[d];
      const m1r = xr[a] + COS_1 * outerR + COS_2 * innerR;
      const m1i = xi[a] + COS_1 * outerI + COS_2 * innerI;
      const m2r = xr[a] + COS_2 * outerR + COS_1 * innerR;
      const m2i = xi[a] + COS_2 * outerI + COS_1 * innerI;
      const s1r = SIN_1 * outR + SIN_2 * inR;
      const s1i = SIN_1 * outI + SIN_2 * inI;
      const s2r = SIN_2 * outR - SIN_1 * inR;
      const s2i = SIN_2 * outI - SIN_1 * inI;
      const to = 5 * w + q;
      yr[to] = xr[a] + outerR + innerR;
      yi[to] = xi[a] + outerI + innerI;
      turned(yr, yi, to + stride, m1r + s1i, m1i - s1r, cos[w], sin[w]);
      turned(yr, yi, to + 2 * stride, m2r + s2i, m2i - s2r, cos[2 * w], sin[2 * w]);
      turned(yr, yi, to + 3 * stride, m2r - s2i, m2i + s2r, cos[3 * w], sin[3 * w]);
      turned(yr, yi, to + 4 * stride, m1r - s1i, m1i + s1r, cos[4 * w], sin[4 * w]);
    }
  }
}

/** Stores a number times a root of unity. */
function turned(yr: Float64Array, yi: Float64Array, at: number, re: number, im: number, wr: number, wi: number): void {
  yr[at] = re * wr - im * wi;
  yi[at] = re * wi + im * wr;
}
