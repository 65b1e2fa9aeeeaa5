import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../base/index.ts";
import { CONNECT_MS, type EndpointPool, type EndpointState, MAX_ENDPOINTS } from "./endpoint-pool.ts";

export interface EndpointConnection {
  endpoint: EndpointState;
  socket: Socket;
}

/**
 * Connects to one of a backend's endpoints, to another one where one does not take the connection; undefined when none does. `raw`:
 * TCP alone, whatever the backend speaks.
 */
export async function connectToEndpoint(
  pool: EndpointPool,
  clock: Clock,
  {
    cookie,
    raw = false,
    connectMs = CONNECT_MS,
  }: { cookie?: string | undefined; raw?: boolean; connectMs?: number | undefined },
): Promise<EndpointConnection | undefined> {
  const tried = new Set<string>();
  while (tried.size < MAX_ENDPOINTS) {
    const endpoint = pool.pick(tried, clock.monotonicMs(), cookie);
    if (!endpoint) return undefined;
    const socket = await connected(pool, endpoint, raw, connectMs, clock);
    if (socket) return { endpoint, socket };
    pool.avoid(endpoint, clock.monotonicMs());
    tried.add(endpoint.key);
  }
  return undefined;
}

function connected(
  pool: EndpointPool,
  { address, port }: EndpointState,
  raw: boolean,
  connectMs: number,
  clock: Clock,
): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const isTls = !raw && pool.backend.tls !== undefined;
    const socket = isTls
      ? connectTls({ host: address, port, ...pool.tlsOptions })
      : connectTcp({ host: address, port, noDelay: true });
    const failed = () => {
      cancel();
      socket.destroy();
      resolve(undefined);
    };
    const cancel = clock.after(connectMs, failed, { unref: true });
    socket.once("error", failed);
    socket.once(isTls ? "secureConnect" : "connect", () => {
      cancel();
      socket.off("error", failed);
      resolve(socket);
    });
  });
}
