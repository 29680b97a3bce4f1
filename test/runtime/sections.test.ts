import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSections, readSection, sectionCount } from "../../lib/runtime/sections.ts";

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
