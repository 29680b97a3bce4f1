import type { ImageResultNode, ImagesNode } from "./nodes.ts";
import { formatOperation } from "./operations.ts";

/** The description, a line an operation. */
export function formatImages({ paths, options, operations, encoding, result, kept }: ImagesNode): string {
  if (result.kind === "value") return "Images (lazy)\n  kept one value";
  const shown = paths.length <= 3 ? paths.join(", ") : `${paths.slice(0, 3).join(", ")}, and ${paths.length - 3} more`;
  return [
    "Images (lazy)",
    kept === undefined
      ? `  read ${shown}${Object.keys(options).length === 0 ? "" : formatOptions(options)}`
      : `  kept ${kept.images} ${kept.images === 1 ? "image" : "images"}`,
    ...operations.map((operation) => `  ${formatOperation(operation)}`),
    ...(encoding === undefined ? [] : [`  convert ${encoding.format}${formatOptions(encoding.options)}`]),
    ...formatResult(result),
  ].join("\n");
}

function formatResult(result: ImageResultNode): string[] {
  switch (result.kind) {
    case "encode":
      return [];
    case "write":
      return [`  write ${result.template}${formatOptions(result.encoding?.options ?? {})}`];
    case "sheet":
      return [`  contact sheet${formatOptions(result.sheet)}${result.to === undefined ? "" : `, to ${result.to}`}`];
    default:
      return [`  ${result.kind}`];
  }
}

function formatOptions(options: object): string {
  const entries = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return entries.length === 0 ? "" : ` { ${entries.join(", ")} }`;
}
