import { CallableError, type JsonObject } from "../errors.ts";
import type { Place } from "./call-site.ts";
import type { Obstacle } from "./obstacles.ts";
import type { Node, ParsedFunction } from "./parse.ts";

interface Refusal {
  readonly parsed: ParsedFunction;
  readonly obstacles: readonly Obstacle[];
  readonly name: string;
  readonly what: string;
  readonly place: Place | undefined;
}

/** How messages speak of a function, and the facts that go into their fields. */
export function travelNotes(what: string, place: Place | undefined, name: string) {
  const at = place === undefined ? "" : ` at ${place.file}:${place.line}`;
  const facts: JsonObject = { what, name, file: place?.file, line: place?.line };
  return { subject: `${what}: the function${name === "" ? "" : ` "${name}"`}${at}`, facts };
}

/** The error that names each thing that stays behind, its line, and what to do. */
export function cannotTravel({ parsed, obstacles, name, what, place }: Refusal): CallableError {
  const { subject, facts } = travelNotes(what, place, name);
  const names = obstacles.map((one) => one.name);
  const lines = obstacles.map(({ name, line, text, why }) => {
    const said = why === "" ? "" : `\n    ${why}`;
    return `  ${name}, in line ${line}${text === "" ? "" : `: ${shorten(text)}`}${said}`;
  });
  return new CallableError(
    `${subject} cannot travel to a worker: it uses ${listed(names)} of the place where it was written.\n${lines.join("\n")}`,
    {
      fields: { ...facts, outer: obstacles.map(({ name, kind, line, text }) => ({ name, kind, line, text })) },
      fix: fixFor(parsed, obstacles, what),
    },
  );
}

function fixFor(parsed: ParsedFunction, obstacles: readonly Obstacle[], what: string): string {
  const module = 'put the function into a module and load that by fromModule(new URL("./tasks.ts", import.meta.url))';
  const passed = obstacles.filter(({ kind }) => kind === "variable").map(({ name }) => name);
  if (passed.length === 0) return `${module}.`;
  const method = what.replace(/\(.*$/s, "");
  const it = passed.length === 1 ? "it as an extra argument" : "them as extra arguments";
  return `pass ${it}: ${example(parsed, passed, method)}; or ${module}.`;
}

/** The user's own function with the variables as parameters, if it is short; otherwise any. */
function example({ text, function: fn }: ParsedFunction, passed: readonly string[], method: string): string {
  const values = passed.join(", ");
  const body = fn["body"] as Node; // a function has one
  const params = (fn["params"] as readonly Node[]).map(({ start, end }) => text.slice(start, end));
  const arrow =
    fn.type === "ArrowFunctionExpression" && params.length > 0 && !params.some((one) => one.startsWith("..."));
  const shown = text.slice(body.start, body.end);
  const closing = text.slice(body.end).replace("\n)", "");
  if (!arrow || shown.length > 60 || shown.includes("\n") || /[=]/.test(params.join()) || closing.length > 1)
    return `${method}((x, ${values}) => …, ${values})`;
  const inner = closing === ")" ? `(${shown})` : shown;
  const prefix = fn["async"] === true ? "async " : "";
  return `${method}(${prefix}(${[...params, ...passed].join(", ")}) => ${inner}, ${values})`;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
