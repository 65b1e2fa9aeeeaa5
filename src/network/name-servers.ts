import { type Clock, errorMessage, isGantryError, type Logger } from "../base/index.ts";
import { ContainerNames } from "./container-names.ts";
import { DnsForwarder } from "./dns-forwarder.ts";
import { DnsListener } from "./dns-listener.ts";
import type { EndpointRegistry } from "./endpoint-registry.ts";
import type { BridgeRecord } from "./network-record.ts";
import type { NetworkRegistry } from "./network-registry.ts";
import { hostResolvConf, hostResolvConfForContainers } from "./resolv-conf.ts";
import type { NameServerPort } from "./ruleset.ts";

const DNS_PORT = 53;

/** One name server for each network that needs one, on the address of its bridge. */
export class NameServers {
  readonly #listeners = new Map<string, DnsListener>();
  readonly #networks: NetworkRegistry;
  readonly #names: ContainerNames;
  readonly #forwarder: DnsForwarder;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(options: {
    networks: NetworkRegistry;
    endpoints: EndpointRegistry;
    logger: Logger;
    clock: Clock;
  }) {
    const { networks, endpoints } = options;
    this.#networks = networks;
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#forwarder = new DnsForwarder({ clock: options.clock });
    this.#names = new ContainerNames(networks, endpoints, this.#forwarder);
  }

  /**
   * Starts the network's server. Where somebody has port 53 of all addresses it takes another one, and the network's
   * rules lead there (`redirects`). A network without name service is still a network: failures are logged.
   */
  async open(network: BridgeRecord): Promise<void> {
    if (this.#listeners.has(network.id) || !isServed(network)) return;
    try {
      const listener = (await this.#tryOpen(network, DNS_PORT)) ?? (await this.#tryOpen(network, 0));
      if (listener) this.#listeners.set(network.id, listener);
    } catch (error) {
      this.#logger.error("a network has no name service", {
        network: network.name,
        error: errorMessage(error),
      });
    }
  }

  has(networkId: string): boolean {
    return this.#listeners.has(networkId);
  }

  /** Servers to which questions for the gateway's port 53 must be led. */
  redirects(): NameServerPort[] {
    return this.#networks.bridges().flatMap(({ id, bridgeName, gateway }) => {
      const port = this.#listeners.get(id)?.port;
      return port === undefined || port === DNS_PORT ? [] : [{ bridgeName, gateway, port }];
    });
  }

  async close(networkId: string): Promise<void> {
    const listener = this.#listeners.get(networkId);
    this.#listeners.delete(networkId);
    await listener?.close();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#listeners.keys()].map((id) => this.close(id)));
  }

  /** Undefined when the port is taken. */
  async #tryOpen(network: BridgeRecord, port: number): Promise<DnsListener | undefined> {
    const listener = new DnsListener({
      address: network.gateway,
      port,
      logger: this.#logger,
      clock: this.#clock,
      // On the default bridge containers do not find each other by name, as in Docker.
      answer: (request) =>
        network.isDefaultBridge ? this.#forwarder.forward(request) : this.#names.answer(network.id, request),
    });
    try {
      await listener.open();
      return listener;
    } catch (error) {
      if (isGantryError(error, "Conflict")) return undefined;
      throw error;
    }
  }
}

/** User-defined networks are; the default one only where containers cannot reach the host's servers themselves. */
function isServed(network: BridgeRecord): boolean {
  if (network.owner !== undefined) return false;
  if (!network.isDefaultBridge) return true;
  return hostResolvConf().nameservers.length > 0 && hostResolvConfForContainers().nameservers.length === 0;
}
