import type { Schema } from "../../collections/schema.ts";
import type { JsonObject } from "../../errors.ts";
import type { Fold } from "../kernel.ts";
import { applyAfter } from "./after.ts";
import { concatenate, firstRows } from "./collect.ts";
import type { Batch } from "./column.ts";
import { decodeFrame, encodeFrame, type Frame } from "./encode.ts";
import { GroupState } from "./group.ts";
import type { GroupSink, Operation } from "./steps.ts";

/** `after`: what is done to the frame once all its rows are there. */
export interface CollectParams {
  readonly schema: Schema;
  readonly limit?: number;
  readonly after?: readonly Operation[];
}

/** The fold that keeps all rows in shard order: a partial is a list of pieces, merging appends. */
export function collectFold(params: JsonObject): Fold<Frame[], Frame> {
  const { schema, limit = Infinity, after = [] } = params as unknown as CollectParams; // as the planner wrote them
  const join = (pieces: readonly Frame[], mayRepeat = false) =>
    concatenate(
      schema,
      pieces.map((piece) => piece.batch),
      () => mayRepeat,
    );
  return {
    appends: true,
    readsShared: true,
    empty: () => [],
    merge: (left, right) => [...left, ...right],
    finish(pieces) {
      const whole = join(pieces);
      return applyAfter(whole.batch.rows <= limit ? whole : firstRows(whole, limit), after);
    },
    encode: (pieces) => encodeFrame(pieces.length === 1 ? pieces[0] : join(pieces, true)),
    decode: (bytes) => [decodeFrame(bytes, true)],
    amount: (pieces) => pieces.reduce((sum, piece) => sum + piece.batch.rows, 0),
  };
}

/** The rows of a last partial as pieces in order, where nothing is done to them any more: who copies them anyway need not have them as one frame first. */
export function collectedPieces(
  params: JsonObject,
  partial: readonly Frame[],
): { readonly schema: Schema; readonly pieces: readonly Batch[] } | undefined {
  const { schema, limit = Infinity, after = [] } = params as unknown as CollectParams; // as the planner wrote them
  const rows = partial.reduce((sum, { batch }) => sum + batch.rows, 0);
  return after.length > 0 || rows > limit ? undefined : { schema, pieces: partial.map(({ batch }) => batch) };
}

/** `schema`: the columns that come in. `after`: what is done to the frame of groups. */
export interface GroupParams {
  readonly sink: GroupSink;
  readonly schema: Schema;
  readonly after?: readonly Operation[];
}

/** The fold of group-by partials: groups of both, states added. */
export function groupFold(params: JsonObject): Fold<GroupState, Frame> {
  const { sink, schema, after = [] } = params as unknown as GroupParams; // as the planner wrote them
  return {
    empty: () => new GroupState(sink, schema),
    merge(left, right) {
      left.absorb(right);
      return left;
    },
    absorb(left, right) {
      left.absorbEncoded(right);
      return left;
    },
    async mergeEncoded(left, right) {
      const { withVectorMemory } = await import("../csv/wasm.ts");
      return withVectorMemory((memory) => {
        const state = GroupState.decode(left, sink, schema, memory);
        try {
          state.absorbEncoded(right);
          return state.encode();
        } finally {
          state.release();
        }
      });
    },
    finish: (partial) => applyAfter(partial.finish(), after),
    encode: (partial) => partial.encode(),
    decode: (bytes) => GroupState.decode(bytes, sink, schema),
  };
}
