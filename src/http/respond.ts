import type { OutgoingHttpHeaders } from "node:http";
import type { AnswerSink } from "./answer-sink.ts";
import type { HttpResponse } from "./http-response.ts";

export function sendJson(
  res: HttpResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  sendBytes(res, status, "application/json", Buffer.from(`${JSON.stringify(value)}\n`), headers);
}

export function sendText(
  res: AnswerSink,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  sendBytes(res, status, "text/plain; charset=utf-8", Buffer.from(text), headers);
}

/** Does nothing when an answer has begun or the client has gone. */
export function sendBytes(
  res: AnswerSink,
  status: number,
  contentType: string,
  bytes: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, { "content-type": contentType, "content-length": bytes.byteLength, ...headers });
  res.end(bytes);
}

export function sendEmpty(res: HttpResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, status === 204 || status === 304 ? headers : { "content-length": 0, ...headers });
  res.end();
}

/** Writes a chunk and waits while the client is slower than we are. False when the client has gone. */
export function writeChunk(res: HttpResponse, chunk: Uint8Array | string): Promise<boolean> | boolean {
  if (res.destroyed || res.writableEnded) return false;
  if (res.write(chunk)) return true;
  return new Promise((resolve) => {
    const done = () => {
      res.off("drain", done).off("close", done);
      resolve(!res.destroyed);
    };
    res.on("drain", done).on("close", done);
  });
}

/** Sends all chunks with back-pressure and ends the answer; stops quietly when the client goes away. */
export async function sendStream(
  res: HttpResponse,
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): Promise<void> {
  for await (const chunk of chunks) {
    if (!(await writeChunk(res, chunk))) return;
  }
  res.end();
}
