import { createServer, type IncomingMessage, type RequestOptions, request, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { silentLogger, systemClock } from "../../base/index.ts";
import { Certificates } from "../certificates.ts";
import { ProxyEngine } from "../proxy-engine.ts";
import { ProxyMetrics } from "../proxy-metrics.ts";
import type { Backend, ListenerReport, RouteRule, VirtualHost } from "../types.ts";

export interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export type Handle = (req: IncomingMessage, res: import("node:http").ServerResponse) => void;

/** A proxy in this thread with servers behind it; all of them end with it. */
export class RunningProxy {
  readonly metrics = new ProxyMetrics();
  reports: ListenerReport[] = [];
  port = 0;
  readonly #servers: Server[] = [];
  readonly engine = new ProxyEngine({
    metrics: this.metrics,
    certificates: new Certificates(silentLogger),
    accessLog: undefined,
    clock: systemClock,
    logger: silentLogger,
    report: (reports) => {
      this.reports = reports;
    },
  });

  /** A server behind it; its address as an endpoint. */
  async server(handle: Handle): Promise<{ address: string; port: number; server: Server }> {
    const server = createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#servers.push(server);
    return { address: "127.0.0.1", port: (server.address() as AddressInfo).port, server };
  }

  backend(name: string, endpoints: Backend["endpoints"], more: Partial<Backend> = {}): void {
    const plain = endpoints.map(({ address, port }) => ({ address, port }));
    this.engine.setBackend({ name, protocol: "auto", endpoints: plain, ...more });
  }

  /** Serves these rules for every host over HTTP. */
  async serve(...rules: (Partial<RouteRule> & { path?: string })[]): Promise<void> {
    await this.hosts({ host: "*", rules: rules.map(ruleOf) });
  }

  async hosts(...hosts: VirtualHost[]): Promise<void> {
    this.port ||= await freePort();
    await this.engine.setRoutes({
      listeners: [{ address: "127.0.0.1", port: this.port, protocol: "http", hosts }],
    });
  }

  ask(path: string, options: RequestOptions & { body?: string | Buffer } = {}): Promise<Answer> {
    return ask({ host: "127.0.0.1", port: this.port, path, ...options });
  }

  async close(): Promise<void> {
    await this.engine.close();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

export function ruleOf({ path, ...rule }: Partial<RouteRule> & { path?: string }, index = 0): RouteRule {
  return {
    name: `rule-${index}`,
    match: { path: { type: "prefix", value: path ?? "/" } },
    filters: [],
    backends: [{ backend: "web", weight: 1 }],
    ...rule,
  };
}

export function ask({ body, ...options }: RequestOptions & { body?: string | Buffer }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent: false, ...options }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () =>
        resolve({ status: res.statusCode!, headers: res.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
