/** Finds the peers: the first Python that has all of a peer's packages runs it. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execute } from "./child.ts";
import type { Peer, Side } from "./job.ts";

const VENV = fileURLToPath(new URL("../.venv-peers/bin/python", import.meta.url));
const INSTALL = "python3 -m venv .venv-peers && .venv-peers/bin/pip install";

/** The peers that are here as sides, with `args` for their scripts. `skip` hears one line for each that is not. */
export async function findPeers(
  peers: readonly Peer[],
  args: readonly string[],
  skip: (line: string) => void,
): Promise<Side[]> {
  const pythons = await findPythons(peers.flatMap((peer) => peer.packages));
  const sides: Side[] = [];
  for (const peer of peers) {
    const wanted = peer.packages.join(" ");
    const python = pythons.find(({ versions }) => peer.packages.every((name) => versions.has(name)));
    if (python === undefined) {
      skip(`${peer.name}: skipped, no Python here has ${wanted}. To install: ${INSTALL} ${wanted}`);
      continue;
    }
    const version = python.versions.get(peer.packages[0]) ?? "unknown";
    sides.push({ name: peer.name, version, command: [python.path, fileURLToPath(peer.script), peer.name, ...args] });
  }
  return sides;
}

interface Python {
  readonly path: string;
  readonly versions: ReadonlyMap<string, string>;
}

const PROBE = `
import importlib.metadata as m, sys
for name in sys.argv[1:]:
    try: print(name, m.version(name))
    except m.PackageNotFoundError: pass
`;

async function findPythons(packages: readonly string[]): Promise<Python[]> {
  const asked = process.env["ABANICO_PEERS_PYTHON"];
  const candidates = [...(asked === undefined ? [] : [asked]), ...(existsSync(VENV) ? [VENV] : []), "python3"];
  const found: Python[] = [];
  for (const path of candidates) {
    const lines = await execute([path, "-c", PROBE, ...packages]).then(
      ({ code, stdout }) => (code === 0 ? stdout.trim().split("\n") : []),
      () => [],
    );
    const versions = new Map<string, string>();
    for (const line of lines) {
      const [name, version] = line.split(" ");
      if (name !== "" && version !== undefined) versions.set(name, version);
    }
    found.push({ path, versions });
  }
  return found;
}
