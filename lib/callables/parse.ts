import { createRequire } from "node:module";
import type * as Acorn from "acorn";
import type * as Scopes from "eslint-scope";

/**
 * Both are loaded when the first inline function comes (25 ms), synchronously, since `bag.map(f)` is. The casts say what
 * the packages' own types say.
 */
const load = createRequire(import.meta.url);
const acorn = (): typeof Acorn => load("acorn") as typeof Acorn;
const scopes = (): typeof Scopes => load("eslint-scope") as typeof Scopes;

/** A node of the tree, seen as the plain object that it is. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [key: string]: unknown;
}

/** An inline function after parsing. `text` is what the nodes' offsets count in; the function's first line is its line 1. */
export interface ParsedFunction {
  readonly text: string;
  readonly program: Node;
  /** FunctionExpression or ArrowFunctionExpression. */
  readonly function: Node;
  /** As it was written, by lines. */
  readonly lines: readonly string[];
  /** The source of an expression that gives the function: its own, but for methods. */
  readonly expression: string;
}

const OPTIONS: Acorn.Options = {
  ecmaVersion: "latest",
  sourceType: "script",
  ranges: true,
  locations: true,
  // What these allow is looked for in the tree, where more can be said about it than the parser does.
  allowSuperOutsideMethod: true,
  allowImportExportEverywhere: true,
  checkPrivateFields: false,
};

/** @throws SyntaxError, the parser's, where the text is neither a function expression nor a method. */
export function parseFunction(source: string): ParsedFunction {
  const text = `(${source}\n)`;
  let failure: unknown;
  try {
    const program = parse(text);
    const found = expressionOf(program);
    if (isFunction(found)) return { text, program, function: found, lines: source.split("\n"), expression: source };
    failure = new SyntaxError("its text is not that of a function");
  } catch (error) {
    failure = error;
  }
  return parseMethod(source) ?? raise(failure);
}

function raise(failure: unknown): never {
  throw failure;
}

/** `scale(x) { … }`, with `async`, `*`, `get`, and any kind of name. */
function parseMethod(source: string): ParsedFunction | undefined {
  // No object may have a private method; what calls it, calls it by this name only within its class.
  const text = `({${source.replace(/^((?:async\b)?[\s*]*)#/, "$1_")}\n})`;
  let program: Node;
  try {
    program = parse(text);
  } catch {
    return undefined; // the parser's first error says more
  }
  const method = methodOf(expressionOf(program));
  if (method === undefined) return undefined;
  const modifiers = `${method["async"] === true ? "async " : ""}${method["generator"] === true ? "*" : ""}`;
  // The name may be computed from outer variables, and nothing depends on it.
  const expression = `({ ${modifiers}method${text.slice(method.start, method.end)} }).method`;
  const again = `(${expression}\n)`;
  const plain = parse(again);
  const within = methodOf(expressionOf(plain)["object"] as Node); // the expression above is `(…).method`
  return within && { text: again, program: plain, function: within, lines: source.split("\n"), expression };
}

/** The function of an object literal's one method. */
function methodOf(literal: Node): Node | undefined {
  const [property] = literal["properties"] as readonly Node[]; // an object literal has them
  const method = property?.["value"] as Node | undefined;
  return method !== undefined && isFunction(method) ? method : undefined;
}

function parse(text: string): Node {
  return acorn().parse(text, OPTIONS) as unknown as Node; // see Node
}

function expressionOf(program: Node): Node {
  // The program is one parenthesis.
  return (program["body"] as readonly { readonly expression: Node }[])[0].expression;
}

function isFunction(node: Node): boolean {
  return node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";
}

/** The node of an expression, as a class. @throws SyntaxError, the parser's. */
export function parseExpression(source: string): Node {
  return expressionOf(parse(`(${source}\n)`));
}

/** Identifiers that nothing in the program declares. */
export function undeclared(program: Node): Node[] {
  const { globalScope } = scopes().analyze(program as never, {
    ecmaVersion: 2022,
    sourceType: "script",
    ignoreEval: true,
  });
  // eslint-scope's nodes are those it was given.
  return (globalScope?.through ?? []).map((reference) => reference.identifier as unknown as Node);
}

/** Calls `visit` for each node below (and with) one; `visit` returns false where what is below should be passed over. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => boolean, parent?: Node): void {
  if (!visit(node, parent)) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === "loc" || key === "range") continue;
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, node);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
