import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { conformance } from "./suite.ts";

conformance({ name: "inline", make: (store) => createInlineRuntime({ store }) });
