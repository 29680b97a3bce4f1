/**
 * Functions that cut lines into words by JavaScript's string methods alone, found by reading their source, so that words that are only
 * counted can be counted from the text's bytes:
 *
 *     (line) => line.split(" ")      (line) => line.trim().toLowerCase().split(/\W+/).filter(Boolean)
 *
 * What is found says what those methods do to lines of ASCII characters; all other lines go through the functions themselves. Whatever
 * is not surely one of these forms is none.
 */
import { parseFunction, type Node } from "../../../callables/parse.ts";
import type { CallableRef } from "../../../callables/reference.ts";
import type { BagStep } from "../../../collections/bag/nodes.ts";
import type { Words } from "../../../kernels/bag/params.ts";
import { ignoresCase, separatorOf, type Separator } from "./separators.ts";

/** What the steps make of a line, if it is words; undefined for all other steps. */
export function wordsOf(steps: readonly BagStep[]): Words | undefined {
  const cut = new Cut();
  return steps.every((step) => cut.takes(step)) ? cut.words() : undefined;
}

/** A function of one parameter that gives one expression. */
interface Plain {
  readonly parameter: string;
  readonly body: Node;
}

interface Call {
  readonly method: string;
  readonly args: readonly Node[];
}

/** What is known of the steps so far: first of lines, then of words. */
class Cut {
  #trim = { start: false, end: false };
  #letters: Words["letters"] = "kept";
  #separator: Separator | undefined;
  #empty = true;

  takes(step: BagStep): boolean {
    if (step.do === "pluck" || step.args.length > 0) return false;
    if (step.do === "filter") return this.#separator !== undefined && this.#fill(isNotEmpty(step.fn));
    const fn = plainOf(step.fn);
    const calls = fn && callsOn(fn.body, fn.parameter);
    if (calls === undefined) return false;
    if (step.do === "map") return calls.every((call) => this.#text(call));
    const at = calls.findIndex(({ method }) => method === "split");
    return (
      at >= 0 &&
      calls.slice(0, at).every((call) => this.#text(call)) &&
      this.#split(calls[at]) &&
      calls.slice(at + 1).every((call) => this.#list(call))
    );
  }

  words(): Words | undefined {
    if (this.#separator === undefined) return undefined;
    const { shown, ...separator } = this.#separator;
    const trim = this.#trim;
    return { ...separator, trim, letters: this.#letters, empty: this.#empty, shown: `split(${shown})` };
  }

  /** A method of a line, or of each word. */
  #text({ method, args }: Call): boolean {
    if (args.length > 0) return false;
    const isLine = this.#separator === undefined;
    switch (method) {
      case "toLowerCase":
        this.#letters = "lower";
        return true;
      case "toUpperCase":
        this.#letters = "upper";
        return true;
      case "trim":
        this.#trim = { start: true, end: true };
        return isLine;
      case "trimStart":
        this.#trim = { ...this.#trim, start: true };
        return isLine;
      case "trimEnd":
        this.#trim = { ...this.#trim, end: true };
        return isLine;
      default:
        return false;
    }
  }

  #split({ args }: Call): boolean {
    if (this.#separator !== undefined || args.length !== 1) return false;
    this.#separator = separatorOf(args[0]);
    if (this.#separator === undefined) return false;
    return this.#letters === "kept" || ignoresCase(this.#separator, this.#letters);
  }

  /** A method of the list of words. */
  #list({ method, args }: Call): boolean {
    if (args.length !== 1) return false;
    if (method === "filter") return this.#fill(isNotEmptyTest(args[0]));
    const fn = method === "map" ? plainFunction(args[0]) : undefined;
    return fn !== undefined && (callsOn(fn.body, fn.parameter)?.every((call) => this.#text(call)) ?? false);
  }

  #fill(isNotEmpty: boolean): boolean {
    this.#empty = false;
    return isNotEmpty;
  }
}

function plainOf(ref: CallableRef): Plain | undefined {
  const node = functionIn(ref);
  return node && plainFunction(node);
}

/** Undefined for what is no function's own source: methods, exports, built-in functions. */
function functionIn(ref: CallableRef): Node | undefined {
  if (ref.kind !== "inline") return undefined;
  try {
    return parseFunction(ref.source).function;
  } catch {
    return undefined; // a worker says so, should it really be none
  }
}

function plainFunction(node: Node): Plain | undefined {
  const isFunction = node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";
  if (!isFunction || node["async"] === true || node["generator"] === true) return undefined;
  const names = [node["id"], ...(node["params"] as readonly Node[])] as readonly (Node | null | undefined)[]; // as ESTree has them
  const [name, parameter] = names;
  // What else is named in these functions is `Boolean`, the global one.
  if (names.length !== 2 || [name, parameter].some((one) => one?.["name"] === "Boolean")) return undefined;
  const body = expressionIn(node["body"] as Node);
  if (parameter?.type !== "Identifier" || body === undefined) return undefined;
  return { parameter: String(parameter["name"]), body };
}

/** What a function gives that does nothing else. */
function expressionIn(body: Node): Node | undefined {
  if (body.type !== "BlockStatement") return body;
  const statements = body["body"] as readonly Node[];
  const [only] = statements;
  if (statements.length !== 1 || only.type !== "ReturnStatement") return undefined;
  return (only["argument"] as Node | null) ?? undefined;
}

/** The methods that are called on a parameter, one on what the other gave, as they come; undefined for any other expression. */
function callsOn(node: Node, parameter: string): readonly Call[] | undefined {
  if (isNamed(node, parameter)) return [];
  const callee = node.type === "CallExpression" && node["optional"] !== true ? (node["callee"] as Node) : undefined;
  if (callee?.type !== "MemberExpression" || callee["computed"] === true || callee["optional"] === true)
    return undefined;
  const before = callsOn(callee["object"] as Node, parameter);
  const method = String((callee["property"] as Node)["name"]); // not computed, so an identifier
  return before && [...before, { method, args: node["arguments"] as readonly Node[] }];
}

function isNamed(node: Node, name: string): boolean {
  return node.type === "Identifier" && node["name"] === name;
}

/** Whether a function tells words from empty ones. */
function isNotEmpty(ref: CallableRef): boolean {
  if (ref.kind === "builtin") return ref.name === "Boolean";
  const node = functionIn(ref);
  return node !== undefined && isNotEmptyTest(node);
}

/** `Boolean`, or as (w) => w.length > 0. */
function isNotEmptyTest(node: Node): boolean {
  if (isNamed(node, "Boolean")) return true;
  const fn = plainFunction(node);
  if (fn === undefined) return false;
  const { body, parameter } = fn;
  if (isNamed(body, parameter) || isLengthOf(body, parameter)) return true;
  if (body.type !== "BinaryExpression") return false;
  const [left, right] = [body["left"] as Node, body["right"] as Node];
  const test = right.type === "Literal" ? `${String(body["operator"])} ${JSON.stringify(right["value"])}` : "";
  if (isLengthOf(left, parameter)) return ["> 0", "!== 0", "!= 0", ">= 1"].includes(test);
  return isNamed(left, parameter) && ['!== ""', '!= ""'].includes(test);
}

function isLengthOf(node: Node, parameter: string): boolean {
  if (node.type !== "MemberExpression" || node["computed"] === true || node["optional"] === true) return false;
  return isNamed(node["object"] as Node, parameter) && isNamed(node["property"] as Node, "length");
}
