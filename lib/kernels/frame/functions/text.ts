import type { Params } from "../../../collections/functions/spec.ts";
import { TEXT_FUNCTIONS } from "../../../collections/functions/text.ts";
import type { FunctionNode } from "../../../collections/expression/nodes.ts";
import type { TextFunction } from "../../../collections/functions/table.ts";
import { TextDictionary, type Batch, type Column, type StringColumn } from "../column.ts";
import { mapTexts } from "./text-map.ts";
import { ColumnValues } from "./whole.ts";

type Result = string | number | boolean | null;
type Texts = readonly string[];

/** Each function's answer for one row; nulls do not get here. */
const ANSWERS: Readonly<Record<TextFunction, (params: Params) => (texts: Texts) => Result>> = {
  lower:
    () =>
    ([text]) =>
      text.toLowerCase(),
  upper:
    () =>
    ([text]) =>
      text.toUpperCase(),
  trim: trimmer(
    (text, isCut) => cutEnd(cutStart(text, isCut), isCut),
    (text) => text.trim(),
  ),
  trimStart: trimmer(cutStart, (text) => text.trimStart()),
  trimEnd: trimmer(cutEnd, (text) => text.trimEnd()),
  length:
    () =>
    ([text]) =>
      isSimple(text) ? text.length : [...text].length,
  slice: (params) => {
    const [start, end] = [params["start"] as number, params["end"] as number | undefined]; // as their specs say
    return ([text]) => (isSimple(text) ? text.slice(start, end) : [...text].slice(start, end).join(""));
  },
  contains:
    () =>
    ([text, what]) =>
      text.includes(what),
  startsWith:
    () =>
    ([text, start]) =>
      text.startsWith(start),
  endsWith:
    () =>
    ([text, end]) =>
      text.endsWith(end),
  matches: (params) => {
    const pattern = patternOf(params);
    return ([text]) => pattern.test(text);
  },
  like: ({ pattern, ignoreCase }) => {
    const whole = likePattern(String(pattern), ignoreCase === true);
    return ([text]) => whole.test(text);
  },
  extract: (params) => {
    const pattern = patternOf(params);
    const group = Number(params["group"] ?? 1);
    return ([text]) => pattern.exec(text)?.[group] ?? null;
  },
  replace:
    () =>
    ([text, what, by]) =>
      what === "" ? ["", ...text, ""].join(by) : text.split(what).join(by),
  replacePattern: (params) => {
    const pattern = patternOf(params, "g");
    const by = String(params["by"]);
    return ([text]) => text.replace(pattern, by);
  },
  splitPart:
    ({ separator, index }) =>
    ([text]) =>
      split(text, String(separator)).at(Number(index)) ?? null,
  splitCount:
    ({ separator }) =>
    ([text]) =>
      split(text, String(separator)).length,
  concat: () => (texts) => texts.join(""),
  padStart:
    ({ width, fill = " " }) =>
    ([text]) =>
      padding(text, Number(width), String(fill)) + text,
  padEnd:
    ({ width, fill = " " }) =>
    ([text]) =>
      text + padding(text, Number(width), String(fill)),
};

/** Whether each of JavaScript's units is a character. */
function isSimple(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}

function trimmer(cut: (text: string, isCut: (c: string) => boolean) => string, white: (text: string) => string) {
  return ({ characters }: Params) => {
    if (typeof characters !== "string") return ([text]: Texts) => white(text);
    const set = new Set(characters);
    return ([text]: Texts) => cut(text, (c) => set.has(c));
  };
}

function cutStart(text: string, isCut: (c: string) => boolean): string {
  let at = 0;
  for (const c of text) {
    if (!isCut(c)) break;
    at += c.length;
  }
  return text.slice(at);
}

function cutEnd(text: string, isCut: (c: string) => boolean): string {
  const characters = [...text];
  while (characters.length > 0 && isCut(characters[characters.length - 1])) characters.pop();
  return characters.join("");
}

function split(text: string, separator: string): string[] {
  return separator === "" ? [...text] : text.split(separator);
}

function padding(text: string, width: number, fill: string): string {
  const lacks = width - (isSimple(text) ? text.length : [...text].length);
  if (lacks <= 0 || fill === "") return "";
  const characters = [...fill];
  return Array.from({ length: lacks }, (_, i) => characters[i % characters.length]).join("");
}

function patternOf({ pattern, flags = "" }: Params, more = ""): RegExp {
  return new RegExp(String(pattern), `u${String(flags)}${more}`);
}

/** SQL's pattern as a regular expression. */
function likePattern(pattern: string, ignoreCase: boolean): RegExp {
  const source = pattern.replace(/\\([^])|[%_]|[/$()*+.?[\\\]^{|}]/gu, (found, escaped: string | undefined) => {
    if (found === "%") return "[^]*";
    if (found === "_") return "[^]";
    return literally(escaped ?? found);
  });
  return new RegExp(`^${source}$`, ignoreCase ? "iu" : "u");
}

function literally(character: string): string {
  return /[/$()*+.?[\\\]^{|}]/.test(character) ? `\\${character}` : character;
}

type Evaluator = (batch: Batch) => Column;

/** A function of texts as an evaluator. With one argument that is no constant it is done once a distinct string, otherwise row by row. */
export function textCall(node: FunctionNode & { op: TextFunction }, args: readonly Evaluator[]): Evaluator {
  const answer = ANSWERS[node.op](node.params ?? {});
  const type = TEXT_FUNCTIONS[node.op].result;
  const constants = node.args.map((arg) => (arg.op === "lit" && arg.type === "string" ? String(arg.value) : undefined));
  const open = constants.flatMap((text, i) => (text === undefined ? [i] : []));
  const at = open.length > 0 ? open[0] : 0;
  if (open.length <= 1) {
    const map = mapTexts(type, (text) => answer(constants.map((constant, i) => (i === at ? text : (constant ?? "")))));
    return (batch) => map(textsOf(args[at](batch)));
  }
  return (batch) => rowByRow(type, answer, args.map((arg) => textsOf(arg(batch))), batch.rows); // prettier-ignore
}

/** The null literal is a column of nulls. */
function textsOf(column: Column): StringColumn {
  if (column.type === "string") return column;
  return { type: "string", codes: new Int32Array(column.values.length), dictionary: new TextDictionary() };
}

function rowByRow(
  type: "string" | "bool" | "int64",
  answer: (texts: Texts) => Result,
  columns: readonly StringColumn[],
  rows: number,
): Column {
  const dictionary = new TextDictionary();
  const codes = new Int32Array(type === "string" ? rows : 0);
  const values = new ColumnValues(type === "string" ? "bool" : type, type === "string" ? 0 : rows);
  const texts: string[] = columns.map(() => "");
  for (let i = 0; i < rows; i++) {
    let isNull = false;
    for (let k = 0; k < columns.length; k++) {
      const column = columns[k];
      if (column.codes[i] === 0) isNull = true;
      else texts[k] = column.dictionary.text(column.codes[i]);
    }
    if (isNull) continue;
    const result = answer(texts);
    if (typeof result === "string") codes[i] = dictionary.code(result);
    else if (result !== null) values.set(i, result);
  }
  return type === "string" ? { type, codes, dictionary } : values.column();
}
