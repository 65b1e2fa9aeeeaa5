import { isIPv4 } from "node:net";
import { join } from "node:path";
import { invalidArgument, type Logger, notImplemented } from "../base/index.ts";
import { deleteConntrack } from "../kernel/index.ts";
import type { Firewall } from "./firewall.ts";
import { PortRegistry } from "./port-registry.ts";
import type { PublishedPort } from "./ruleset.ts";
import { StateFiles } from "./state-files.ts";
import type { PortMapping } from "./types.ts";

interface PublishedRecord {
  containerId: string;
  ports: PublishedPort[];
}

/** The containers' published ports: held on the host, written in the rules, and remembered. */
export class PublishedPorts {
  readonly #files: StateFiles<PublishedRecord>;
  readonly #holds: PortRegistry;
  readonly #firewall: Firewall;
  readonly #byContainer = new Map<string, PublishedPort[]>();

  constructor(options: { stateDir: string; logger: Logger; firewall: Firewall }) {
    this.#files = new StateFiles(join(options.stateDir, "ports"), {
      durable: false,
      logger: options.logger,
    });
    this.#holds = new PortRegistry(options.logger);
    this.#firewall = options.firewall;
  }

  /** Takes the ports of before again; the caller then writes the rules. */
  load(): void {
    for (const { containerId, ports } of this.#files.load()) {
      this.#byContainer.set(containerId, ports);
      this.#holds.restore(containerId, ports);
    }
  }

  all(): PublishedPort[] {
    return [...this.#byContainer.values()].flat();
  }

  containers(): string[] {
    return [...this.#byContainer.keys()];
  }

  publish(
    containerId: string,
    containerIp: string,
    mappings: readonly PortMapping[],
    routed: boolean,
  ): PortMapping[] {
    this.unpublish(containerId);
    if (mappings.length === 0) return [];
    for (const mapping of mappings) validateMapping(mapping);
    const chosen = this.#holds.hold(containerId, mappings, containerIp);
    const ports = chosen.map((mapping) => ({ ...mapping, containerIp, routed }));
    this.#byContainer.set(containerId, ports);
    try {
      this.#files.save(containerId, { containerId, ports });
      this.#firewall.addPorts(ports);
      forgetUdp(ports);
    } catch (error) {
      this.unpublish(containerId);
      throw error;
    }
    return chosen;
  }

  unpublish(containerId: string): void {
    const ports = this.#byContainer.get(containerId);
    if (!ports) return;
    this.#byContainer.delete(containerId);
    this.#files.remove(containerId);
    try {
      this.#firewall.removePorts(ports);
      forgetUdp(ports);
    } finally {
      this.#holds.release(containerId);
    }
  }

  /** Gives the host's ports free, and leaves everything else for the next start. */
  close(): void {
    this.#holds.close();
  }

  /** Forgets everything; the rules go with their table. */
  destroy(): void {
    this.close();
    for (const containerId of this.containers()) this.#files.remove(containerId);
    this.#byContainer.clear();
  }
}

function validateMapping({ hostIp, hostPort, containerPort }: PortMapping): void {
  if (hostIp.includes(":")) {
    throw notImplemented(`ports cannot be published on the IPv6 address ${hostIp}: networks are IPv4 only`);
  }
  if (hostIp !== "" && !isIPv4(hostIp)) throw invalidArgument(`invalid IP address: ${hostIp}`);
  const isPort = (port: number, first: number) => Number.isInteger(port) && port >= first && port <= 65535;
  if (!isPort(hostPort, 0) || !isPort(containerPort, 1)) {
    throw invalidArgument(`invalid port mapping: ${hostPort}:${containerPort}`);
  }
}

/** UDP has no end of a connection: what connection tracking remembers of these ports is no longer true. */
function forgetUdp(ports: readonly PublishedPort[]): void {
  const changed = new Set(ports.filter(({ protocol }) => protocol === "udp").map(({ hostPort }) => hostPort));
  if (changed.size > 0) deleteConntrack("udp", ({ originalPort }) => changed.has(originalPort));
}
