/**
 * Stand-ins for what tools put into functions, and which does nothing that a task needs. They are defined beside an inline function
 * where it is compiled, if its source speaks of them.
 *
 * - `__name(fn, "name")`: esbuild and tsx keep names by it.
 * - `cov_1abc().s[0]++`: istanbul's counters. What runs elsewhere is not counted.
 * - `__vite_ssr_dynamic_import__("/node_modules/sharp/index.js")`: Vite's and Vitest's form of `import("sharp")`.
 */
const NAME = "const __name = (value) => value;";
const IMPORT = `const __vite_ssr_dynamic_import__ = (specifier) => import(${viteSpecifier("specifier")});`;
const COVERAGE = /\bcov_[0-9a-z]+\b/g;

/** Whether a variable of that name has a stand-in. */
export function hasShim(name: string): boolean {
  return name === "__name" || name === "__vite_ssr_dynamic_import__" || /^cov_[0-9a-z]+$/.test(name);
}

/** Declarations that an inline function's source needs before it, on one line; mostly none. */
export function shimsFor(source: string): string {
  const counters = source.includes("cov_") ? new Set(source.match(COVERAGE)) : [];
  return [
    source.includes("__name") ? NAME : "",
    source.includes("__vite_ssr_dynamic_import__") ? IMPORT : "",
    ...[...counters].map(counter),
  ].join("");
}

/** Called or read, it gives objects in which any count may be raised. */
function counter(name: string): string {
  return (
    `const ${name} = (() => { const lists = new Proxy({}, { get: () => [] });` +
    ` const counts = Object.assign(() => counts, { s: {}, f: {}, b: lists, bT: lists }); return counts; })();`
  );
}

/** Vite has resolved it: to a path from its root folder, where the program was started, or from the file system's behind "/@fs". */
function viteSpecifier(name: string): string {
  const exists = `process.getBuiltinModule("node:fs").existsSync(${name})`;
  const rooted = `${name}.startsWith("/") && !${exists} ? process.cwd() + ${name} : ${name}`;
  return `${name}.startsWith("/@fs/") ? ${name}.slice(4) : ${rooted}`;
}
