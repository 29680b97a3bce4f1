import { OptionError, nearestNames } from "../../errors.ts";
import { wrong } from "../options.ts";

/**
 * Names of files to write, as "{dir}/{name}_gray.png". A placeholder stands for
 *
 *     {dir}    the source's folder            {index}  the source's place in the list, from 0 on
 *     {name}   its name without extension     {page}   the page or frame, from 0 on
 *     {ext}    the extension of what is       {width} {height}  of what is written, in pixels
 *              written, without the dot
 */
const PLACEHOLDERS = ["dir", "name", "ext", "index", "page", "width", "height"] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

export type NameFacts = { readonly [placeholder in Placeholder]: string | number };

/** What a template begins a name with, and where it stands: text and placeholders by turns. */
export type Template = readonly ({ readonly text: string } | { readonly placeholder: Placeholder })[];

/** @throws OptionError for a placeholder that does not exist, with the nearest that does. */
export function parseTemplate(text: string): Template {
  if (typeof text !== "string" || text === "") throw wrong("write(…)", 'a name such as "{dir}/{name}_small.jpg"', text);
  return text.split(/(\{[^{}]*\})/).flatMap((part): Template => {
    if (part === "") return [];
    if (part.startsWith("{") && part.endsWith("}")) return [{ placeholder: placeholderAt(part.slice(1, -1), text) }];
    if (/[{}]/.test(part))
      throw new OptionError(`The name ${JSON.stringify(text)} has a brace that is not closed, or was not opened.`, {
        fields: { template: text },
        fix: `write placeholders as {name}; there are ${PLACEHOLDERS.map((name) => `{${name}}`).join(" ")}.`,
      });
    return [{ text: part }];
  });
}

function placeholderAt(name: string, template: string): Placeholder {
  const found = PLACEHOLDERS.find((known) => known === name);
  if (found !== undefined) return found;
  const near = nearestNames(name, PLACEHOLDERS);
  throw new OptionError(`The name ${JSON.stringify(template)} has a placeholder {${name}}, which stands for nothing.`, {
    fields: { template, placeholder: name, known: PLACEHOLDERS },
    fix:
      near.length > 0
        ? `did you mean ${near.map((known) => `{${known}}`).join(" or ")}?`
        : `there are ${PLACEHOLDERS.map((known) => `{${known}}`).join(" ")}.`,
  });
}

export function fillTemplate(template: Template, facts: NameFacts): string {
  return template.map((part) => ("text" in part ? part.text : String(facts[part.placeholder]))).join("");
}

export function uses(template: Template, ...placeholders: readonly Placeholder[]): boolean {
  return template.some((part) => "placeholder" in part && placeholders.includes(part.placeholder));
}

/** The extension that the template itself ends in, without the dot. Undefined where it has none, or ends in a placeholder. */
export function literalExtension(template: Template): string | undefined {
  const last = template.at(-1);
  return last !== undefined && "text" in last ? /\.([A-Za-z0-9]+)$/.exec(last.text)?.[1] : undefined;
}
