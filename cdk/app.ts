/**
 * The app that `cdk deploy` and `abanico deploy` run: one stack, whose name is `-c stackName=…`, by default "Abanico". What else can be said so is in
 * context.ts. Node runs it as it is.
 */
import { App } from "aws-cdk-lib";
import { propsOfContext } from "./context.ts";
import { AbanicoStack } from "./stack.ts";

const app = new App({ analyticsReporting: false });
const given: unknown = app.node.tryGetContext("stackName");
new AbanicoStack(app, given === undefined ? "Abanico" : String(given), { abanico: propsOfContext });
app.synth();
