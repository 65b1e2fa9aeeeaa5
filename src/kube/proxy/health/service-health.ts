import { errorMessage, type Logger } from "../../../base/index.ts";
import { type HttpContext, type HttpServer, sendBytes, startHttpServer } from "../../../http/index.ts";

/** A Service whose load balancer asks every node whether it has endpoints. */
export interface HealthCheckedService {
  namespace: string;
  name: string;
  port: number;
  /** Ready ones on this node. */
  localEndpoints: number;
}

export interface ServiceHealthOptions {
  nodeName: string;
  /** Addresses to listen at; asked again for each Service. */
  hosts(): readonly string[];
  isProxyHealthy(): boolean;
  /** A Service's port could not be opened. */
  onFailure(service: HealthCheckedService, message: string): void;
  logger: Logger;
}

interface Check {
  service: HealthCheckedService;
  servers: HttpServer[];
}

/**
 * The servers at `healthCheckNodePort` (upstream's ServiceHealthServer): 200 on nodes with ready endpoints of the Service, 503 on
 * others. A port that somebody else has is tried again with `retry`.
 */
export class ServiceHealth {
  readonly #options: ServiceHealthOptions;
  readonly #wanted = new Map<string, HealthCheckedService>();
  readonly #open = new Map<string, Check>();
  readonly #told = new Set<string>();
  /** Ports are opened and closed one after the other: one Service may get the port of another. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
  }

  /** What the Service `key` wants now; nothing: it is gone, or has no such port. */
  set(key: string, service: HealthCheckedService | undefined): void {
    const previous = this.#wanted.get(key);
    if (service) this.#wanted.set(key, service);
    else this.#wanted.delete(key);
    const check = this.#open.get(key);
    if (check && service?.port === check.service.port) check.service = service;
    if (previous?.port !== service?.port) this.retry();
  }

  /** Resolves when all ports that can be are as they should be. */
  retry(): Promise<void> {
    const turn = this.#turn.then(() => this.#align());
    this.#turn = turn;
    return turn;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wanted.clear();
    await this.retry();
  }

  async #align(): Promise<void> {
    for (const [key, { service, servers }] of this.#open) {
      if (this.#wanted.get(key)?.port === service.port) continue;
      this.#open.delete(key);
      await closeAll(servers);
    }
    for (const key of this.#told) if (!this.#wanted.has(key)) this.#told.delete(key);
    for (const [key, service] of this.#wanted) {
      if (!this.#isClosed && !this.#open.has(key)) await this.#start(key, service);
    }
  }

  async #start(key: string, service: HealthCheckedService): Promise<void> {
    const check: Check = { service, servers: [] };
    const { logger, nodeName } = this.#options;
    try {
      for (const host of this.#options.hosts()) {
        const listen = { host, port: service.port };
        const handler = ({ res }: HttpContext) => this.#answer(check, res);
        check.servers.push(await startHttpServer({ listen, handler, logger }));
      }
    } catch (error) {
      await closeAll(check.servers);
      if (this.#told.has(key)) return;
      this.#told.add(key);
      const why = errorMessage(error);
      logger.error("the health check of a Service cannot be served", { service: key, error: why });
      const what = `node ${nodeName} failed to start healthcheck "${key}" on port ${service.port}: ${why}`;
      this.#options.onFailure(service, what);
      return;
    }
    this.#told.delete(key);
    // Endpoints may have come or gone while the port was being opened.
    const newest = this.#wanted.get(key);
    if (newest?.port === service.port) check.service = newest;
    this.#open.set(key, check);
  }

  #answer({ service }: Check, res: HttpContext["res"]): void {
    const { namespace, name, localEndpoints } = service;
    const isHealthy = this.#options.isProxyHealthy();
    const body = bodyOf({ namespace, name, localEndpoints, isHealthy });
    sendBytes(res, localEndpoints > 0 && isHealthy ? 200 : 503, "application/json", Buffer.from(body), {
      "x-content-type-options": "nosniff",
      "x-load-balancing-endpoint-weight": localEndpoints,
    });
  }
}

/** Upstream's layout, to the tab. */
function bodyOf(answer: {
  namespace: string;
  name: string;
  localEndpoints: number;
  isHealthy: boolean;
}): string {
  const { namespace, name, localEndpoints, isHealthy } = answer;
  return [
    "{",
    '\t"service": {',
    `\t\t"namespace": ${JSON.stringify(namespace)},`,
    `\t\t"name": ${JSON.stringify(name)}`,
    "\t},",
    `\t"localEndpoints": ${localEndpoints},`,
    `\t"serviceProxyHealthy": ${isHealthy}`,
    "}",
  ].join("\n");
}

async function closeAll(servers: readonly HttpServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
}
