import { isPlain } from "../../callables/holes.ts";
import { isDelayed, nameOf, type Delayed } from "./delayed.ts";

/** Calls inside of calls are shown this deep. */
const DEPTH = 4;
const ARGUMENTS = 6;
const TEXT = 24;

/** A call on one line, as "add(fib(3), fib(2))"; what is deep or long is cut. */
export function formatCall(node: Delayed<unknown>, depth = 0): string {
  if (node.handle !== undefined) return `kept ${node.handle.key}`;
  if (node.task.fn === undefined && node.task.name === undefined) return formatArgument(node.args[0], depth);
  if (depth >= DEPTH) return `${nameOf(node.task)}(…)`;
  return `${nameOf(node.task)}(${list(node.args, (argument) => formatArgument(argument, depth + 1))})`;
}

/** An argument, briefly. */
export function formatArgument(value: unknown, depth = DEPTH): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > TEXT ? `${value.slice(0, TEXT - 1)}…` : value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `${value.name || "anonymous"}()`;
    case "object":
      return value === null ? "null" : formatObject(value, depth);
    default:
      return String(value);
  }
}

function formatObject(value: object, depth: number): string {
  if (isDelayed(value)) return formatCall(value, depth);
  if (Array.isArray(value)) {
    if (depth >= DEPTH) return `[${value.length} items]`;
    return `[${list(value, (item) => formatArgument(item, depth + 1))}]`;
  }
  const named = Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: string } } | null; // as far as it is one
  if (!isPlain(value)) return named?.constructor?.name ?? "object";
  if (depth >= DEPTH) return `{${Object.keys(value).length} keys}`;
  return `{ ${list(Object.entries(value), ([key, item]) => `${key}: ${formatArgument(item, depth + 1)}`)} }`;
}

function list<T>(items: readonly T[], one: (item: T) => string): string {
  const shown = items.slice(0, ARGUMENTS).map(one);
  if (items.length > ARGUMENTS) shown.push(`… ${items.length - ARGUMENTS} more`);
  return shown.join(", ");
}
