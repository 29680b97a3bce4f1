/** Any value as JSON text: 64-bit integers with all their digits, dates as ISO texts, bytes in base64, maps as objects. */
export function jsonText(value: unknown): string {
  return typeof value === "bigint" ? value.toString() : (stringify(value) ?? "null");
}

function stringify(value: unknown): string | undefined {
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "object":
      break;
    default:
      return JSON.stringify(value);
  }
  if (value === null) return "null";
  if (value instanceof Date) return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  if (ArrayBuffer.isView(value)) return stringify(Array.from(value as unknown as ArrayLike<unknown>)); // typed arrays
  if (Array.isArray(value)) return `[${value.map((item) => stringify(item) ?? "null").join(",")}]`;
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const members = entries.flatMap(([key, item]) => {
    const text = stringify(item);
    return text === undefined ? [] : [`${JSON.stringify(String(key))}:${text}`];
  });
  return `{${members.join(",")}}`;
}
