import { join, refuse } from "../../collections/plain.ts";
import type { Json } from "../../errors.ts";

/** What the placeholders of a pipeline stand for. */
export interface Dropped {
  readonly bucket: string;
  readonly key: string;
}

const NAMES = ["url", "bucket", "key", "name", "stem", "run"] as const;
const PLACEHOLDER = new RegExp(`\\{\\{(${NAMES.join("|")})\\}\\}`, "g");

/**
 * The document with the file that was dropped in place of its placeholders, wherever a text holds them:
 *
 *     {{url}}  s3://bucket/incoming/may.csv     {{name}}  may.csv     {{run}}  the run's id
 *     {{bucket}}  bucket     {{key}}  incoming/may.csv     {{stem}}  may
 *
 * The source of a user's function stays as it is.
 */
export function filled(json: Json, { bucket, key }: Dropped, run: string): Json {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const stem = name.replace(/(?<=.)\.[^.]*$/, "");
  const values = { url: `s3://${bucket}/${key}`, bucket, key, name, stem, run };
  return mapTexts(json, "", (text) => text.replaceAll(PLACEHOLDER, (_, found: keyof typeof values) => values[found]));
}

/** Only {{run}} has a meaning where no file was dropped. @throws PlanError */
export function filledWithout(json: Json, run: string): Json {
  return mapTexts(json, "", (text, path) =>
    text.replaceAll(PLACEHOLDER, (whole, found: string) =>
      found === "run"
        ? run
        : refuse(path, `no ${whole}, since no file was dropped`, text, 'pass { "key": "…" } with it.'),
    ),
  );
}

function mapTexts(json: Json, path: string, change: (text: string, path: string) => string): Json {
  if (typeof json === "string") return change(json, path);
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((one: Json, i) => mapTexts(one, `${path}[${i}]`, change));
  const entries = Object.entries(json as { readonly [key: string]: Json }); // what is left of Json
  if (entries.some(([key, value]) => key === "kind" && value === "inline")) return json;
  return Object.fromEntries(entries.map(([key, one]) => [key, mapTexts(one, join(path, key), change)]));
}
