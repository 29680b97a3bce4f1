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
  const text = typeof value === "number" ? String(value) : value;
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-zA-Z]*)\s*$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit.toUpperCase()];
  const bytes = factor === undefined ? NaN : Math.floor(Number(digits) * factor);
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new OptionError(`${option} expects a size of at least one byte, found ${JSON.stringify(value)}.`, {
      fields: { option, found: value },
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

/** A whole number of at least `least`. `OptionError`. */
export function wholeNumber(value: number, option: string, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new OptionError(`${option} expects a whole number of at least ${least}, found ${String(value)}.`, {
    fields: { option, found: String(value) },
  });
}

/** Refuses keys that mean nothing, offering the nearest that do. */
export function knownKeys(options: object, known: readonly string[], where: string): void {
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
