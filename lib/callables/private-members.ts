import { parseExpression, walk } from "./parse.ts";

/** By class: parsing it once is enough. */
const known = new WeakMap<object, readonly string[]>();

/** Names as `#count` that an instance's class, or one that it extends, declares: what no copy of the instance can have. */
export function privateMembersOf(instance: object): string[] {
  const found: string[] = [];
  for (let at: unknown = Object.getPrototypeOf(instance); typeof at === "object" && at !== null;) {
    const constructor: unknown = Object.hasOwn(at, "constructor") ? at.constructor : undefined;
    if (typeof constructor === "function") found.push(...declaredBy(constructor));
    at = Object.getPrototypeOf(at);
  }
  return found;
}

function declaredBy(constructor: object): readonly string[] {
  const before = known.get(constructor);
  if (before !== undefined) return before;
  const names = parsePrivate(Function.prototype.toString.call(constructor));
  known.set(constructor, names);
  return names;
}

function parsePrivate(source: string): string[] {
  if (!/^class\b/.test(source) || !source.includes("#")) return [];
  const names: string[] = [];
  const literal = parseExpression(source);
  walk(literal, (node, parent) => {
    if (node !== literal && (node.type === "ClassExpression" || node.type === "ClassDeclaration")) return false;
    // A member's name, and not a static one's: those stay with the class.
    const declares = parent?.type === "PropertyDefinition" || parent?.type === "MethodDefinition";
    if (node.type === "PrivateIdentifier" && declares && parent["static"] !== true)
      names.push(`#${String(node["name"])}`);
    return true;
  });
  return names;
}
