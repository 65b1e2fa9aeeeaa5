import { type Clock, conflict, GantryError, invalidArgument } from "../base/index.ts";
import { withHostLock } from "../kernel/index.ts";
import { ensureBridge, outwardMtu, removeBridge } from "./bridge-link.ts";
import { type BridgeRecord, linkGroup } from "./network-record.ts";
import type { NetworkRegistry } from "./network-registry.ts";
import { defaultGateway } from "./network-request.ts";
import { POD_NETWORK_NAME, type PodNetworkRequest } from "./pod-network.ts";
import { chooseNetworkSubnet, choosePodCidr, chooseServiceCidr, isSubnetTaken } from "./subnet-choice.ts";
import type { CreateNetworkRequest } from "./types.ts";

/** Makes networks with a bridge: chooses what the request leaves open, creates the link, remembers the network. */
export class BridgeCreation {
  readonly #instanceId: string;
  readonly #clock: Clock;
  readonly #registry: NetworkRegistry;

  constructor(options: { instanceId: string; clock: Clock; registry: NetworkRegistry }) {
    this.#instanceId = options.instanceId;
    this.#clock = options.clock;
    this.#registry = options.registry;
  }

  userDefined(request: CreateNetworkRequest): BridgeRecord {
    const options = request.options ?? {};
    const id = this.#registry.newId();
    return this.#create(() => ({
      ...this.#base(id, request.name),
      ...this.#addresses(request.subnet, request.ipRange, request.gateway),
      ...(Object.keys(request.auxAddresses ?? {}).length > 0 ? { auxAddresses: request.auxAddresses } : {}),
      bridgeName: options["com.docker.network.bridge.name"] ?? `gt${this.#instanceId}-${id.slice(0, 6)}`,
      internal: request.internal ?? false,
      attachable: request.attachable ?? false,
      labels: request.labels ?? {},
      options,
      mtu: mtuOption(options) ?? outwardMtu(),
    }));
  }

  /** Docker's network `bridge`. */
  defaultBridge(): BridgeRecord {
    const bridgeName = `gt${this.#instanceId}-bridge`;
    const mtu = outwardMtu();
    return this.#create(() => ({
      ...this.#base(this.#registry.newId(), "bridge"),
      ...this.#addresses(),
      bridgeName,
      isDefaultBridge: true,
      mtu,
      options: defaultBridgeOptions(bridgeName, mtu),
    }));
  }

  pods(request: PodNetworkRequest): BridgeRecord {
    return this.#create(() => {
      const taken = this.#registry.claimedSubnets();
      for (const wanted of [request.podCidr, request.serviceCidr]) {
        if (wanted !== undefined && isSubnetTaken(wanted)) {
          throw conflict(`the range ${wanted} is already in use on this host`, {
            code: "Network.SubnetTaken",
            hint: "choose another one for pods or Services; `ip route` shows what is taken",
          });
        }
      }
      const subnet = request.podCidr ?? choosePodCidr(taken);
      return {
        ...this.#base(this.#registry.newId(), POD_NETWORK_NAME),
        subnet,
        gateway: defaultGateway(subnet),
        routes: [request.serviceCidr ?? chooseServiceCidr([...taken, subnet])],
        bridgeName: `gt${this.#instanceId}-pods`,
        owner: "cri",
        routed: true,
        mtu: outwardMtu(),
      };
    });
  }

  /** Puts a network's bridge in place as it was. */
  ensure(record: BridgeRecord): void {
    ensureBridge(record, linkGroup(this.#instanceId));
  }

  /** Nobody else on the host chooses a subnet until the route that marks the choice is there. */
  #create(makeRecord: () => BridgeRecord): BridgeRecord {
    return withHostLock("subnet-choice", () => {
      const record = makeRecord();
      try {
        this.ensure(record);
        this.#registry.save(record);
      } catch (error) {
        // A link that was there before is not ours to remove.
        if (!(error instanceof GantryError && error.code === "Network.LinkTaken")) removeBridge(record);
        throw error;
      }
      return record;
    });
  }

  #base(id: string, name: string) {
    return {
      id,
      name,
      driver: "bridge" as const,
      internal: false,
      attachable: false,
      labels: {},
      options: {},
      createdAtMs: this.#clock.nowMs(),
      isDefaultBridge: false,
    };
  }

  #addresses(wanted?: string, ipRange?: string, gateway?: string) {
    const subnet = wanted ?? chooseNetworkSubnet(this.#registry.claimedSubnets());
    return {
      subnet,
      ipRange,
      gateway: gateway ?? defaultGateway(subnet, ipRange),
      ...(wanted === undefined ? { subnetIsChosen: true } : {}),
      ...(gateway === undefined ? { gatewayIsChosen: true } : {}),
    };
  }
}

function mtuOption(options: Record<string, string>): number | undefined {
  const text = options["com.docker.network.driver.mtu"];
  if (text === undefined) return undefined;
  const mtu = Number(text);
  if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65535) throw invalidArgument(`invalid MTU: ${text}`);
  return mtu;
}

function defaultBridgeOptions(bridgeName: string, mtu: number): Record<string, string> {
  return {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
    "com.docker.network.bridge.name": bridgeName,
    "com.docker.network.driver.mtu": String(mtu),
  };
}
