import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { conformance } from "./suite.ts";

conformance({ name: "inline", make: () => createInlineRuntime({ store: defaultStore() }) });
