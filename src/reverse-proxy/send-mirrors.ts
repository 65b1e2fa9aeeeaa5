import { EventEmitter } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import type { Clock } from "../base/index.ts";
import { type AnswerSink, headText } from "../http/index.ts";
import type { EndpointPool } from "./endpoint-pool.ts";

const MIRROR_MS = 10_000;
/** A backend that is slower than its copies come misses some. */
const MAX_IN_FLIGHT = 256;
let inFlight = 0;

/** Sends copies of a request, without its body, and drops the answers: nobody waits for them, and nobody hears of their failures. */
export function sendMirrors(
  backends: readonly string[],
  poolOf: (name: string) => EndpointPool | undefined,
  { method, path, headers }: { method: string; path: string; headers: OutgoingHttpHeaders },
  clock: Clock,
): void {
  const { "content-length": _, "transfer-encoding": __, ...more } = headers;
  const head = headText(`${method} ${path} HTTP/1.1`, more);
  for (const backend of backends) {
    const pool = poolOf(backend);
    const endpoint = pool?.pick(new Set(), 0);
    if (!pool || !endpoint || inFlight >= MAX_IN_FLIGHT) continue;
    inFlight++;
    const connection = pool.connection(endpoint, false);
    const cancel = clock.after(MIRROR_MS, () => connection.destroy(), { unref: true });
    const over = () => {
      cancel();
      inFlight--;
    };
    connection.listen(method, {
      answered: (answer) => void answer.passTo(new DroppedAnswer()).then(over),
      failed: over,
    });
    const send = () => connection.send(head, false);
    if (connection.isConnected) send();
    else connection.whenConnected(send);
  }
}

/** Takes everything, and keeps nothing. */
class DroppedAnswer extends EventEmitter implements AnswerSink {
  headersSent = true;
  destroyed = false;

  writeHead(): void {}
  flushHeaders(): void {}
  addTrailers(): void {}

  write(): boolean {
    return true;
  }

  end(): void {
    this.emit("close");
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}
