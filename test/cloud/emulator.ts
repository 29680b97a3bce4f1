import type { Faults, Call } from "./faults.ts";
import type { FunctionOptions } from "./functions.ts";
import type { Lambda } from "./lambda.ts";
import { startMoto } from "./moto.ts";
import { startProxy } from "./proxy.ts";

/** An AWS account that is none: moto behind a proxy. */
export interface Emulator {
  readonly endpoint: string;
  readonly region: string;
  readonly lambda: Lambda;
  readonly faults: Faults;
  /** What the SDK's clients take to reach it. */
  readonly config: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** The same as variables of the environment. */
  readonly env: { readonly [name: string]: string };
  register(options: Omit<FunctionOptions, "env"> & { readonly env?: FunctionOptions["env"] }): Promise<void>;
  /** Hears of each request; replaces whoever heard before. */
  listen(onCall: ((call: Call) => void) | undefined): void;
  /** Empties the account and ends all functions; scripted faults go. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  readonly region?: string;
  /** After how long a message that was not deleted comes again, in seconds. Default 3; AWS has 30, more than a test wants to wait. */
  readonly visibilitySeconds?: number;
  /** Factor of the waits between a state's retries. Default 0.02, since their unit is a second. */
  readonly waitScale?: number;
}

/** Starts it; undefined, after one printed line, where there is no moto on this machine. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator | undefined> {
  const { region = "us-east-1", visibilitySeconds = 3, waitScale = 0.02 } = options;
  let motoPort = 0;
  const proxy = await startProxy({ region, visibilitySeconds, target: () => motoPort });
  const moto = await startMoto({ believed: proxy.port, region, waitScale });
  if (moto === undefined) {
    await proxy.close();
    console.log("skipped: the cloud, since no Python here has moto (pip install 'moto[server,stepfunctions]==5.2.1')");
    return undefined;
  }
  motoPort = moto.port;
  const post = async (path: string, body: object): Promise<void> => {
    const done = await fetch(`http://127.0.0.1:${moto.port}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!done.ok) throw new Error(`moto refuses ${path}: ${done.status} ${await done.text()}`);
  };
  // Without it, executions of state machines are only said to run.
  const interpret = (): Promise<void> => post("/moto-api/config", { stepfunctions: { execute_state_machine: true } });
  await interpret();

  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const keys = { AWS_ACCESS_KEY_ID: "client", AWS_SECRET_ACCESS_KEY: "client" };
  const env = { ...keys, AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_DEFAULT_REGION: region };
  return {
    endpoint,
    region,
    lambda: proxy.lambda,
    faults: proxy.faults,
    config: { endpoint, region, credentials: { accessKeyId: "client", secretAccessKey: "client" } },
    env,
    register: (given) => proxy.lambda.register({ ...given, env: { ...env, ...given.env } }),
    listen: (onCall) => void (proxy.onCall = onCall),
    async reset() {
      proxy.faults.clear();
      await proxy.lambda.close();
      await post("/moto-api/reset", {});
      await interpret();
    },
    async stop() {
      await proxy.close();
      await moto.stop();
    },
  };
}
