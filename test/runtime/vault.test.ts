import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { encodeSections } from "../../lib/runtime/sections.ts";
import { Vault, type Spill } from "../../lib/runtime/vault.ts";

const filled = (n: number) => new Uint8Array(10_000).fill(n);

async function until(check: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !check(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(check()).toBe(true);
}

test("the oldest go to disk beyond the budget, and come back in shared memory", async () => {
  const spills: Spill[] = [];
  const vault = new Vault(25_000, (spill) => spills.push(spill));
  for (let i = 0; i < 5; i++) vault.put("r", "s", i, filled(i));
  await until(() => vault.memory <= 25_000);
  expect(spills).toHaveLength(3);
  expect(vault.peek("r", "s", 0)).toBeUndefined();
  expect(vault.peek("r", "s", 4)).toBeDefined();
  for (let i = 0; i < 5; i++) expect(await vault.get("r", "s", i)).toEqual(filled(i));
  expect((await vault.get("r", "s", 0)).buffer).toBeInstanceOf(SharedArrayBuffer);
  vault.delete("r", "s", 0);
  await expect(vault.get("r", "s", 0)).rejects.toMatchObject({ tag: "NotFound" });
  vault.deleteRun("r", "other");
  expect(vault.size).toBe(0);
  expect(vault.memory).toBe(0);
  await vault.close();
});

test("what is deleted at any moment of its writing is gone, and nothing else is", async () => {
  const vault = new Vault(0);
  for (let i = 0; i < 30; i++) {
    vault.put("r", "s", i, filled(i));
    vault.put("r", "s", `beside-${i}`, filled(i));
    for (let turns = 0; turns < i % 6; turns++) await new Promise(setImmediate);
    vault.delete("r", "s", i);
  }
  for (let i = 0; i < 30; i++) expect(await vault.get("r", "s", `beside-${i}`)).toEqual(filled(i));
  await until(() => vault.memory === 0);
  expect(vault.size).toBe(30);
  await vault.close();
});

test("a key is written once", async () => {
  const vault = new Vault(1_000_000);
  vault.put("r", "s", 0, filled(1));
  expect(() => vault.put("r", "s", 0, filled(1))).toThrow(/in the vault already/);
  await vault.close();
});

test("closing leaves no file behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vault-"));
  vi.stubEnv("TMPDIR", folder);
  const vault = new Vault(5_000);
  for (let i = 0; i < 4; i++) vault.put("r", "s", i, filled(i));
  await until(() => vault.memory === 0);
  expect(readdirSync(folder)).toHaveLength(1);
  await vault.close();
  expect(readdirSync(folder)).toEqual([]);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("a section comes from memory and from disk alike", async () => {
  const vault = new Vault(25_000);
  for (let i = 0; i < 4; i++) vault.put("r", "s", i, encodeSections([filled(i), filled(i + 10)]));
  await until(() => vault.memory <= 25_000);
  expect(vault.peek("r", "s", 0)).toBeUndefined();
  for (let i = 0; i < 4; i++) {
    expect(await vault.section("r", "s", i, 0)).toEqual(filled(i));
    expect(await vault.section("r", "s", i, 1)).toEqual(filled(i + 10));
  }
  await expect(vault.section("r", "s", 9, 0)).rejects.toMatchObject({ tag: "NotFound" });
  await vault.close();
});
