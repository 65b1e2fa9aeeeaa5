import { createServer } from "node:net";
import type { Duplex } from "node:stream";

/** A socket that a container reaches the client's SSH agent by: each connection is one to the agent. */
export async function openAgentSocket(
  path: string,
  connect: () => Promise<Duplex>,
): Promise<{ close(): void }> {
  const open = new Set<Duplex>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    connect().then(
      (agent) => {
        open.add(agent);
        agent.on("error", () => socket.destroy());
        agent.on("close", () => {
          open.delete(agent);
          socket.destroy();
        });
        socket.on("close", () => agent.destroy());
        socket.pipe(agent).pipe(socket);
      },
      () => socket.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    close() {
      server.close();
      for (const one of open) one.destroy();
    },
  };
}
