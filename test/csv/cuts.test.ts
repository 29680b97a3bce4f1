import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Client, col, readCsv, size, type CsvOptions, type DataFrame } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { cutReader } from "./ranges.ts";
import { bits, fixture, plain } from "./support.ts";

/** A file cut anywhere gives the answer of the file in one piece, bit for bit. */

const store = defaultStore();
const nasty = readFileSync(fixture("nasty.csv"));
const text = nasty.toString();
const crlf = text.replace(/\r?\n/g, "\r\n").replace("quan\r\n", "quan\n");

const quantity = col("quan\ntity");
const all = {
  rows: size(),
  quantity: quantity.sum(),
  mean: quantity.mean(),
  price: col("price").sum(),
  priceMean: col("price").mean(),
  low: col("price").min(),
  high: col("price").max(),
  least: col("id").min(),
  most: col("id").max(),
  flags: col("flag").sum(),
  note: col('no"te').max(),
  leastKey: col("key").min(),
};

/** What is asked of each file. */
function questions(path: string, options: CsvOptions = {}): [string, DataFrame][] {
  const frame = readCsv(path, options);
  const byKey = frame.groupBy("key", { keepNulls: true }).agg(all);
  return [
    ["rows", frame],
    [
      "filtered rows",
      frame
        .filter(quantity.gt(3))
        .assign({ twice: quantity.mul(2) })
        .select("twice", "key", "id"),
    ],
    ["groups of strings", byKey],
    ["groups of wide integers and booleans", frame.groupBy("id", "flag").agg({ rows: size(), sum: quantity.sum() })],
    ["no keys", frame.agg({ rows: size(), price: col("price").sum(), id: col("id").count() })],
  ];
}

const names = ["key", "id", "quan\ntity", "price", "flag", 'no"te'];
const variants: readonly (readonly [name: string, content: string | Uint8Array, options?: CsvOptions])[] = [
  ["as it is", nasty],
  ["with CRLF everywhere", crlf],
  ["with blank lines before and after", `\r\n\n\r\n${text.slice(1)}\n\n\r\n`],
  ["without a header", text.slice(text.indexOf("\r\n\r\n") + 4), { header: false, names }],
];

describe.each(variants.map(([name, content, options]) => ({ name, content, options })))(
  "$name",
  ({ name, content, options }) => {
    const bytes = Buffer.from(content);
    const url = `memory://cuts/${name}`;

    test("cut in two at every byte", async () => {
      await store.put(url, bytes);
      // One question that shows every row, and one that shows every kind of group.
      for (const [question, frame] of questions(url, options).filter(
        (_, i) => i === 0 || (i === 2 && name === "as it is"),
      )) {
        const read = await cutReader(frame, store);
        const wanted = bits((await read([])).plain);
        let repaired = 0;
        for (let cut = 1; cut < bytes.length; cut++) {
          const found = await read([cut]);
          if (bits(found.plain) !== wanted) expect(bits(found.plain), `${question}, cut at ${cut}`).toBe(wanted);
          repaired += found.repaired;
        }
        // Wrong guesses are what this is about.
        expect(repaired).toBeGreaterThan(500);
      }
    });

    const threads = [
      [1, [13, 501]],
      [2, [33, 71]],
      [3, [101]],
      [8, [90]],
    ] as const;
    test.each([[0, [1, 2, 3, 7, 16, 64, 100, 1_000]] as const, ...(name === "as it is" ? threads : [])])(
      "in blocks of a few bytes, %i threads",
      async (workers, blockSizes) => {
        await store.put(url, bytes);
        await using client = await Client.local({ workers, store, progress: false });
        for (const [at, [question, frame]] of questions(url, options).entries()) {
          const wanted = bits(plain(await client.compute(frame)));
          for (const blockSize of at === 0 ? blockSizes : blockSizes.slice(-2)) {
            const [, cut] = questions(url, { ...options, blockSize })[at];
            let tasks = 0;
            const off = client.onEvent((event) => (tasks += event.type === "stage-started" ? event.tasks : 0));
            const found = bits(plain(await client.compute(cut)));
            off();
            if (found !== wanted) expect(found, `${question}, blocks of ${blockSize}`).toBe(wanted);
            expect(tasks).toBeGreaterThanOrEqual(Math.floor(bytes.length / blockSize));
          }
        }
      },
    );
  },
);
