import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Moto {
  readonly port: number;
  stop(): Promise<void>;
}

export interface MotoOptions {
  /** The port under which state machines reach AWS. */
  readonly believed: number;
  readonly region: string;
  /** Factor of the waits between a state's retries. */
  readonly waitScale: number;
}

const SERVER = fileURLToPath(new URL("./moto-server.py", import.meta.url));

/** Starts moto's server, patched, on a free port. Undefined where no Python of this machine has moto. */
export async function startMoto(options: MotoOptions): Promise<Moto | undefined> {
  for (const python of ["python3", "python"]) {
    const moto = await startWith(python, options);
    if (moto !== undefined) return moto;
  }
  return undefined;
}

async function startWith(python: string, { believed, region, waitScale }: MotoOptions): Promise<Moto | undefined> {
  const child = spawn(python, [SERVER], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: "1",
      // It warns of parts of templates that it leaves out: policies above all, which are asserted on the template.
      PYTHONWARNINGS: "ignore",
      MOTO_PORT: String(believed),
      ABANICO_WAIT_SCALE: String(waitScale),
      AWS_ACCESS_KEY_ID: "moto",
      AWS_SECRET_ACCESS_KEY: "moto",
      AWS_DEFAULT_REGION: region,
    },
  });
  const kill = (): void => void child.kill("SIGKILL");
  // Also when the tests are interrupted.
  process.once("exit", kill);
  const port = await said(child);
  if (port === undefined) return undefined;
  return {
    port,
    async stop() {
      process.off("exit", kill);
      const exit = once(child, "exit");
      kill();
      await exit;
    },
  };
}

/** What it ends with where its Python has no moto of the version that is patched. */
const NO_MOTO = 3;
/** What shells, and wrappers such as pyenv's, end with where there is no such program. */
const NO_PROGRAM = 127;

/** The port that the server prints; undefined where there is no such Python, or no moto. */
async function said(child: ChildProcess): Promise<number | undefined> {
  const { stdout } = child;
  if (stdout === null) return undefined;
  return new Promise((resolve, reject) => {
    child.once("error", () => resolve(undefined));
    child.once("exit", (status) => {
      // The version is right, so it has to start: else the suite would be skipped in silence for ever.
      if (status === NO_MOTO || status === NO_PROGRAM) resolve(undefined);
      else reject(new Error(`moto ended with ${String(status)} before it listened`));
    });
    createInterface({ input: stdout }).once("line", (line) =>
      resolve((JSON.parse(line) as { readonly port: number }).port),
    );
  });
}
