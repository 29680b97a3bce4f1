import type { Ref } from "../../plan/plan.ts";
import type { Vault } from "../vault.ts";
import type { CallNode } from "./node.ts";
import { FETCHED, RESULT_RUN, RESULT_STAGE, SHARED, VALUE, type Input } from "./wire.ts";

/** Results up to here lie with their call; larger ones in the vault, which writes them to disk beyond its budget. In bytes. */
const SMALL = 4_096;

/** Where the results of calls are. */
export class Results {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  put(node: CallNode, body: Uint8Array): void {
    // A copy: the body may be a window on a message that holds many.
    if (body.byteLength <= SMALL) node.bytes = body.slice();
    else this.#vault.put(RESULT_RUN, RESULT_STAGE, node.id, body);
  }

  drop(node: CallNode): void {
    if (node.bytes === undefined) this.#vault.delete(RESULT_RUN, RESULT_STAGE, node.id);
    node.bytes = undefined;
  }

  /** At once, where it is in memory. */
  peek({ source }: CallNode): Uint8Array | undefined {
    return source.bytes ?? this.#vault.peek(RESULT_RUN, RESULT_STAGE, source.id);
  }

  async get(node: CallNode): Promise<Uint8Array> {
    return this.peek(node) ?? this.#vault.get(RESULT_RUN, RESULT_STAGE, node.source.id);
  }

  inputOf(node: CallNode): Input {
    const { source } = node;
    if (source.bytes !== undefined) return { kind: VALUE, bytes: source.bytes };
    const bytes = this.#vault.peek(RESULT_RUN, RESULT_STAGE, source.id);
    return bytes === undefined ? { kind: FETCHED, id: source.id } : { kind: SHARED, bytes };
  }

  fetch({ task }: Ref): Promise<Uint8Array> {
    return this.#vault.get(RESULT_RUN, RESULT_STAGE, task);
  }
}
