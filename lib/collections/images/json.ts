import { OptionError, PlanError } from "../../errors.ts";
import { arrayAt, booleanAt, objectAt, oneOfAt, refuse, textAt, textsAt, type PlainObject } from "../plain.ts";
import { checkEncoding } from "./encodings.ts";
import type {
  Encoding,
  EncodingOptions,
  ImageOperation,
  ImageOptions,
  ImageResultNode,
  ImagesNode,
  SheetOptions,
} from "./nodes.ts";
import { OPERATION_NAMES, checkOperation } from "./operations.ts";
import { checkImageOptions, checkSheet } from "./options.ts";
import { parseTemplate } from "./template.ts";

/** Images as plain JSON: what a pipeline file holds, and what travels to where it runs. */
export interface ImagesJson {
  readonly abanico: typeof IMAGES_VERSION;
  readonly images: ImagesNode;
}

export const IMAGES_VERSION = 1;

/** @throws PlanError for what a client's workers keep. */
export function imagesToJson(node: ImagesNode): ImagesJson {
  if (node.kept !== undefined || node.result.kind === "value")
    throw new PlanError(
      "Persisted images cannot be written as JSON: their pixels are with the workers of one client.",
      {
        fields: { paths: node.paths },
        fix: "write the description before persist(), or write the images to files and read those.",
      },
    );
  return { abanico: IMAGES_VERSION, images: node };
}

/** The description in JSON (parsed, not text). @throws PlanError whose `fields.path` says where it is not well formed. */
export function imagesFromJson(value: unknown): ImagesNode {
  const json = objectAt(value, "", ["abanico", "images"]);
  if (json["abanico"] !== IMAGES_VERSION)
    refuse("abanico", `the version ${IMAGES_VERSION} of pipelines`, json["abanico"]);
  const node = objectAt(json["images"], "images", ["paths", "options", "operations", "encoding", "result"]);
  const paths = textsAt(node["paths"], "images.paths");
  if (paths.length === 0) refuse("images.paths", "at least one path, URL or glob", paths);
  const options = objectAt(node["options"] ?? {}, "images.options") as ImageOptions; // checked in the next line
  checked("images.options", () => checkImageOptions(options));
  return {
    paths,
    options,
    operations: operationsAt(node["operations"] ?? [], "images.operations"),
    ...encodingAt(node["encoding"], "images.encoding"),
    result: resultAt(node["result"] ?? { kind: "encode" }, "images.result"),
  };
}

/** Operations as data. @throws PlanError */
export function operationsAt(value: unknown, path: string): ImageOperation[] {
  return arrayAt(value, path).map((item, i) => {
    const at = `${path}[${i}]`;
    oneOfAt(objectAt(item, at)["do"], `${at}.do`, OPERATION_NAMES);
    return checked(at, () => checkOperation(item as ImageOperation)); // checked there, option by option
  });
}

/** An encoding as data, under its key; nothing where there is none. @throws PlanError */
export function encodingAt(value: unknown, path: string): { readonly encoding?: Encoding } {
  if (value === undefined) return {};
  const { format, options = {} } = objectAt(value, path, ["format", "options"]);
  const given = objectAt(options, `${path}.options`) as EncodingOptions; // checked in the next line
  return { encoding: checked(path, () => checkEncoding(textAt(format, `${path}.format`), given, "encoding")) };
}

function resultAt(value: unknown, path: string): ImageResultNode {
  const kind = oneOfAt<Exclude<ImageResultNode["kind"], "value">>(objectAt(value, path)["kind"], `${path}.kind`, [
    ...(["encode", "write", "metadata", "statistics", "histogram", "sheet"] as const),
  ]);
  if (kind === "write") return writeAt(objectAt(value, path, ["kind", "template", "overwrite", "encoding"]), path);
  if (kind !== "sheet") return { kind: (objectAt(value, path, ["kind"]), kind) };
  const { sheet, to } = objectAt(value, path, ["kind", "sheet", "to"]);
  const options = objectAt(sheet ?? {}, `${path}.sheet`) as SheetOptions; // checked in the next line
  checked(`${path}.sheet`, () => checkSheet(options));
  return { kind, sheet: options, ...(to === undefined ? {} : { to: textAt(to, `${path}.to`) }) };
}

function writeAt(node: PlainObject, path: string): ImageResultNode {
  const template = textAt(node["template"], `${path}.template`);
  checked(`${path}.template`, () => parseTemplate(template));
  const overwrite = booleanAt(node["overwrite"] ?? true, `${path}.overwrite`);
  return { kind: "write", template, overwrite, ...encodingAt(node["encoding"], `${path}.encoding`) };
}

/** What a method would refuse is refused here too, with the place. */
function checked<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new PlanError(`${path}: ${error.message}`, { fields: { path }, cause: error });
  }
}
