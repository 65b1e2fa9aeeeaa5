import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { type Clock, errnoCode, errorMessage } from "../../../base/index.ts";
import type { HttpTarget } from "./probe-target.ts";
import type { ProbeFinding } from "./prober.ts";

const MAX_BODY_BYTES = 10 * 1024;
const MAX_REDIRECTS = 10;

/** GET; 200 to 399 is healthy. Redirects are followed on the same host only: another host's health says nothing. */
export async function probeHttp(target: HttpTarget, timeoutMs: number, clock: Clock): Promise<ProbeFinding> {
  const abort = new AbortController();
  const cancel = clock.after(timeoutMs, () => abort.abort());
  let { url } = target;
  try {
    for (let redirects = 0; ; redirects++) {
      const { status, location, body } = await get(url, target.headers, abort.signal);
      const next =
        status >= 300 && status < 400 && location !== undefined ? new URL(location, url) : undefined;
      if (next?.hostname === url.hostname && redirects < MAX_REDIRECTS) {
        url = next;
        continue;
      }
      if (status >= 200 && status < 400) return { outcome: "success", output: body };
      return { outcome: "failure", output: `HTTP probe failed with statuscode: ${status}` };
    }
  } catch (error) {
    return {
      outcome: "failure",
      output: `Get ${JSON.stringify(url.href)}: ${failureText(url, error, abort.signal)}`,
    };
  } finally {
    cancel();
    abort.abort();
  }
}

function failureText(url: URL, error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  return networkFailure(`${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`, error);
}

const ERRNO_TEXT: Record<string, string> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ECONNRESET: "read: connection reset by peer",
};

/** A failed connection in Go's words, which people search for. */
export function networkFailure(address: string, error: unknown): string {
  const text = ERRNO_TEXT[errnoCode(error) ?? ""];
  if (errorMessage(error) === "socket hang up") return "EOF";
  return text === undefined ? errorMessage(error) : `dial tcp ${address}: ${text}`;
}

interface Answer {
  status: number;
  location: string | undefined;
  body: string;
}

/** Each probe has a connection of its own: a kept one would hide that nobody listens any more. */
export function get(url: URL, headers: [string, string][], signal: AbortSignal): Promise<Answer> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { method: "GET", agent: false, signal, rejectUnauthorized: false, headers: headerMap(headers) },
      (response) => {
        readStart(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }),
          reject,
        );
      },
    );
    request.on("error", reject);
    request.end();
  });
}

function headerMap(headers: [string, string][]): Record<string, string[]> {
  const map: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    map[name] ??= [];
    map[name].push(value);
  }
  // Node writes Connection by itself only where it is not named.
  map.Connection ??= ["close"];
  return map;
}

async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString();
}
