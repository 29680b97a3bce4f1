import { Client } from "./client.ts";

let started: Promise<Client> | undefined;

/** The client that bare `compute()` starts where there is none: local, with the defaults. Its idle workers do not keep the process alive. */
export function implicitClient(): Promise<Client> {
  started ??= Client.local();
  return started;
}
