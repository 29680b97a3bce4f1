import { isPlain } from "../../callables/holes.ts";
import { GraphError } from "../../errors.ts";
import type { Collection } from "../collection.ts";
import { isCollection } from "./collections.ts";
import { isDelayed, nameOf, type Delayed } from "./delayed.ts";

/** What lies behind Delayed values. */
export interface Walked {
  /** Each node once, behind all that it needs, depth first: what a node needs stands right before it. */
  readonly order: readonly Delayed<unknown>[];
  /** Where in `order` a node is; undefined for anything else. Good until a node of these is walked again. */
  placeOf(value: object): number | undefined;
  /** Collections of other kinds among the arguments: they have to be computed first. */
  readonly others: ReadonlySet<Collection<unknown>>;
}

interface Visit {
  readonly node: Delayed<unknown>;
  readonly needs: readonly Delayed<unknown>[];
  next: number;
}

/** Instead of a place: the walk is at what this node needs. */
const OPEN = -1;

/**
 * All nodes that the roots need, and no others. A loop with a list of its own: a graph may be deeper than the stack.
 *
 * @throws GraphError for a cycle, whose `fields.cycle` names its calls. (An array or object given as an argument can be made to hold what was made of it.)
 */
export function walk(roots: readonly Delayed<unknown>[]): Walked {
  const order: Delayed<unknown>[] = [];
  const others = new Set<Collection<unknown>>();
  const walk = {};
  const path: Visit[] = [];
  const enter = (node: Delayed<unknown>): void => {
    const needs = needsOf(node, others);
    node.walk = walk;
    if (needs.length === 0) {
      node.place = order.push(node) - 1;
    } else {
      node.place = OPEN;
      path.push({ node, needs, next: 0 });
    }
  };
  for (const root of roots) {
    if (root.walk !== walk) enter(root);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      if (visit.next === visit.needs.length) {
        path.pop();
        visit.node.place = order.push(visit.node) - 1;
        continue;
      }
      const need = visit.needs[visit.next++];
      if (need.walk !== walk) enter(need);
      else if (need.place === OPEN) throw cycle(path, need);
    }
  }
  return { order, others, placeOf: (value) => (isDelayed(value) && value.walk === walk ? value.place : undefined) };
}

const NONE: readonly Delayed<unknown>[] = [];

/** The nodes among a node's arguments, also inside of arrays and plain objects, in their order. */
export function needsOf(node: Delayed<unknown>, others?: Set<Collection<unknown>>): readonly Delayed<unknown>[] {
  // What most nodes have is done here: a closure for each of a million of them would be felt.
  let needs: Delayed<unknown>[] | undefined;
  const { args } = node;
  for (let i = 0; i < args.length; i++) {
    const argument = args[i];
    if (typeof argument !== "object" || argument === null) continue;
    if (!isDelayed(argument)) return needsWithin(args, others);
    if (needs === undefined) needs = [argument];
    else needs.push(argument);
  }
  return needs ?? NONE;
}

function needsWithin(args: readonly unknown[], others?: Set<Collection<unknown>>): readonly Delayed<unknown>[] {
  const needs: Delayed<unknown>[] = [];
  const inner: object[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (isDelayed(value)) needs.push(value);
    else if (isCollection(value)) others?.add(value);
    else if (isPlain(value)) inner.push(value);
  };
  for (const argument of args) look(argument);
  const seen = new Set<object>();
  // A stack, so the last comes first: what the order of nodes is, only has to follow from the arguments.
  for (let next = inner.pop(); next !== undefined; next = inner.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (Array.isArray(next)) for (const item of next) look(item);
    else for (const key of Object.keys(next)) look(Reflect.get(next, key));
  }
  return needs;
}

/** So many names of a cycle are printed. */
const NAMES = 20;

function cycle(path: readonly Visit[], again: Delayed<unknown>): GraphError {
  const from = path.findIndex(({ node }) => node === again);
  const calls = path.slice(from).map(({ node }) => node);
  const names = [...calls, again].map(({ task }) => nameOf(task));
  const shown =
    names.length <= NAMES
      ? names
      : [...names.slice(0, NAMES - 2), `… ${names.length - NAMES + 1} more …`, nameOf(again.task)];
  return new GraphError(`The graph has a cycle, each of these calls needs the next: ${shown.join(" → ")}.`, {
    fields: { cycle: names.slice(0, 1_000) },
    fix: "an array or object that was given as an argument has been changed to hold its own result: make a new one instead.",
  });
}
