import { connect, createServer, type Socket } from "node:net";
import { systemClock } from "../../base/index.ts";

/** A way to a TCP server that a test can break. */
export interface TcpProxy {
  /** `host:port` to connect to. */
  endpoint: string;
  /** What the server answers is lost from now on, until `heal`. */
  dropAnswers(): void;
  /** Breaks all connections and refuses new ones, until `heal`. */
  cut(): void;
  /** Breaks all connections; new ones are fine. */
  reset(): void;
  delay(ms: number): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const [host, port] = target.split(":");
  const sockets = new Set<Socket>();
  let isCut = false;
  let dropsAnswers = false;
  let delayMs = 0;
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    sockets.clear();
  };
  const forward = (from: Socket, to: Socket, isAnswer: boolean) => {
    // What is late is not overtaken by what comes when the delay is over.
    let sent = Promise.resolve();
    from.on("data", (chunk) => {
      if (isAnswer && dropsAnswers) return;
      const dueMs = systemClock.monotonicMs() + delayMs;
      sent = sent.then(async () => {
        const waitMs = dueMs - systemClock.monotonicMs();
        if (waitMs > 0) await systemClock.sleep(waitMs);
        to.write(chunk);
      });
    });
    from.on("close", () => to.destroy());
    from.on("error", () => to.destroy());
  };
  const server = createServer((client) => {
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: host!, port: Number(port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    forward(client, upstream, false);
    forward(upstream, client, true);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `127.0.0.1:${(server.address() as { port: number }).port}`,
    reset,
    cut() {
      isCut = true;
      reset();
    },
    dropAnswers() {
      dropsAnswers = true;
    },
    delay(ms) {
      delayMs = ms;
    },
    heal() {
      // What was lost on a connection stays lost: only new ones are whole again.
      if (dropsAnswers) reset();
      isCut = dropsAnswers = false;
      delayMs = 0;
    },
    async close() {
      reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
