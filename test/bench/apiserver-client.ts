import { connect, type TLSSocket } from "node:tls";
import type { LoadAccess, LoadRequest } from "./apiserver-load.ts";

// The load of the API server's bench: connections that each send the next request when the answer has come. It reads of HTTP
// only what this server writes, so that it costs less than what it measures.
process.once("message", async ({ access, request }: { access: LoadAccess; request: LoadRequest }) => {
  const times: number[] = [];
  let failed = 0;
  const beganAt = performance.now();
  const endsAt = beganAt + access.seconds * 1000;
  const limit = access.requests ?? Number.POSITIVE_INFINITY;
  const { hostname, port } = new URL(access.url);
  const run = process.pid.toString(36);
  let count = 0;

  const one = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), ca: access.ca, servername: "localhost" });
      socket.on("error", reject);
      const reader = new AnswerReader(socket);
      const next = () => {
        if (performance.now() >= endsAt || count >= limit) {
          socket.destroy();
          resolve();
          return;
        }
        const startedAt = performance.now();
        reader.onAnswer = (code) => {
          times.push(performance.now() - startedAt);
          if (code < 200 || code > 299) failed++;
          next();
        };
        socket.write(message(access, request, { index, count: ++count, run }));
      };
      socket.on("secureConnect", next);
    });
  await Promise.all(Array.from({ length: access.connections }, (_, index) => one(index)));
  const result = { times, failed, seconds: (performance.now() - beganAt) / 1000 };
  // What is long is on its way for a while.
  process.send!(result, undefined, undefined, () => process.disconnect());
});

function message(
  { url, token }: LoadAccess,
  { method, path, body, contentType = "application/json" }: LoadRequest,
  { index, count, run }: { index: number; count: number; run: string },
): string {
  const own = `own-${run}-${index}`;
  const name = path.includes("OWN") ? own : `n-${run}-${count}`;
  const text = body
    ? JSON.stringify(body)
        .replace("NAME", name)
        .replace('"COUNT"', String(count % 1000))
    : "";
  const head = [
    `${method} ${path.replace("OWN", own)} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `authorization: Bearer ${token}`,
    "user-agent: bench",
    "accept: application/json",
    ...(body ? [`content-type: ${contentType}`, `content-length: ${Buffer.byteLength(text)}`] : []),
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Tells when one answer has come whole. */
class AnswerReader {
  onAnswer: (code: number) => void = () => {};
  #code: number | undefined;
  /** Of the body; undefined where it comes in chunks. */
  #left: number | undefined;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: TLSSocket) {
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  #take(chunk: Buffer): void {
    if (this.#code === undefined) {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      const end = this.#held.indexOf(HEAD_END);
      if (end < 0) return;
      const head = this.#held.subarray(0, end).toString("latin1").toLowerCase();
      this.#code = Number(head.slice(9, 12));
      const length = /content-length: (\d+)/.exec(head)?.[1];
      this.#left = length === undefined ? undefined : Number(length);
      const rest = this.#held.subarray(end + HEAD_END.length);
      this.#held = Buffer.alloc(0);
      this.#body(rest);
    } else this.#body(chunk);
  }

  #body(bytes: Buffer): void {
    if (this.#left !== undefined) {
      this.#left -= bytes.length;
      if (this.#left <= 0) this.#done();
      return;
    }
    // The end of the last chunk may come in two pieces.
    const tail = Buffer.concat([this.#held, bytes]).subarray(-LAST_CHUNK.length);
    if (tail.equals(LAST_CHUNK)) this.#done();
    else this.#held = Buffer.from(tail);
  }

  #done(): void {
    const code = this.#code!;
    this.#code = undefined;
    this.#left = undefined;
    this.#held = Buffer.alloc(0);
    this.onAnswer(code);
  }
}
