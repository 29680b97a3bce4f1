import type { ChannelStatistics } from "../../collections/images/results.ts";
import type { OpenImage } from "./open.ts";
import type { Pixels } from "./png.ts";

/** What the file says, as in `ImageMetadata` but for where it came from. */
export function metadataOf({ source, header }: OpenImage) {
  return {
    format: header.format,
    width: header.width,
    height: header.pageHeight ?? header.height,
    space: header.space,
    channels: header.channels,
    depth: header.depth,
    hasAlpha: header.hasAlpha,
    hasProfile: header.hasProfile,
    pages: header.pages ?? 1,
    orientation: header.orientation ?? 1,
    density: header.density ?? 72,
    bytes: source.size,
  };
}

/** How many pixels have each of the 256 values, a list a channel. */
export function histogramsOf({ data, channels }: Pixels): number[][] {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  counts.forEach((count, channel) => {
    for (let i = channel; i < data.length; i += channels) count[data[i]]++;
  });
  return counts.map((count) => [...count]);
}

/** Exact, from the histogram: what the pixels themselves would give. */
export function statisticsOf(histogram: readonly number[]): ChannelStatistics {
  const pixels = histogram.reduce((sum, count) => sum + count, 0);
  const mean = histogram.reduce((sum, count, value) => sum + count * value, 0) / pixels;
  const variance = histogram.reduce((sum, count, value) => sum + count * (value - mean) ** 2, 0) / pixels;
  const entropy = histogram.reduce(
    (sum, count) => (count === 0 ? sum : sum - (count / pixels) * Math.log2(count / pixels)),
    0,
  );
  return {
    min: histogram.findIndex((count) => count > 0),
    max: histogram.findLastIndex((count) => count > 0),
    mean,
    std: Math.sqrt(variance),
    median: (valueAt(histogram, Math.floor((pixels - 1) / 2)) + valueAt(histogram, Math.floor(pixels / 2))) / 2,
    entropy,
  };
}

/** The value at a place among all values, sorted. */
function valueAt(histogram: readonly number[], place: number): number {
  let before = 0;
  return histogram.findIndex((count) => (before += count) > place);
}
