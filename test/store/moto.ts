import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts moto's server on a free port. Undefined, after one printed line, where there is none on this machine. */
export async function startMoto(): Promise<Moto | undefined> {
  const port = await freePort();
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  // Also when the tests are interrupted.
  process.once("exit", () => child.kill());
  const ended = new Promise<false>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", () => resolve(false));
  });
  const endpoint = `http://127.0.0.1:${port}`;
  if (!(await Promise.race([ended, answers(endpoint)]))) {
    child.kill();
    console.log("skipped: S3 over moto, since moto_server does not start here (pip install 'moto[server]==5.2.1')");
    return undefined;
  }
  return {
    endpoint,
    async stop() {
      const exit = once(child, "exit");
      child.kill();
      await exit;
    },
  };
}

async function answers(endpoint: string): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const ok = await fetch(`${endpoint}/moto-api/`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return true;
    await sleep(100);
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
