import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSections, readSection, readSectionBy, sectionCount } from "../../lib/runtime/sections.ts";

test("every section comes back, also from a view into a larger buffer and from shared memory", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), fc.boolean(), (sections, shared) => {
      const bytes = encodeSections(sections, (n) =>
        shared ? new Uint8Array(new SharedArrayBuffer(n)) : new Uint8Array(new ArrayBuffer(n + 7), 7, n),
      );
      expect(sectionCount(bytes)).toBe(sections.length);
      sections.forEach((section, p) => expect([...readSection(bytes, p)]).toEqual([...section]));
    }),
  );
});

test("bytes that are no exchange output are refused", () => {
  expect(() => sectionCount(new Uint8Array(100))).toThrow(/footer is missing/);
  expect(() => sectionCount(new Uint8Array(3))).toThrow(/footer is missing/);
  const bytes = encodeSections([new Uint8Array(4)]);
  expect(() => readSection(bytes, 1)).toThrow(/no section 1/);
  const newer = bytes.slice();
  newer[newer.length - 8] = 9;
  expect(() => sectionCount(newer)).toThrow(/version 9/);
});

test("a section is read of an object without reading the rest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 20 }), async (sections) => {
      const bytes = encodeSections(sections);
      for (const [p, section] of sections.entries()) {
        let most = 0;
        const read = async (start: number, end: number) => {
          most = Math.max(most, end - start);
          return bytes.slice(start, end);
        };
        expect([...(await readSectionBy(read, bytes.length, p))]).toEqual([...section]);
        expect(most).toBeLessThanOrEqual(Math.max(16, section.length));
      }
      await expect(readSectionBy(async (a, b) => bytes.slice(a, b), bytes.length, sections.length)).rejects.toThrow(
        /no section/,
      );
    }),
  );
});
