import type { GatewayJudgement } from "../gateway/judge-gateway.ts";
import { type Transport, transportOf } from "../routes/contribution.ts";

interface Use {
  createdMs: number;
  ports: ReadonlyMap<number, Transport>;
}

/** What each port is used for: by Ingresses, or by the oldest Gateway that wants it. */
export class PortUses {
  readonly #reserved: ReadonlyMap<number, Transport>;
  readonly #byGateway = new Map<string, Use>();

  constructor({ http, https }: { http: number; https: number }) {
    this.#reserved = new Map<number, Transport>([
      [http, "http"],
      [https, "TLS"],
    ]);
  }

  /** What others have made of a port before this Gateway. */
  transportAt(port: number, gateway: string): Transport | undefined {
    const reserved = this.#reserved.get(port);
    if (reserved) return reserved;
    const own = this.#byGateway.get(gateway);
    const others = [...this.#byGateway]
      .filter(([key, { ports }]) => key !== gateway && ports.has(port))
      .filter(
        ([key, { createdMs }]) =>
          !own || createdMs < own.createdMs || (createdMs === own.createdMs && key < gateway),
      )
      .sort(([a, one], [b, other]) => one.createdMs - other.createdMs || (a < b ? -1 : 1));
    return others[0]?.[1].ports.get(port);
  }

  /** Returns the Gateways that a change of ports concerns. */
  set(gateway: string, { listeners, contribution }: GatewayJudgement): string[] {
    const ports = new Map(
      listeners.flatMap(({ key }) => (key ? [[key.port, transportOf(key.protocol)] as const] : [])),
    );
    const before = this.#byGateway.get(gateway);
    this.#byGateway.set(gateway, { createdMs: contribution.createdMs, ports });
    const changed = new Set([...ports.keys(), ...(before?.ports.keys() ?? [])]);
    for (const port of changed) if (before?.ports.get(port) === ports.get(port)) changed.delete(port);
    return this.#others(gateway, changed);
  }

  delete(gateway: string): string[] {
    const ports = new Set(this.#byGateway.get(gateway)?.ports.keys() ?? []);
    this.#byGateway.delete(gateway);
    return this.#others(gateway, ports);
  }

  /** Also those that were refused the port want to know. */
  #others(gateway: string, changed: ReadonlySet<number>): string[] {
    return changed.size === 0 ? [] : [...this.#byGateway.keys()].filter((key) => key !== gateway);
  }
}
