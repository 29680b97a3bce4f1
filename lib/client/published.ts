import { Collection } from "../collections/collection.ts";
import { wrong } from "../collections/options.ts";
import { NotFoundError, OptionError } from "../errors.ts";
import { Held } from "./future.ts";

type Dataset = Collection<unknown> | Held<unknown>;

/** Collections and futures by names that a program gave them. */
export class Published {
  readonly #byName = new Map<string, Dataset>();

  /** @throws OptionError */
  add(name: string, what: Dataset): void {
    checkedName(name, "publish(…)");
    if (!(what instanceof Held) && !(what instanceof Collection))
      throw wrong(
        "publish(…)",
        "a collection or a future",
        what,
        "to publish a value, scatter it first: publish(name, await client.scatter(value)).",
      );
    if (this.#byName.has(name))
      throw new OptionError(`A dataset named "${name}" is published already.`, {
        fields: { name },
        fix: "unpublish that one first, or take another name.",
      });
    this.#byName.set(name, what);
  }

  /** @throws NotFoundError */
  remove(name: string): void {
    this.get(name);
    this.#byName.delete(name);
  }

  /** @throws NotFoundError */
  get(name: string): Dataset {
    checkedName(name, "dataset(…)");
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    throw new NotFoundError(`No dataset is published as "${name}".`, {
      fields: { name, known: this.names },
      fix: this.#byName.size === 0 ? "publish one first." : `there are ${this.names.join(", ")}.`,
    });
  }

  get names(): string[] {
    return [...this.#byName.keys()];
  }
}

function checkedName(name: string, where: string): void {
  if (typeof name !== "string" || name === "") throw wrong(where, "a name, as a text", name);
}
