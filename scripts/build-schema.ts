import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as prettier from "prettier";
import ts from "typescript";

/**
 * Makes the JSON Schemas of collections and of a stack's pipelines from the types that they are read by: an editor then offers what may
 * be written, and refuses what may not. The last word has who reads them, which knows more than types can say.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A schema to be made: the file, and the type that it says in JSON. */
interface Wanted {
  readonly file: string;
  readonly source: string;
  readonly type: string;
  readonly title: string;
}

const COLLECTION = {
  file: "pipeline.schema.json",
  source: "lib/collections/pipeline.ts",
  type: "Pipeline",
  title: "A pipeline of Abanico",
} as const satisfies Wanted;
/** It says of the collection within it that the schema above holds. */
const STACK = {
  file: "stack-pipeline.schema.json",
  source: "lib/runtime/aws/pipeline-file.ts",
  type: "PipelineFile",
  title: "A pipeline of a stack of Abanico: pipelines/NAME.json in its bucket",
} as const satisfies Wanted;

type Schema = { [key: string]: unknown };

/** The text of each schema, by its file's name. */
export async function schemas(): Promise<Readonly<Record<string, string>>> {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const wanted = [COLLECTION, STACK];
  const program = ts.createProgram(
    wanted.map(({ source }) => join(ROOT, source)),
    { ...options, noEmit: true },
  );
  const elsewhere = new Map([[typeOf(program, COLLECTION), COLLECTION.file]]);
  const made = [schemaOf(program, COLLECTION, new Map()), schemaOf(program, STACK, elsewhere)];
  const texts = await Promise.all(
    made.map((schema) => prettier.format(JSON.stringify(schema), { parser: "json", printWidth: 120 })),
  );
  return Object.fromEntries(wanted.map(({ file }, i) => [file, texts[i]]));
}

function typeOf(program: ts.Program, { source, type }: Wanted): ts.Type {
  const declared = program
    .getSourceFile(join(ROOT, source))
    ?.statements.find(
      (one) => (ts.isTypeAliasDeclaration(one) || ts.isInterfaceDeclaration(one)) && one.name.text === type,
    );
  if (declared === undefined) throw new Error(`${source} declares no type ${type}`);
  return program.getTypeChecker().getTypeAtLocation(declared);
}

function schemaOf(program: ts.Program, wanted: Wanted, elsewhere: ReadonlyMap<ts.Type, string>): Schema {
  const made = new SchemaOf(program.getTypeChecker(), elsewhere);
  const root = made.of(typeOf(program, wanted));
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    $comment: `Made from ${wanted.source} by scripts/build-schema.ts.`,
    title: wanted.title,
    ...root,
    definitions: Object.fromEntries([...made.definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

class SchemaOf {
  readonly definitions = new Map<string, Schema>();
  readonly #checker: ts.TypeChecker;
  readonly #names = new Map<ts.Type, string>();
  readonly #elsewhere: ReadonlyMap<ts.Type, string>;

  /** `elsewhere`: types that schemas of other files say. */
  constructor(checker: ts.TypeChecker, elsewhere: ReadonlyMap<ts.Type, string>) {
    this.#checker = checker;
    this.#elsewhere = elsewhere;
  }

  of(type: ts.Type): Schema {
    const file = this.#elsewhere.get(type);
    if (file !== undefined) return { $ref: file };
    const known = this.#names.get(type);
    if (known !== undefined) return { $ref: `#/definitions/${known}` };
    const wanted = nameOf(type);
    if (wanted === undefined) return this.#bare(type);
    let name = wanted;
    for (let n = 2; this.definitions.has(name); n++) name = `${wanted}${n}`;
    this.#names.set(type, name);
    // Its place is taken before its parts are looked at: they may be of this very type.
    this.definitions.set(name, {});
    this.definitions.set(name, this.#bare(type));
    return { $ref: `#/definitions/${name}` };
  }

  #bare(type: ts.Type): Schema {
    const { flags } = type;
    if (type.isUnion()) return this.#union(type.types);
    if (type.isIntersection()) return this.#object(type);
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: this.#checker.typeToString(type) === "true" };
    if (flags & ts.TypeFlags.String) return { type: "string" };
    if (flags & ts.TypeFlags.Number) return { type: "number" };
    if (flags & ts.TypeFlags.Boolean) return { type: "boolean" };
    if (flags & ts.TypeFlags.Null) return { type: "null" };
    if (flags & (ts.TypeFlags.Unknown | ts.TypeFlags.Any)) return {};
    if (flags & ts.TypeFlags.TemplateLiteral) return { type: "string" };
    if (this.#checker.isTupleType(type)) return this.#tuple(type as ts.TupleTypeReference);
    if (this.#checker.isArrayType(type)) {
      const [items] = this.#checker.getTypeArguments(type as ts.TypeReference);
      return { type: "array", items: this.of(items) };
    }
    if (flags & ts.TypeFlags.Object) return this.#object(type);
    throw new Error(`No JSON is of the type ${this.#checker.typeToString(type)}`);
  }

  #union(types: readonly ts.Type[]): Schema {
    const parts = types.filter((one) => (one.flags & ts.TypeFlags.Undefined) === 0 && !this.#isNoJson(one));
    const values = parts.flatMap((one) => (one.isStringLiteral() || one.isNumberLiteral() ? [one.value] : []));
    if (values.length === parts.length) return values.length === 1 ? { const: values[0] } : { enum: values };
    const boolean = parts.filter((one) => one.flags & ts.TypeFlags.BooleanLiteral).length === 2;
    const others = parts.filter(
      (one) =>
        !(one.isStringLiteral() || one.isNumberLiteral()) && !(boolean && one.flags & ts.TypeFlags.BooleanLiteral),
    );
    const anyOf = [
      ...(values.length === 0 ? [] : [{ enum: values }]),
      ...(boolean ? [{ type: "boolean" }] : []),
      ...others.map((one) => this.of(one)),
    ];
    return anyOf.length === 1 ? anyOf[0] : { anyOf };
  }

  #tuple(type: ts.TupleTypeReference): Schema {
    const items = this.#checker.getTypeArguments(type);
    return { type: "array", items: items.map((one) => this.of(one)), minItems: items.length, maxItems: items.length };
  }

  #object(type: ts.Type): Schema {
    const properties: Schema = {};
    const required: string[] = [];
    for (const property of this.#checker.getPropertiesOfType(type)) {
      const own = this.#checker.getTypeOfSymbol(property);
      if (this.#isNoJson(own)) continue;
      const text = ts.displayPartsToString(property.getDocumentationComment(this.#checker));
      const schema = this.of(own);
      // Beside a $ref, draft 7 looks at nothing else.
      properties[property.name] =
        text === "" ? schema : { description: text, ...("$ref" in schema ? { allOf: [schema] } : schema) };
      if ((property.flags & ts.SymbolFlags.Optional) === 0) required.push(property.name);
    }
    const index = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String);
    return {
      type: "object",
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: index === undefined ? false : this.of(index),
    };
  }

  /** Functions, and what has methods of its own (bytes, refs that only a program holds). */
  #isNoJson(type: ts.Type): boolean {
    return type.getCallSignatures().length > 0 || /^(Uint8Array|Map|Set|Promise)\b/.test(type.symbol?.name ?? "");
  }
}

/** Types that are named in the library become definitions: they may be recursive. */
function nameOf(type: ts.Type): string | undefined {
  const symbol = type.aliasSymbol ?? (type.isClassOrInterface() ? type.symbol : undefined);
  const name = symbol?.name;
  return name === undefined || /^(Readonly|Partial|Pick|Omit|Exclude|Extract|Record|ReadonlyArray|Array)/.test(name)
    ? undefined
    : name;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [file, text] of Object.entries(await schemas())) writeFileSync(join(ROOT, file), text);
