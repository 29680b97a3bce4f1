import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { encodeSections, readSection } from "../../lib/runtime/sections.ts";
import { readSpillFile, writeSections, writeWhole } from "../../lib/runtime/spill-file.ts";
import { Vault, type Spill } from "../../lib/runtime/vault.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "spill-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Empty, small, and larger than what is put together for a write. */
const sections = [0, 10, 300_000, 0, 7, 262_144, 1].map((size, i) => new Uint8Array(size).fill(i));

test("sections written one by one are the bytes of the object, and each is read alone", () => {
  const file = writeSections(folder(), sections.values());
  const whole = readSpillFile(file);
  expect(whole).toEqual(encodeSections(sections));
  expect(statSync(file.path).size).toBe(file.size);
  sections.forEach((section, p) => {
    expect(readSpillFile(file, p)).toEqual(section);
    expect(readSection(whole, p)).toEqual(section);
  });
  expect(() => readSpillFile(file, sections.length)).toThrow(/has 7 sections/);
  expect(() => readSpillFile({ ...file, size: file.size + 20 }, 0)).toThrow(/cut short/);
});

test("a section is made when it is its turn", () => {
  let alive = 0;
  const made = function* () {
    for (const section of sections) {
      alive++;
      yield section;
      alive--;
    }
  };
  writeSections(folder(), made());
  expect(alive).toBe(0);
});

test("a folder that takes no files is told, with what helps", () => {
  expect(() => writeWhole(join(tmpdir(), "no-such-folder"), new Uint8Array(10))).toThrow(
    expect.objectContaining({ tag: "Unreadable", fix: expect.stringContaining("TMPDIR") as string }) as Error,
  );
});

test("outputs go to a folder once half the memory is used, and are the vault's then", async () => {
  const spills: Spill[] = [];
  const vault = new Vault(20_000, (spill) => spills.push(spill));
  expect(vault.spillTo()).toBeUndefined();
  // Of so many outputs all would be in the way of who reads them.
  expect(vault.spillTo(80_000)).toBeUndefined();
  expect(vault.spillTo(80_001)).toBeDefined();
  vault.put("r", "s", 0, new Uint8Array(10_000).fill(1));
  const to = vault.spillTo();
  if (to === undefined) throw new Error("no folder");
  const file = writeSections(to, sections);
  vault.putFile("r", "s", 1, file);
  expect(spills).toEqual([{ run: "r", stage: "s", bytes: file.size }]);
  expect(vault.memory).toBe(10_000);
  expect(vault.fileOf("r", "s", 0)).toBeUndefined();
  expect(vault.fileOf("r", "s", 1)).toEqual(file);
  expect(await vault.section("r", "s", 1, 2)).toEqual(sections[2]);
  expect(() => vault.putFile("r", "s", 1, file)).toThrow(/in the vault already/);
  vault.deleteRun("r");
  for (let i = 0; i < 500 && existsSync(file.path); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(existsSync(file.path)).toBe(false);
  await vault.close();
  expect(existsSync(to)).toBe(false);
});
