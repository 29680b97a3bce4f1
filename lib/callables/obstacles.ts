import { isWorkerGlobal } from "./globals.ts";
import { undeclared, walk, type Node, type ParsedFunction } from "./parse.ts";
import { hasShim } from "./shims.ts";

/** Something in an inline function that does not travel with its source. */
export interface Obstacle {
  /** The variable's name; for an imported member that name; otherwise the construct: "this", "super", "import.meta", "eval". */
  readonly name: string;
  /** `variable`: passing it as an argument helps. The others say in `why` what would. */
  readonly kind: "variable" | "import" | "module-variable" | "itself" | "helper" | "construct";
  readonly why: string;
  /** In the function, from 1; and that line, trimmed. */
  readonly line: number;
  readonly text: string;
}

/** Vite's and Vitest's, TypeScript's and esbuild's names for what was imported. */
const NAMESPACE = /^(__vi_import_\d+__|__vite_ssr_import_\d+__|import_\w+|\w+_\d+)$/;
/** Functions that transpilers add to old targets: TypeScript's, esbuild's, SWC's and Babel's. */
const HELPER =
  /^(tslib_\d+|__(async\w*|await\w*|assign|generator|rest|spread\w*|read|values|param|metadata|\w*[dD]ecorat\w*|public\w*|private\w*|class\w*|obj\w*|import\w+|to[A-Z]\w+|require|pow|using|callDispose|\w*Disposable\w*|yieldStar|forAwait)|_(async_\w+|object_\w+|define_\w+|class_\w+|interop_\w+|to_consumable\w+|asyncToGenerator|objectSpread2?|objectWithout\w+|defineProperty|extends|interopRequire\w+|toConsumableArray|classPrivate\w+))$/;
const IMPORT_META = "it names the file where it was written: pass what is needed of it as an argument";
const MODULE_VARIABLES = ["require", "module", "exports", "__filename", "__dirname"];

/** What a function needs from the place where it was written: nothing, if it may travel by its source. */
export function obstaclesOf(parsed: ParsedFunction, ownName: string): Obstacle[] {
  const parents = new Map<Node, Node | undefined>();
  const found = new Map<string, Obstacle>();
  const add = (node: Node, kind: Obstacle["kind"], name: string, why = "") => {
    const line = node.loc?.start.line ?? 1;
    // Type stripping leaves blanks where types were.
    const shown = (parsed.lines[line - 1] ?? "")
      .trim()
      .replace(/\s+(?=[),])/g, "")
      .replace(/\s{2,}/g, " ");
    if (!found.has(name)) found.set(name, { name, kind, why, line, text: shown });
  };
  walk(parsed.program, (node, parent) => {
    parents.set(node, parent);
    const construct = constructOf(node);
    if (construct !== undefined) add(node, "construct", ...construct);
    return true;
  });
  for (const [node, why] of lexicalThis(parsed.function))
    add(node, "construct", node.type === "Super" ? "super" : "this", why);
  for (const node of undeclared(parsed.program)) {
    const name = String(node["name"]);
    if (hasShim(name) || isTypeof(parents.get(node)) || (isWorkerGlobal(name) && name !== "arguments")) continue;
    add(node, ...classify(name, parents.get(node), ownName));
  }
  return [...found.values()].sort((a, b) => a.line - b.line);
}

function classify(name: string, parent: Node | undefined, ownName: string): [Obstacle["kind"], string, string] {
  if (name === "__vite_ssr_import_meta__") return ["construct", "import.meta", IMPORT_META];
  if (name === "arguments")
    return ["construct", name, "it is that of the function around: take rest parameters, (...args) => …"];
  if (MODULE_VARIABLES.includes(name))
    return [
      "module-variable",
      name,
      `it belongs to the module where it was written: use await import(…), or pass a path as an argument`,
    ];
  if (HELPER.test(name))
    return ["helper", name, "a compiler added it for an old target: let it emit es2022 or newer, or use fromModule"];
  if (NAMESPACE.test(name) && parent?.type === "MemberExpression" && parent["computed"] !== true) {
    const member = String((parent["property"] as Node)["name"]); // not computed, so an identifier
    return ["import", member, "it is imported where the function was written"];
  }
  if (name === ownName)
    return [
      "itself",
      name,
      `it is the variable that holds the function: write it as function ${name}(…) { … }, which knows itself`,
    ];
  return ["variable", name, ""];
}

/** What cannot be checked, or means another thing elsewhere. */
function constructOf(node: Node): [string, string] | undefined {
  if (node.type === "MetaProperty" && (node["meta"] as Node)["name"] === "import") return ["import.meta", IMPORT_META];
  const callee = node.type === "CallExpression" ? (node["callee"] as Node) : undefined;
  if (callee?.type === "Identifier" && callee["name"] === "eval") return ["eval", "what it runs cannot be checked"];
  return undefined;
}

function isTypeof(parent: Node | undefined): boolean {
  return parent?.type === "UnaryExpression" && parent["operator"] === "typeof";
}

/** `this`, `super` and private names that are not of a function or class within. */
function lexicalThis(callable: Node): [Node, string][] {
  const found: [Node, string][] = [];
  const arrow = callable.type === "ArrowFunctionExpression";
  const why = arrow
    ? "it is that of the place where the function was written: pass what is needed of it as an argument"
    : "a function that is given away loses it: pass the object as an argument";
  const visit = (node: Node): boolean => {
    if (node !== callable && (node.type === "FunctionExpression" || node.type === "FunctionDeclaration")) return false;
    if (node.type === "ClassExpression" || node.type === "ClassDeclaration") return false;
    if (node.type === "ThisExpression" || node.type === "Super") found.push([node, why]);
    return true;
  };
  walk(callable, visit);
  return found;
}

/** Names as `#count` that no class within declares. */
export function foreignPrivateNames(callable: Node): string[] {
  const names = (node: Node, declared: ReadonlySet<string>): string[] => {
    const found: string[] = [];
    walk(node, (at, parent) => {
      if (at.type === "PrivateIdentifier" && !declared.has(String(at["name"]))) found.push(`#${String(at["name"])}`);
      if (at.type !== "ClassBody" || at === node) return true;
      const own = (at["body"] as readonly Node[]).map((member) => member["key"] as Node | undefined);
      const privates = own.filter((key) => key?.type === "PrivateIdentifier").map((key) => String(key?.["name"]));
      found.push(...names(at, new Set([...declared, ...privates])));
      return parent === undefined;
    });
    return found;
  };
  return [...new Set(names(callable, new Set()))];
}
