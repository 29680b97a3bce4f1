import { describe, expect, test } from "vitest";
import { AbanicoError, Client, readCsv, type CsvOptions } from "../../lib/index.ts";
import { failure, fixture, fixtureJson } from "./support.ts";

/** Every file that must be refused, with the same error for any number of threads and any block size. */

interface Refusal {
  readonly files: readonly string[];
  readonly options: CsvOptions;
  readonly error: {
    readonly tag: string;
    readonly file: string;
    readonly offset: number;
    readonly row: number;
    readonly column: string | null;
    readonly text: string | null;
  };
}

const names = fixtureJson<readonly string[]>("errors/cases.json");

describe.each([
  ["inline", 0, [undefined, 1, 7, 64]],
  ["two threads", 2, [undefined, 5, 100]],
] as const)("%s", async (_, workers, blockSizes) => {
  const client = await Client.local({ workers, progress: false, memoryLimit: "256MB" });

  test.each(names)("%s", async (name) => {
    const { files, options, error: wanted } = fixtureJson<Refusal>(`errors/${name}.json`);
    const messages = new Set<string>();
    for (const blockSize of blockSizes) {
      const paths = files.map((file) => fixture(`errors/${file}`));
      const error = await failure(
        client.compute(readCsv(paths, { ...options, ...(blockSize === undefined ? {} : { blockSize }) })),
      );
      if (!(error instanceof AbanicoError)) throw error;
      const { url, offset, row, column, text } = error.fields;
      const found = { tag: error.tag, file: String(url).split("/").pop(), offset, row };
      expect(found).toEqual({ tag: wanted.tag, file: wanted.file, offset: wanted.offset, row: wanted.row });
      if (wanted.column !== null && wanted.row > 0) expect(column).toBe(wanted.column);
      if (wanted.text !== null) expect(text).toBe(wanted.text);
      expect(error.fix).toMatch(/\w{4}/);
      expect(error.fields).not.toHaveProperty("rowBase");
      expect(error.message).toContain(String(url));
      expect(error.message).not.toContain("{row}");
      messages.add(error.message);
    }
    expect([...messages]).toHaveLength(1);
  });

  test("the client ends", () => client.close());
});
