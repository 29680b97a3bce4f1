import { expect, test } from "vitest";
import { col, fromSequence, random, readCsv, readImages } from "../../lib/index.ts";
import { AbanicoError, type Json } from "../../lib/errors.ts";
import { askedOf } from "../../lib/runtime/aws/pipeline-request.ts";

type Plain = { [key: string]: unknown };
type Path = readonly (string | number)[];

const sales = () => readCsv("s3://b/in/*.csv", { types: { a: "int64" } });
const frame = () =>
  sales()
    .filter(col("a").gt(5))
    .assign({ c: col("a").mul(2).cast("float64") })
    .join(sales().select(["a"]), { on: "a" })
    .groupBy("c")
    .agg({ s: col("a").sum() })
    .sort("s")
    .head(10);
const normal = () => random.normal([60, 40], { seed: 7, chunks: [25, 20] }).add(1);
const DOCUMENTS: readonly [string, object][] = [
  ["a frame that is written", { collection: frame(), write: { format: "csv", path: "s3://b/o/", delimiter: ",", header: true, overwrite: true }, notify: true, maxCost: 1, stallMs: 5_000, deadlineMs: 5_000 }], // prettier-ignore
  ["an array that is written", { collection: normal(), write: { format: "zarr", path: "s3://b/o", version: 3, compression: "gzip", overwrite: false } }], // prettier-ignore
  ["a reduction", { collection: normal().slice([0, 10]).transpose().mean({ axis: 0 }) }],
  ["images", { collection: readImages("s3://b/*.png").grayscale().write("s3://b/o/{name}.png") }],
  ["a bag", { collection: fromSequence([1, 2, 3], { partitions: 2 }) }],
];
const WRONG: readonly Json[] = [null, -1, 1.5, "x", "", true, {}, [], [null], { zz: 1 }];

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value))
    yield* pathsIn(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}
const shown = (path: Path) =>
  path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");

/** The document with one value changed; undefined: left out. */
function changed(document: object, path: Path, to: Json | undefined): Plain {
  const copy = JSON.parse(JSON.stringify(document)) as Plain; // of an object
  let place = copy;
  for (const key of path.slice(0, -1)) place = place[key] as Plain; // a path within it
  const last = path[path.length - 1];
  if (to !== undefined) place[last] = to;
  else if (Array.isArray(place)) place.splice(Number(last), 1);
  else delete place[last];
  return copy;
}

test.each(DOCUMENTS)("of %s, what is wrong in any field is refused, and where that is", (_, given) => {
  const document = JSON.parse(JSON.stringify(given)) as Plain; // of an object
  askedOf(document);
  let refused = 0;
  for (const path of pathsIn(document))
    for (const to of [...WRONG, undefined]) {
      try {
        askedOf(changed(document, path, to));
      } catch (error) {
        refused++;
        const what = `${shown(path)} = ${JSON.stringify(to)}: ${String(error)}`;
        if (!(error instanceof AbanicoError)) throw new Error(what, { cause: error });
        const where: unknown = error.fields["path"];
        expect(typeof where, what).toBe("string");
        // In the value, or around it where it is the shape that is wrong.
        const [inside, beside] = [shown(path), shown(path.slice(0, -1))];
        const near = inside.startsWith(String(where)) || String(where).startsWith(beside);
        expect(near, `${what}\n  says it is at ${String(where)}`).toBe(true);
      }
    }
  // Of most fields, most of these are wrong.
  expect(refused).toBeGreaterThan(5 * [...pathsIn(document)].length);
});

test("a field that nobody knows is refused wherever it stands", () => {
  for (const [, given] of DOCUMENTS) {
    const document = JSON.parse(JSON.stringify(given)) as Plain; // of an object
    for (const key of ["collection", "write"].filter((one) => one in document))
      expect(() => askedOf(changed(document, [key, "zzz"], 1))).toThrow(/zzz/);
  }
});
