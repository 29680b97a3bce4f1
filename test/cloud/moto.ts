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

/** The port that the server prints; undefined where it ends before. */
async function said(child: ChildProcess): Promise<number | undefined> {
  if (child.stdout === null) return undefined;
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line").then(([text]) => (JSON.parse(String(text)) as { readonly port: number }).port);
  const ended = Promise.race([once(child, "exit"), once(child, "error")]).then(
    () => undefined,
    () => undefined,
  );
  return Promise.race([line, ended]);
}
