import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import type { Clock } from "../base/index.ts";

export interface RemoteAnswer {
  code: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
}

export interface FetchOptions {
  timeoutMs: number;
  /** Of an answer that has more, the rest is not read and the fetch fails. */
  limitBytes: number;
  clock: Clock;
}

/** A remote server did not answer in time. */
export class TooLate extends Error {}

/** Sends a request that has no body and reads its answer. Throws TooLate, or what went wrong on the way. */
export async function fetchRemote(
  request: ClientRequest,
  { timeoutMs, limitBytes, clock }: FetchOptions,
): Promise<RemoteAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RemoteAnswer>();
  const cancel = clock.after(
    timeoutMs,
    () => {
      reject(new TooLate("context deadline exceeded"));
      request.destroy();
    },
    { unref: true },
  );
  request.on("error", reject);
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("error", reject);
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= limitBytes) return;
      reject(new Error(`the answer has more than ${limitBytes} bytes`));
      request.destroy();
    });
    response.on("end", () =>
      resolve({ code: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) }),
    );
    response.on("close", () => reject(new Error("unexpected EOF")));
  });
  request.end();
  try {
    return await promise;
  } finally {
    cancel();
  }
}
