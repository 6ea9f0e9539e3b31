// A free port, and the wait for what listens there.

import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Waits for an address to answer well, at most half a minute, while the process lives that serves it.
export async function started(address, server) {
  for (let tries = 0; tries < 150; tries += 1) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return;
    if (server.exitCode !== null) break;
    await sleep(200);
  }
  throw new Error("the server did not start");
}
