import { join } from "node:path";
import type { Logger } from "../base/index.ts";
import { AddressAllocator } from "./address-allocation.ts";
import type { BridgeRecord } from "./network-record.ts";
import { StateFiles } from "./state-files.ts";
import type { Endpoint } from "./types.ts";

/** The endpoints there are, by network and by container, and with them which addresses are taken. */
export class EndpointRegistry {
  readonly #files: StateFiles<Endpoint>;
  readonly #byId = new Map<string, Endpoint>();
  readonly #byNetwork = new Map<string, Map<string, Endpoint>>();
  readonly #byContainer = new Map<string, Endpoint[]>();
  readonly #allocators = new Map<string, AddressAllocator>();

  constructor(stateDir: string, logger: Logger) {
    this.#files = new StateFiles(join(stateDir, "endpoints"), { durable: false, logger });
  }

  load(): void {
    for (const endpoint of this.#files.load()) this.#index(endpoint);
  }

  all(): Endpoint[] {
    return [...this.#byId.values()];
  }

  get(id: string): Endpoint | undefined {
    return this.#byId.get(id);
  }

  inNetwork(networkId: string): Endpoint[] {
    return [...(this.#byNetwork.get(networkId)?.values() ?? [])];
  }

  byAddress(networkId: string, ip: string): Endpoint | undefined {
    return this.#byNetwork.get(networkId)?.get(ip);
  }

  ofContainer(containerId: string): Endpoint[] {
    return this.#byContainer.get(containerId) ?? [];
  }

  /** Takes an address of the network; it is given back by `releaseAddress`. */
  allocate(network: BridgeRecord, wanted: string | undefined): string {
    return this.#allocatorOf(network).allocate(wanted);
  }

  releaseAddress(network: BridgeRecord, ip: string): void {
    this.#allocatorOf(network).release(ip);
  }

  save(endpoint: Endpoint): void {
    this.#files.save(endpoint.id, endpoint);
    this.#index(endpoint);
  }

  /** Forgets the endpoint; its address stays taken until it is released. */
  remove(endpoint: Endpoint): void {
    this.#files.remove(endpoint.id);
    this.#byId.delete(endpoint.id);
    this.#byNetwork.get(endpoint.networkId)?.delete(endpoint.ip);
    const rest = this.ofContainer(endpoint.containerId).filter(({ id }) => id !== endpoint.id);
    if (rest.length > 0) this.#byContainer.set(endpoint.containerId, rest);
    else this.#byContainer.delete(endpoint.containerId);
  }

  forgetNetwork(networkId: string): void {
    this.#allocators.delete(networkId);
    this.#byNetwork.delete(networkId);
  }

  #index(endpoint: Endpoint): void {
    this.#byId.set(endpoint.id, endpoint);
    const inNetwork = this.#byNetwork.get(endpoint.networkId) ?? new Map<string, Endpoint>();
    inNetwork.set(endpoint.ip, endpoint);
    this.#byNetwork.set(endpoint.networkId, inNetwork);
    const others = this.ofContainer(endpoint.containerId).filter(({ id }) => id !== endpoint.id);
    this.#byContainer.set(endpoint.containerId, [...others, endpoint]);
  }

  #allocatorOf(network: BridgeRecord): AddressAllocator {
    let allocator = this.#allocators.get(network.id);
    if (!allocator) {
      allocator = new AddressAllocator(network, { spread: network.routed });
      for (const { ip } of this.inNetwork(network.id)) allocator.occupy(ip);
      this.#allocators.set(network.id, allocator);
    }
    return allocator;
  }
}
