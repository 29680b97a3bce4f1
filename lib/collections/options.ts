import { OptionError, nearestNames } from "../errors.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
  TIB: 1024 ** 4,
};

/** A size in bytes from a number of bytes or a text like "64MB" (powers of 1,000) or "64MiB" (powers of 1,024). `OptionError`. */
export function parseBytes(value: number | string, option: string): number {
  const text = String(value);
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-zA-Z]*)\s*$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit.toUpperCase()];
  const bytes = factor === undefined ? NaN : Math.floor(Number(digits) * factor);
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new OptionError(`${option} expects a size of at least one byte, found ${shown(value)}.`, {
      fields: { option, found: shown(value) },
      fix: 'write a number of bytes, or a text such as "64MB" or "1.5GiB".',
    });
  return bytes;
}

/** Bytes as people read them: powers of 1,000, two decimals from kB on. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let i = 0;
  while (bytes >= 999.995 && i < units.length - 1) {
    bytes /= 1000;
    i++;
  }
  return i === 0 ? `${bytes} B` : `${bytes.toFixed(2)} ${units[i]}`;
}

const TIME_UNITS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

/** A time in milliseconds from a number of them, or a text like "30s", "500 ms", "1.5min", "2h". `OptionError`. */
export function parseMilliseconds(value: number | string, option: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-z]*)\s*$/.exec(String(value)) ?? [];
  const factor = unit !== undefined && Object.hasOwn(TIME_UNITS, unit) ? TIME_UNITS[unit] : NaN;
  const ms = Number(digits) * factor;
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw wrong(option, "a time of more than nothing", value, 'write milliseconds, or a text such as "30s" or "5min".');
}

/** A whole number of at least `least`. `OptionError`. */
export function wholeNumber(value: number, option: string, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw wrong(option, `a whole number of at least ${least}`, value);
}

/** The error for what a caller gave in place of what was expected. The fix is to pass that, where nothing better is known. */
export function wrong(where: string, expected: string, found: unknown, fix = `pass ${expected}.`): OptionError {
  return new OptionError(`${where} expects ${expected}, found ${shown(found)}.`, {
    fields: { option: where, expected, found: shown(found) },
    fix,
  });
}

/** A value as messages show it: in few words where it is no text or number. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value);
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
  const name = nameOf(value);
  return name === "Object" || name === "" ? "an object" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown }; // any object may have any
  return typeof constructor === "function" ? constructor.name : "";
}

/** Refuses what is no object, and keys that mean nothing, offering the nearest that do. */
export function knownKeys(options: object, known: readonly string[], where: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw wrong(where, "an object with options", options, `its options are ${known.join(", ")}.`);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearestNames(key, known);
    throw new OptionError(`${where} has no option "${key}".`, {
      fields: { option: key, known },
      fix:
        near.length > 0
          ? `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?`
          : `its options are ${known.join(", ")}.`,
    });
  }
}
