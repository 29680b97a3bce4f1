import { listed } from "../../collections/names.ts";
import type { CsvKernel } from "./wasm.ts";

/**
 * The first record that is no blank line: its fields, and how many index entries it and the blank lines before it take
 * (0: it is not there whole). `offset` is where it starts, in bytes behind `buffer`.
 */
export function headerFields(
  kernel: CsvKernel,
  index: number,
  count: number,
  buffer: number,
): { fields: string[]; entries: number; offset: number } {
  const words = new Uint32Array(kernel.wasm.memory.buffer);
  const bytes = kernel.bytes();
  let fields: string[] = [];
  let start = buffer;
  let recordStart = buffer;
  for (let i = 0; i < count; i++) {
    const end = words[index / 4 + i];
    const isLast = bytes[end] === 10;
    fields.push(kernel.text(start, isLast && end > start && bytes[end - 1] === 13 ? end - 1 : end));
    start = end + 1;
    if (!isLast) continue;
    if (fields.length > 1 || fields[0] !== "")
      return {
        fields: fields.map((text) => unquote(text, kernel)),
        entries: i + 1,
        offset: recordStart - buffer,
      };
    fields = [];
    recordStart = start;
  }
  return { fields: [], entries: 0, offset: 0 };
}

/** What a field's quotes and escapes are; "" for none. */
interface Marks {
  readonly quote: string;
  readonly escape: string;
}

/** Takes quotes and escapes off, by the same rules as the kernel. */
export function unquote(text: string, { quote, escape }: Marks): string {
  const isQuoted = quote !== "" && text.startsWith(quote);
  if (!isQuoted && (escape === "" || !text.includes(escape))) return text;
  let out = "";
  let inside = isQuoted;
  let closed = false;
  for (let i = isQuoted ? 1 : 0; i < text.length; i++) {
    const c = text[i];
    const wasClosed = closed;
    closed = false;
    if (c === escape && i + 1 < text.length) out += text[++i];
    else if (c === quote && inside) [inside, closed] = [false, true];
    else {
      if (c === quote && wasClosed) inside = true;
      out += c;
    }
  }
  return out;
}

/** Whether a field has no escapes and no quotes, or just a pair around it: only such fields may be numbers and booleans. */
export function isPlain(text: string, { quote, escape }: Marks): boolean {
  if (escape !== "" && text.includes(escape)) return false;
  if (quote === "" || !text.startsWith(quote)) return true;
  return text.length > 1 && text.indexOf(quote, 1) === text.length - 1;
}

/** How the names found differ from those expected; undefined: they do not. */
export function headerProblem(found: readonly string[], expected: readonly string[]): string | undefined {
  if (found.length === expected.length && found.every((name, i) => name === expected[i])) return undefined;
  const [isFound, isExpected] = [new Set(found), new Set(expected)];
  const missing = expected.filter((name) => !isFound.has(name));
  const extra = found.filter((name) => !isExpected.has(name));
  if (missing.length + extra.length === 0) return `expected the order ${listed(expected)}, found ${listed(found)}`;
  const parts = [
    missing.length > 0 ? `missing ${listed(missing)}` : "",
    extra.length > 0 ? `not expected ${listed(extra)}` : "",
  ];
  return parts.filter((part) => part !== "").join("; ");
}
