import type { ImageOperation } from "../../collections/images/nodes.ts";
import { ImageError } from "../../errors.ts";

export interface Size {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** The size behind an operation: exact, but for rounding where a side follows from the other, and a bound for odd angles. */
export function sizeAfter(operation: ImageOperation, size: Size): Size {
  switch (operation.do) {
    case "extract":
      return { width: operation.width, height: operation.height };
    case "resize": {
      const { width, height, withoutEnlargement = false, fit } = operation;
      const scaleX = width === undefined ? undefined : width / size.width;
      const scaleY = height === undefined ? undefined : height / size.height;
      if (withoutEnlargement && Math.max(scaleX ?? 0, scaleY ?? 0) > 1 && fit !== "contain") return size;
      if (fit === "outside" || scaleX === undefined || scaleY === undefined) {
        const scale = Math.max(scaleX ?? 0, scaleY ?? 0);
        return { width: Math.round(size.width * scale), height: Math.round(size.height * scale) };
      }
      return { width: width ?? size.width, height: height ?? size.height };
    }
    case "thumbnail": {
      const scale = Math.min(1, operation.width / size.width, operation.height / size.height);
      return { width: Math.round(size.width * scale), height: Math.round(size.height * scale) };
    }
    case "rotate": {
      const angle = (operation.degrees * Math.PI) / 180;
      const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
      return {
        width: Math.round(size.width * cos + size.height * sin),
        height: Math.round(size.width * sin + size.height * cos),
      };
    }
    default:
      return size;
  }
}

/** @throws ImageError where an operation would make more pixels than an image may have. */
export function refuseGrowth(
  operation: ImageOperation,
  { width, height }: Size,
  maxPixels: number,
  name: string,
): void {
  const pixels = width * height;
  if (pixels <= maxPixels) return;
  throw new ImageError(
    `${operation.do}(…) would make ${width} × ${height} pixels (${pixels}) of ${name}, and the limit is ${maxPixels}.`,
    {
      fields: { operation: operation.do, width, height, pixels, limit: maxPixels, option: "maxPixels" },
      fix: `make it smaller, or pass { maxPixels: ${pixels} } to readImages.`,
    },
  );
}
