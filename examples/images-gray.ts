/**
 * A folder of images to gray ones beside them, and all on a contact sheet; one that cannot be read does not sink the rest:
 * node examples/images-gray.ts "photos/*.png"
 */
import { Client, readImages } from "../lib/index.ts"; // in your program: from "abanico"

const [files = "photos/*.png"] = process.argv.slice(2);

await using client = await Client.local({ workers: 2 });

const gray = readImages(files, { onError: "collect" }).grayscale().write("{dir}/gray/{name}_gray.png");
console.log(String(gray)); // a description: nothing is read yet

const { values, failed } = await client.compute(gray); // the type says that there may be failures
for (const name of values) console.log(name);
for (const { source, error } of failed) console.log(`${source}: ${error.name}`);

console.log(await readImages(values).contactSheet({ columns: 2, width: 64, height: 64 }).write("sheet.png").compute());
const [sheet] = await readImages("sheet.png").metadata().compute();
console.log(sheet.format, sheet.width, sheet.height);
