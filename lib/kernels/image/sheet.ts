import { ImageError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import { schemeOf } from "../../store/urls.ts";
import { decodeValue } from "../../values.ts";
import type { Kernel, TaskContext } from "../kernel.ts";
import { encode } from "./encode.ts";
import type { ImageRecord, SheetParams } from "./params.ts";
import type { Pixels } from "./png.ts";
import { sharp } from "./sharp.ts";
import { colourOf, fromPixels } from "./stage.ts";

/** Places the cells that the tasks before it made, in the order of their sources, and makes one image of them. */
export const sheet: Kernel = async (params, input, context) => {
  const layout = params as unknown as SheetParams; // as the planner wrote them; validate-images.ts checks others
  const records = await recordsOf(input, context);
  const cells = records.filter(({ error }) => error === undefined).map(({ value }) => value as Pixels); // what "cell" leaves
  const canvas = await place(cells, layout);
  const encoded = await encode(fromPixels(canvas), layout.encoding);
  const { to } = layout;
  if (to !== undefined && schemeOf(to) !== "memory")
    await context.store.put(to, encoded.bytes, { signal: context.signal });
  const value =
    to === undefined || schemeOf(to) === "memory" ? { ...encoded, images: cells.length } : { images: cells.length };
  return {
    value: [...records.filter(({ error }) => error !== undefined), { url: to ?? "", index: 0, page: 0, value }],
    recordsIn: records.length,
    recordsOut: 1,
  };
};

async function recordsOf(input: TaskInput, { fetch, signal }: TaskContext): Promise<ImageRecord[]> {
  if (input.kind !== "refs") throw new TypeError(`"images.sheet" expects refs, found ${input.kind}`);
  const records: ImageRecord[] = [];
  for (const ref of input.refs) {
    signal.throwIfAborted();
    records.push(...(decodeValue((await fetch(ref)).slice()) as ImageRecord[])); // what "images.run" encoded
  }
  return records;
}

/** All cells on one canvas, each in the middle of its place. */
async function place(cells: readonly Pixels[], layout: SheetParams): Promise<Pixels> {
  const { gap, width: cellWidth, height: cellHeight } = layout;
  const columns = layout.columns ?? Math.max(1, Math.ceil(Math.sqrt(cells.length)));
  const rows = Math.max(1, Math.ceil(cells.length / columns));
  const width = gap + columns * (cellWidth + gap);
  const height = gap + rows * (cellHeight + gap);
  refuseLarge(width, height, layout.maxPixels);
  const canvas = await filled(width, height, layout.background);
  cells.forEach((cell, i) => {
    const left = gap + (i % columns) * (cellWidth + gap) + Math.floor((cellWidth - cell.width) / 2);
    const top = gap + Math.floor(i / columns) * (cellHeight + gap) + Math.floor((cellHeight - cell.height) / 2);
    draw(cell, canvas, left, top);
  });
  return canvas;
}

function refuseLarge(width: number, height: number, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw new ImageError(
    `The contact sheet would have ${width} × ${height} pixels (${width * height}), and the limit is ${maxPixels}.`,
    {
      fields: { width, height, limit: maxPixels, option: "maxPixels" },
      fix: `make the cells smaller, or pass { maxPixels: ${width * height} } to readImages.`,
    },
  );
}

/** RGB, or with alpha where the background is not opaque. */
async function filled(width: number, height: number, background: string): Promise<Pixels> {
  const create = { width: 1, height: 1, channels: 4 as const, background: colourOf(background) };
  const colour = await sharp({ create }).raw().toBuffer();
  const channels = colour[3] === 255 ? 3 : 4;
  return { data: Buffer.alloc(width * height * channels, colour.subarray(0, channels)), width, height, channels };
}

function draw({ data, width, height, channels }: Pixels, canvas: Pixels, left: number, top: number): void {
  const coloured = channels >= 3;
  const alpha = channels === 2 || channels === 4 ? channels - 1 : undefined;
  for (let y = 0; y < height; y++) {
    let from = y * width * channels;
    let to = ((top + y) * canvas.width + left) * canvas.channels;
    for (let x = 0; x < width; x++, from += channels, to += canvas.channels) {
      canvas.data[to] = data[from];
      canvas.data[to + 1] = data[coloured ? from + 1 : from];
      canvas.data[to + 2] = data[coloured ? from + 2 : from];
      if (canvas.channels === 4) canvas.data[to + 3] = alpha === undefined ? 255 : data[from + alpha];
    }
  }
}
