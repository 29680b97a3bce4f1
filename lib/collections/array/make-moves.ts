import { OptionError, ShapeError } from "../../errors.ts";
import { makeConcat, makeTake } from "./make.ts";
import { makeReshape, makeTranspose } from "./make-shape.ts";
import type { ArrayNode } from "./nodes.ts";
import { checkAxes, checkAxis, shapeText } from "./shape.ts";
import { makeSlice, type SliceEntry } from "./slices.ts";

/** Rearrangements that are made of others: of slices, joins and the elements at places. */

export type Repeats = number | readonly number[];

export function makeRepeat(input: ArrayNode, repeats: Repeats, axis: number | undefined): ArrayNode {
  if (axis === undefined) return makeRepeat(makeReshape(input, [-1]), repeats, 0);
  const along = checkAxis(axis, input.shape.length, "repeat(…)");
  const length = input.shape[along];
  const list = typeof repeats === "number" ? [repeats] : repeats;
  for (const count of list)
    if (!Number.isSafeInteger(count) || count < 0)
      throw new OptionError(`repeat(…) expects whole numbers of at least 0; found ${String(count)}.`, {
        fields: { found: String(count) },
      });
  if (list.length !== 1 && list.length !== length)
    throw new ShapeError(
      `repeat(…) expects a number, or one for each of the ${length} places on axis ${along} of ${shapeText(input.shape)}; found ${list.length}.`,
      { fields: { shapes: [[...input.shape], [list.length]], axis: along } },
    );
  if (list.length === 1 && list[0] === 1) return input;
  const places: number[] = [];
  for (let i = 0; i < length; i++) for (let k = list[list.length === 1 ? 0 : i]; k > 0; k--) places.push(i);
  return makeTake(input, along, places);
}

export function makeRoll(
  input: ArrayNode,
  shift: number | readonly number[],
  axis: number | readonly number[] | undefined,
): ArrayNode {
  if (axis === undefined) {
    const flat = makeReshape(input, [-1]);
    return makeReshape(makeRoll(flat, shift, 0), input.shape);
  }
  const axes = typeof axis === "number" ? [axis] : axis;
  const shifts = typeof shift === "number" ? axes.map(() => shift) : shift;
  if (shifts.length !== axes.length || !shifts.every(Number.isSafeInteger))
    throw new OptionError(
      `roll(…) expects a whole number, or one for each of ${axes.length} axes; found ${String(shift)}.`,
      {
        fields: { found: String(shift) },
      },
    );
  return axes.reduce((node, one, i) => rolled(node, shifts[i], checkAxis(one, node.shape.length, "roll(…)")), input);
}

function rolled(input: ArrayNode, shift: number, axis: number): ArrayNode {
  const length = input.shape[axis];
  const by = length === 0 ? 0 : ((shift % length) + length) % length;
  if (by === 0) return input;
  const part = (entry: SliceEntry) => makeSlice(input, [...input.shape.slice(0, axis).map(() => [] as const), entry]);
  return makeConcat([part([length - by, null]), part([0, length - by])], axis, input.dtype);
}

/** The array side by side: `reps` times along each axis. Missing axes, of either, are put in front. */
export function makeTile(input: ArrayNode, reps: number | readonly number[]): ArrayNode {
  const given = typeof reps === "number" ? [reps] : reps;
  const rank = Math.max(given.length, input.shape.length);
  let node = makeReshape(input, [...new Array<number>(rank - input.shape.length).fill(1), ...input.shape]);
  const counts = [...new Array<number>(rank - given.length).fill(1), ...given];
  for (const [axis, count] of counts.entries()) {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new OptionError(`tile(…) expects whole numbers of at least 0; found ${String(count)}.`, {
        fields: { found: String(count) },
      });
    if (count === 0) node = makeSlice(node, [...node.shape.slice(0, axis).map(() => [] as const), [0, 0]]);
    else if (count > 1) node = makeConcat(new Array<ArrayNode>(count).fill(node), axis, node.dtype);
  }
  return node;
}

/** The order of the axes when some have been moved. @throws OptionError */
export function movedAxes(rank: number, from: number | readonly number[], to: number | readonly number[]): number[] {
  const [sources, targets] = [from, to].map((axes) => (typeof axes === "number" ? [axes] : axes));
  checkAxes(sources, rank, "moveaxis(…)");
  checkAxes(targets, rank, "moveaxis(…)");
  if (sources.length !== targets.length)
    throw new OptionError(
      `moveaxis(…) expects as many places as axes; found ${targets.length} for ${sources.length} axes.`,
      { fields: { expected: sources.length, found: targets.length } },
    );
  const moved = sources.map((axis) => checkAxis(axis, rank, "moveaxis(…)"));
  const order = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !moved.includes(axis));
  const places = targets.map((axis, i) => [checkAxis(axis, rank, "moveaxis(…)"), moved[i]] as const);
  for (const [place, axis] of places.sort(([a], [b]) => a - b)) order.splice(place, 0, axis);
  return order;
}

/**
 * Elements at places given by lists along some axes, all of one length: through these axes made one. As in NumPy, the axis of the places stands where the lists'
 * axes are, and in front where these are apart.
 * @throws OptionError, ShapeError
 */
export function makeIndex(input: ArrayNode, lists: readonly (readonly number[] | null)[]): ArrayNode {
  const { shape } = input;
  const axes = lists.flatMap((list, axis) => (list === null ? [] : [axis]));
  const [first] = axes;
  if (lists.length > shape.length || first === undefined)
    throw new OptionError(
      `index(…) expects lists for some of the ${shape.length} axes of ${shapeText(shape)}, and null for the others; found ${lists.length} entries, ${axes.length} of them lists.`,
      { fields: { axes }, fix: "as x.index([0, 2], [1, 1])." },
    );
  if (axes.some((axis, i) => axis !== first + i)) {
    const order = [...axes, ...shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))];
    return makeIndex(
      makeTranspose(input, order),
      axes.map((axis) => lists[axis]),
    );
  }
  const chosen = axes.map((axis) => lists[axis] ?? []);
  const length = Math.max(...chosen.map((list) => list.length));
  for (const list of chosen)
    if (list.length !== length && list.length !== 1)
      throw new ShapeError(
        `index(…) expects lists of one length; found ${chosen.map((one) => one.length).join(" and ")}.`,
        {
          fields: { shapes: chosen.map((one) => [one.length]) },
          fix: "a list of one element stands for as many as the others have.",
        },
      );
  const places = Array.from({ length }, (_, i) =>
    axes.reduce((place, axis, k) => {
      const at = chosen[k][chosen[k].length === 1 ? 0 : i];
      if (!Number.isInteger(at) || at < -shape[axis] || at >= shape[axis])
        throw new OptionError(
          `index(…) expects indices from ${-shape[axis]} to ${shape[axis] - 1} on axis ${axis}; found ${String(at)}.`,
          { fields: { axis, length: shape[axis], found: String(at) } },
        );
      return place * shape[axis] + (at < 0 ? at + shape[axis] : at);
    }, 0),
  );
  const size = axes.reduce((product, axis) => product * shape[axis], 1);
  const merged = makeReshape(input, [...shape.slice(0, first), size, ...shape.slice(first + axes.length)]);
  return makeTake(axes.length === 1 ? input : merged, first, places);
}
