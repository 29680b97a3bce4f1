import { afterAll } from "vitest";
import { connectCloud } from "../../lib/client/connect-aws.ts";
import { createAwsRuntime } from "../../lib/runtime/aws/runtime.ts";
import { conformance } from "../conformance/suite.ts";
import { startCloud } from "./cloud.ts";

const fixture = await startCloud({ sources: ["work"] });
afterAll(() => fixture?.stop());

if (fixture === undefined) {
  const { test } = await import("vitest");
  test.skip("the runtime of a stack (no emulator here)", () => {});
} else
  conformance({
    name: "aws, emulated",
    put: async (name, text) => {
      const url = await fixture.put(`data/${name}`, text);
      return fixture.store.head(url);
    },
    async make() {
      const { cloud } = await connectCloud(fixture.stack.url, fixture.stack.options);
      return createAwsRuntime({ cloud });
    },
    most: 70,
    skip: {
      "tells what happens, in order":
        "functions tell of stages and how far they are, not of each task (test/aws/runtime.test.ts)",
      "runs a flaky task again, as often as it may": "the same; that it is run again is shown by those below",
      "reads memory:// as well": "the memory of this process is not the functions', and plans say so",
    },
  });
