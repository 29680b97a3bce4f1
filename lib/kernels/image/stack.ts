import { ImageError } from "../../errors.ts";
import { toDisplay } from "../../store/urls.ts";
import { encodeNpy } from "../array/npy.ts";
import type { ImageRecord } from "./params.ts";
import type { Pixels } from "./png.ts";

/** The form of an image's pixels, and the image. */
export interface PixelForm {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** What "pixels" gives: the images of a task as `.npy` bytes of shape [images, height, width, channels]; [0, 0, 0, 0] without any. */
export function stackPixels(records: readonly ImageRecord[]): Uint8Array {
  const images = records
    .filter(({ error }) => error === undefined)
    .map(({ url, value }) => ({ url, ...(value as Pixels) })); // what "pixels" leaves
  const [first] = images;
  if (first === undefined) return encodeNpy("uint8", [0, 0, 0, 0], new Uint8Array(0));
  for (const image of images) refuseOther(first, image);
  const { width, height, channels } = first;
  const each = width * height * channels;
  const elements = images.length === 1 ? first.data : new Uint8Array(images.length * each);
  if (images.length > 1) for (const [i, { data }] of images.entries()) elements.set(data, i * each);
  return encodeNpy("uint8", [images.length, height, width, channels], elements);
}

/** @throws ImageError for an image that has another form than the first. */
export function refuseOther(first: PixelForm, image: PixelForm): void {
  const { width, height, channels } = first;
  const isAsLarge = image.width === width && image.height === height;
  if (isAsLarge && image.channels === channels) return;
  throw new ImageError(
    `toArray() expects images of one size; ${toDisplay(image.url)} has ${formText(image)}, and the first, ${toDisplay(first.url)}, has ${formText(first)}.`,
    {
      fields: {
        url: image.url,
        shape: [image.height, image.width, image.channels],
        first: first.url,
        expected: [height, width, channels],
      },
      fix: isAsLarge
        ? "bring all to one number of channels: .grayscale().toArray()."
        : `bring all to one size: .resize(${width}, ${height}, { fit: "fill" }).toArray().`,
    },
  );
}

function formText({ width, height, channels }: PixelForm): string {
  return `${width} × ${height} pixels of ${channels} ${channels === 1 ? "channel" : "channels"}`;
}
