import fc from "fast-check";
import { expect, test } from "vitest";
import type { Reader } from "../../lib/store/store.ts";
import { withReadAhead } from "../../lib/store/with-read-ahead.ts";

const MIB = 1024 * 1024;

/** A remote object whose bytes tell where they stand, and what was asked of it. */
function remote(size: number): { reader: Reader; asked: [number, number][] } {
  const asked: [number, number][] = [];
  const reader: Reader = {
    info: { url: "s3://b/k", size, etag: "e" },
    async read(start, end) {
      asked.push([start, end]);
      return Uint8Array.from({ length: Math.max(0, Math.min(end, size) - start) }, (_, i) => (start + i) % 251);
    },
    async close() {},
  };
  return { reader, asked };
}

test("small steps become few requests, none beyond the end", async () => {
  const { reader, asked } = remote(10 * MIB);
  const ahead = withReadAhead(reader, 9 * MIB);
  for (let at = 0; at < 9 * MIB; at += 128 * 1024) {
    const bytes = await ahead.read(at, at + 128 * 1024);
    expect([bytes.length, bytes[0], bytes[5]]).toEqual([128 * 1024, at % 251, (at + 5) % 251]);
  }
  expect(asked).toEqual([[0, 4 * MIB], [4 * MIB, 8 * MIB], [8 * MIB, 9 * MIB]]); // prettier-ignore
});

test("any reads give what the object holds", async () => {
  const size = 5 * MIB + 17;
  const range = fc.tuple(fc.integer({ min: 0, max: size + 10 }), fc.integer({ min: 0, max: 100_000 }));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 6 }), fc.integer({ min: 0, max: size }), async (ranges, end) => {
      const { reader } = remote(size);
      const ahead = withReadAhead(reader, end);
      for (const [start, length] of ranges)
        expect(await ahead.read(start, start + length)).toEqual(await reader.read(start, start + length));
    }),
    { numRuns: 30 },
  );
});

test("a failure is told to whoever reads, and to nobody else", async () => {
  const { reader } = remote(8 * MIB);
  const failing: Reader = {
    ...reader,
    read: (start, end) => (start === 0 ? reader.read(start, end) : Promise.reject(new Error("gone"))),
  };
  const ahead = withReadAhead(failing, 8 * MIB);
  expect((await ahead.read(0, 10)).length).toBe(10);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await expect(ahead.read(4 * MIB, 4 * MIB + 1)).rejects.toThrow("gone");
});
