import { fork } from "node:child_process";
import https from "node:https";
import { join } from "node:path";
import { type CpuTime, cpuTimeOf } from "./process-cpu.ts";
import { quantiles } from "./quantiles.ts";

export interface LoadAccess {
  url: string;
  ca: string;
  token: string;
  connections: number;
  seconds: number;
  /** Ends earlier with so many. */
  requests?: number;
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
  /** CPU time of the server a request, which other work on the machine hardly changes: of all threads, of the main one. */
  cpuMicros: CpuTime;
  failed: number;
  p50: number;
  p99: number;
  max: number;
}

/** Sends the request over and over from a process of its own to the server of that pid. */
export function runLoad(access: LoadAccess, request: LoadRequest, pid: number): Promise<LoadFigures> {
  return new Promise((resolve, reject) => {
    const before = cpuTimeOf(pid);
    const child = fork(join(import.meta.dirname, "apiserver-client.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    child.send({ access, request });
    child.on("message", (result: { times: number[]; failed: number; seconds: number }) => {
      const perSecond = Math.round(result.times.length / result.seconds);
      const after = cpuTimeOf(pid);
      const micros = (part: keyof CpuTime) =>
        Math.round((after[part] - before[part]) / Math.max(1, result.times.length));
      const cpuMicros = { all: micros("all"), main: micros("main") };
      resolve({ perSecond, cpuMicros, failed: result.failed, ...quantiles(result.times) });
    });
    child.on("error", reject);
    // What it has sent may come after its end.
    child.on("exit", (code, signal) => {
      if (code !== 0) reject(new Error(`the load ended early: ${signal ?? code}`));
    });
  });
}

/** One request by certificate; its answer. */
export function requestOnce(
  { url, ...proof }: { url: string; ca: string; cert: string; key: string },
  method: string,
  path: string,
  body?: object,
): Promise<object> {
  return new Promise((resolve, reject) => {
    const headers = body ? { "content-type": "application/json" } : {};
    const request = https.request(`${url}${path}`, { method, headers, ...proof }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
  });
}
