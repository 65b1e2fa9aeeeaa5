import { fork } from "node:child_process";
import https from "node:https";
import { join } from "node:path";
import { quantiles } from "./quantiles.ts";

export interface LoadAccess {
  url: string;
  ca: string;
  token: string;
  connections: number;
  seconds: number;
}

/** `NAME` in the body is another one each time, `OWN` in the path one for each connection, `COUNT` a number that rises. */
export interface LoadRequest {
  method: string;
  path: string;
  body?: object;
  contentType?: string;
}

export interface LoadFigures {
  perSecond: number;
  failed: number;
  p50: number;
  p99: number;
  max: number;
}

/** Sends the request over and over from a process of its own. */
export function runLoad(access: LoadAccess, request: LoadRequest): Promise<LoadFigures> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, "apiserver-client.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    child.send({ access, request });
    child.on("message", (result: { times: number[]; failed: number }) => {
      const perSecond = Math.round(result.times.length / access.seconds);
      resolve({ perSecond, failed: result.failed, ...quantiles(result.times) });
    });
    child.on("error", reject);
  });
}

/** One request by certificate; its answer. */
export function requestOnce(
  { url, ...proof }: { url: string; ca: string; cert: string; key: string },
  method: string,
  path: string,
  body: object,
): Promise<object> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const request = https.request(`${url}${path}`, { method, headers, ...proof }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    });
    request.on("error", reject);
    request.end(JSON.stringify(body));
  });
}
