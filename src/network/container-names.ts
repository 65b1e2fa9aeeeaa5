import type { DnsForwarder } from "./dns-forwarder.ts";
import type { DnsReply, DnsRequest } from "./dns-listener.ts";
import { DnsCode } from "./dns-message.ts";
import type { EndpointRegistry } from "./endpoint-registry.ts";
import type { NetworkRegistry } from "./network-registry.ts";
import { ipToNumber, numberToIp } from "./subnet.ts";
import type { Endpoint } from "./types.ts";

/** Docker's time to live of its own names. */
const TTL_SECONDS = 600;

/** The names under which Docker finds a container in its networks: name, aliases, short id, and each with the network's name. */
export function namesOf(endpoint: Endpoint): string[] {
  const names = [endpoint.containerName, endpoint.containerId.slice(0, 12), ...endpoint.aliases];
  return names.flatMap((name) => [name.toLowerCase(), `${name}.${endpoint.networkName}`.toLowerCase()]);
}

/** Answers containers of user-defined networks: their neighbours' names from memory, all else from the host's servers. */
export class ContainerNames {
  readonly #networks: NetworkRegistry;
  readonly #endpoints: EndpointRegistry;
  readonly #forwarder: DnsForwarder;

  constructor(networks: NetworkRegistry, endpoints: EndpointRegistry, forwarder: DnsForwarder) {
    this.#networks = networks;
    this.#endpoints = endpoints;
    this.#forwarder = forwarder;
  }

  /** Answers a question that arrived on the given network's name server. */
  async answer(networkId: string, request: DnsRequest): Promise<DnsReply> {
    const question = request.message.questions![0]!;
    const asker = this.#endpoints.byAddress(networkId, request.clientAddress);
    const own = asker ? this.#endpoints.ofContainer(asker.containerId) : [];
    const visible = own.length > 0 ? own.map((endpoint) => endpoint.networkId) : [networkId];
    const local =
      question.type === "PTR"
        ? this.#answerReverse(question.name, visible)
        : (this.#answerLink(question.name, question.type, own) ??
          this.#answerName(question.name, question.type, visible));
    if (local) return local;
    const mayLeave = visible.some((id) => this.#networks.get(id)?.internal === false);
    if (!mayLeave) return { code: question.name.includes(".") ? DnsCode.SERVFAIL : DnsCode.NXDOMAIN };
    const servers = own.find((endpoint) => endpoint.dnsServers?.length)?.dnsServers;
    return this.#forwarder.forward(request, servers);
  }

  /** Links are the asker's own names for others, and each is one of the network where it was given. */
  #answerLink(name: string, type: string, own: readonly Endpoint[]): DnsReply | undefined {
    const wanted = name.toLowerCase().replace(/\.$/, "");
    for (const { links = {}, networkId, networkName } of own) {
      for (const [alias, target] of Object.entries(links)) {
        if (![alias, `${alias}.${networkName}`].some((text) => text.toLowerCase() === wanted)) continue;
        return this.#answerName(target, type, [networkId], name);
      }
    }
    return undefined;
  }

  #answerName(name: string, type: string, networkIds: readonly string[], asked = name): DnsReply | undefined {
    const wanted = name.toLowerCase().replace(/\.$/, "");
    // Names of the container's first network win; within one network all bearers of an alias answer.
    for (const id of networkIds) {
      const found = this.#endpoints.inNetwork(id).filter((endpoint) => namesOf(endpoint).includes(wanted));
      if (found.length === 0) continue;
      if (type !== "A") return { code: DnsCode.NOERROR };
      const answers = shuffled(found).map(({ ip }) => ({
        name: asked,
        type: "A",
        ttl: TTL_SECONDS,
        data: ip,
      }));
      return { code: DnsCode.NOERROR, answers };
    }
    return undefined;
  }

  #answerReverse(name: string, networkIds: readonly string[]): DnsReply | undefined {
    const address = addressOfReverseName(name);
    if (!address) return undefined;
    for (const id of networkIds) {
      for (const endpoint of this.#endpoints.inNetwork(id)) {
        if (endpoint.ip !== address) continue;
        const data = `${endpoint.containerName}.${endpoint.networkName}`;
        return { code: DnsCode.NOERROR, answers: [{ name, type: "PTR", ttl: TTL_SECONDS, data }] };
      }
    }
    return undefined;
  }
}

/** `4.3.2.1.in-addr.arpa` is 1.2.3.4. */
export function addressOfReverseName(name: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa\.?$/i.exec(name);
  if (!match) return undefined;
  const address = match.slice(1).reverse().join(".");
  try {
    return numberToIp(ipToNumber(address));
  } catch {
    return undefined;
  }
}

/** A random order spreads clients that take the first answer. */
export function shuffled<T>(items: readonly T[]): T[] {
  const out = [...items];
  for (let last = out.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [out[last], out[other]] = [out[other]!, out[last]!];
  }
  return out;
}
