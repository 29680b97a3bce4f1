import type { Pixels } from "./png.ts";

/**
 * Luma of the encoded values, rounded down: what `(skimage.color.rgb2gray(x) * 255).astype(uint8)` gives, with the weights of ITU-R
 * BT.709 as scikit-image writes them (0.2125, 0.7154, 0.0721). In whole numbers of 1/10,000, so exact; scikit-image's own floats
 * may end just below a whole number, and then give one less. Alpha is blended onto white first, as `skimage.color.rgba2rgb` does.
 * Gray images keep their values.
 */
export function rgb2gray({ data, width, height, channels }: Pixels): Pixels {
  if (channels === 1) return { data, width, height, channels };
  const gray = new Uint8Array(width * height);
  if (channels === 2) grayOnWhite(data, gray);
  else if (channels === 3) luma(data, gray);
  else lumaOnWhite(data, gray);
  return { data: gray, width, height, channels: 1 };
}

/** Less than the step between two lumas, more than what multiplying by 0.0001 loses. */
const EPSILON = 1e-5;

function luma(data: Uint8Array, gray: Uint8Array): void {
  for (let i = 0, at = 0; i < gray.length; i++, at += 3)
    gray[i] = (2125 * data[at] + 7154 * data[at + 1] + 721 * data[at + 2]) * 0.0001 + EPSILON;
}

function lumaOnWhite(data: Uint8Array, gray: Uint8Array): void {
  for (let i = 0, at = 0; i < gray.length; i++, at += 4) {
    const value = (2125 * data[at] + 7154 * data[at + 1] + 721 * data[at + 2]) * 0.0001;
    gray[i] = 255 + ((value - 255) * data[at + 3]) / 255 + EPSILON;
  }
}

function grayOnWhite(data: Uint8Array, gray: Uint8Array): void {
  for (let i = 0, at = 0; i < gray.length; i++, at += 2)
    gray[i] = 255 + ((data[at] - 255) * data[at + 1]) / 255 + EPSILON;
}
