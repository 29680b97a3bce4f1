import { InternalError } from "../../errors.ts";
import type { Ref } from "../../plan/plan.ts";
import { decodeValue, encodeValue, isNumber } from "../../values.ts";
import type { Executor } from "../executor.ts";
import type { Vault } from "../vault.ts";
import type { CallNode } from "./node.ts";
import { BROADCAST, FETCHED, RESULT_RUN, RESULT_STAGE, SHARED, VALUE, type Input } from "./wire.ts";

/** Results up to here lie with their call; larger ones in the vault, which writes them to disk beyond its budget. In bytes. */
const SMALL = 4_096;
/** Up to here a body is no window on a larger buffer, in bytes. */
const FEW = 32;

/** Where the results of calls are. */
export class Results {
  readonly #vault: Vault;
  readonly #elsewhere: Pick<Executor, "fetch">;

  /** `elsewhere`: reads what lies outside of this process. */
  constructor(vault: Vault, elsewhere: Pick<Executor, "fetch">) {
    this.#vault = vault;
    this.#elsewhere = elsewhere;
  }

  /** @throws UnreadableError where the vault is over its budget and cannot write to disk. */
  put(node: CallNode, body: Uint8Array | Ref): void {
    if (!(body instanceof Uint8Array)) {
      node.small = body;
      return;
    }
    // What is larger may be a window on a message that holds many; fewer bytes come as a copy (local/packing.ts).
    if (isNumber(body)) node.small = Number(decodeValue(body));
    else if (body.byteLength <= FEW) node.small = body;
    else if (body.byteLength <= SMALL) node.small = body.slice();
    else this.#vault.put(RESULT_RUN, RESULT_STAGE, node.id, shared(body));
  }

  drop(node: CallNode): void {
    if (node.small === undefined) this.#vault.delete(RESULT_RUN, RESULT_STAGE, node.id);
    node.small = undefined;
  }

  /** At once, where it is in memory. */
  peek({ source }: CallNode): Uint8Array | undefined {
    const { small } = source;
    if (small === undefined) return this.#vault.peek(RESULT_RUN, RESULT_STAGE, source.id);
    if (typeof small === "number") return encodeValue(small);
    return small instanceof Uint8Array ? small : undefined;
  }

  async get(node: CallNode): Promise<Uint8Array> {
    const { id, small } = node.source;
    if (typeof small !== "object" || small instanceof Uint8Array)
      return this.peek(node) ?? this.#vault.get(RESULT_RUN, RESULT_STAGE, id);
    if (this.#elsewhere.fetch === undefined)
      throw new InternalError(`The result of ${node.key} lies where nobody reads.`);
    return this.#elsewhere.fetch(small);
  }

  inputOf(node: CallNode): Input {
    const { source } = node;
    const { small } = source;
    if (typeof small === "number" || small instanceof Uint8Array) return { kind: VALUE, bytes: small };
    if (small !== undefined) return { kind: FETCHED, id: source.id };
    const bytes = this.#vault.peek(RESULT_RUN, RESULT_STAGE, source.id);
    if (bytes === undefined) return { kind: FETCHED, id: source.id };
    return source.options.broadcast ? { kind: BROADCAST, id: source.id, bytes } : { kind: SHARED, bytes };
  }

  fetch({ task }: Ref): Promise<Uint8Array> {
    return this.#vault.get(RESULT_RUN, RESULT_STAGE, task);
  }
}

/** Where all threads can read it, so that it is not sent to each. */
function shared(body: Uint8Array): Uint8Array {
  if (body.buffer instanceof SharedArrayBuffer) return body;
  const copy = new Uint8Array(new SharedArrayBuffer(body.byteLength));
  copy.set(body);
  return copy;
}
