/**
 * A function as plain data: what a plan holds in its place, and what a worker makes it from again (load.ts).
 *
 * - `inline`: by its source, which a parser has found to use no outer variable. `file` and `line` say where the program gave it to us, for errors.
 * - `module`: an export of a module that was loaded by `fromModule`: esbuild's bundle of it, named by its content's hash. `cloud`: on its way to a stack, the hash
 *   of the bundle that has its packages inside, which lies in the stack's bucket.
 * - `builtin`: a function that every JavaScript engine has, by its path from the global object, as "Math.sqrt"; or one of this library's
 *   own, which own.ts names, as "abanico.reduce.mean".
 */
export type CallableRef =
  | {
      readonly kind: "inline";
      readonly source: string;
      readonly name: string;
      readonly file?: string;
      readonly line?: number;
    }
  | {
      readonly kind: "module";
      readonly bundle: string;
      readonly hash: string;
      readonly name: string;
      readonly cloud?: string;
    }
  | { readonly kind: "builtin"; readonly name: string };

/** Any function: what a user gives to run elsewhere. */
export type Callable = (...args: never[]) => unknown;

/** Equal for functions that do the same, wherever in their file they stand: by source (and file: from there imports are resolved), or by module and export. */
export function contentOf(ref: CallableRef): string {
  switch (ref.kind) {
    case "inline":
      return `i:${ref.file ?? ""}\n${ref.source}`;
    case "module":
      return `m:${ref.cloud ?? ref.hash}:${ref.name}:${ref.bundle}`;
    case "builtin":
      return `b:${ref.name}`;
  }
}

/** Equal for references to one function: those that messages and stacks name alike, too. */
export function identityOf(ref: CallableRef): string {
  return ref.kind === "inline" ? `${ref.line ?? ""} ${ref.name}\n${contentOf(ref)}` : contentOf(ref);
}
