/** Starts a collection, says which run it is once it goes on, and waits for ever: node dying-client.ts URL OPTIONS COLLECTION, all but the first as JSON. */
import { Client, fromJSON, type AwsClientOptions } from "../../lib/index.ts";

const [url, options, collection] = process.argv.slice(2);
const client = await Client.connect(url, JSON.parse(options) as AwsClientOptions); // the test's
client.onEvent((event) => {
  if (event.type === "stage-started") console.log(event.run);
});
await client.compute(fromJSON(JSON.parse(collection)));
await new Promise(() => setInterval(() => {}, 1_000));
