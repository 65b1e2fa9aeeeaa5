import { isIPv4 } from "node:net";
import {
  addressOfReverseName,
  type DnsAnswer,
  DnsCode,
  type DnsRecord,
  shuffled,
} from "../../network/index.ts";
import type { Service } from "../api/index.ts";
import { type ClusterData, clusterIpsOf, type HeadlessEndpoint, isHeadless } from "./cluster-data.ts";

/** Version of the schema that is served: Kubernetes DNS-Based Service Discovery. */
const SCHEMA_VERSION = "1.1.0";
const TTL_SECONDS = 5;

/** What a name stands for: records of several types, of which a question asks for one; `undefined` is no such name. */
interface Node {
  a?: string[];
  srv?: { port: number; target: string; ip: string }[];
  cname?: string;
  txt?: string;
}

export type ZoneAnswer =
  | DnsAnswer
  /** The name belongs to somebody else: ask the host's servers. */
  | { forward: true }
  /** An alias for a name outside: the records of `target` are to be added. */
  | { alias: DnsRecord; target: string };

/** The cluster's zone: answers from what is in memory, and knows what it does not have to answer. */
export class ClusterZone {
  readonly #data: ClusterData;
  readonly #domain: string;

  constructor(data: ClusterData, domain: string) {
    this.#data = data;
    this.#domain = domain.toLowerCase().replace(/\.$/, "");
  }

  answer(name: string, type: string): ZoneAnswer {
    const wanted = name.toLowerCase().replace(/\.$/, "");
    if (wanted.endsWith(".in-addr.arpa")) return this.#answerReverse(name, wanted, type);
    if (wanted !== this.#domain && !wanted.endsWith(`.${this.#domain}`)) return { forward: true };
    if (wanted === this.#domain) return this.#answerApex(name, type);
    if (!this.#data.isComplete) return { code: DnsCode.SERVFAIL };
    const labels = wanted.slice(0, -this.#domain.length - 1).split(".");
    const node = this.#find(labels);
    if (!node) return this.#negative(DnsCode.NXDOMAIN);
    return this.#answerNode(name, type, node);
  }

  #answerNode(name: string, type: string, node: Node): ZoneAnswer {
    if (node.cname !== undefined) return this.#answerAlias(name, type, node.cname);
    const record = (data: DnsRecord["data"], recordType: string): DnsRecord => ({
      name,
      type: recordType,
      ttl: TTL_SECONDS,
      data,
    });
    const isAny = type === "ANY";
    const answers: DnsRecord[] = [];
    const additionals: DnsRecord[] = [];
    if (type === "A" || isAny) answers.push(...shuffled(node.a ?? []).map((ip) => record(ip, "A")));
    if (type === "TXT" && node.txt !== undefined) answers.push(record(node.txt, "TXT"));
    if (type === "SRV" || isAny) {
      const targets = node.srv ?? [];
      const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)));
      for (const { port, target, ip } of shuffled(targets)) {
        answers.push(record({ priority: 0, weight, port, target }, "SRV"));
        if (!additionals.some((other) => other.name === target && other.data === ip)) {
          additionals.push({ name: target, type: "A", ttl: TTL_SECONDS, data: ip });
        }
      }
    }
    if (answers.length === 0) return this.#negative(DnsCode.NOERROR);
    return { code: DnsCode.NOERROR, authoritative: true, answers, additionals };
  }

  #answerAlias(name: string, type: string, target: string): ZoneAnswer {
    const alias = { name, type: "CNAME", ttl: TTL_SECONDS, data: target };
    if (type === "CNAME") return { code: DnsCode.NOERROR, authoritative: true, answers: [alias] };
    return { alias, target };
  }

  /** The node of a name, given without the zone: `["web", "default", "svc"]`. */
  #find(labels: string[]): Node | undefined {
    if (labels.length === 1 && labels[0] === "dns-version") return { txt: SCHEMA_VERSION };
    const kind = labels.at(-1);
    if (labels.join(".") === "ns.dns") return {};
    if (kind !== "svc" && kind !== "pod") return undefined;
    // Names between the zone and what exists below them exist too, without records (RFC 8020).
    if (labels.length === 1) return {};
    const namespace = labels.at(-2)!;
    if (!this.#data.hasNamespace(namespace)) return undefined;
    if (labels.length === 2) return {};
    return kind === "svc"
      ? this.#findInService(namespace, labels.slice(0, -2))
      : findPod(labels.slice(0, -2));
  }

  #findInService(namespace: string, labels: string[]): Node | undefined {
    const service = this.#data.service(namespace, labels.at(-1)!);
    if (!service) return undefined;
    const fqdn = `${labels.at(-1)}.${namespace}.svc.${this.#domain}`;
    const below = labels.slice(0, -1);
    if (service.spec?.type === "ExternalName") {
      return below.length === 0 && service.spec.externalName
        ? { cname: service.spec.externalName }
        : undefined;
    }
    return isHeadless(service)
      ? this.#findHeadless(service, fqdn, below)
      : findClusterIp(service, fqdn, below);
  }

  #findHeadless(service: Service, fqdn: string, below: string[]): Node | undefined {
    const endpoints = this.#data.endpoints(service);
    // Without a ready endpoint the name does not exist (specification 2.4.1).
    if (endpoints.length === 0) return undefined;
    const targets = (
      candidates: readonly HeadlessEndpoint[],
      wanted: (port: HeadlessEndpoint["ports"][number]) => boolean,
    ) =>
      candidates.flatMap(({ ip, hostname, ports }) =>
        ports.filter(wanted).map(({ port }) => ({ port, target: `${hostname}.${fqdn}`, ip })),
      );
    const addresses = (candidates: readonly HeadlessEndpoint[]) => [
      ...new Set(candidates.map(({ ip }) => ip)),
    ];
    if (below.length === 0) return { a: addresses(endpoints), srv: targets(endpoints, () => true) };
    const wantedPort = portLabels(below);
    if (wantedPort) {
      const srv = targets(endpoints, ({ name, protocol }) => matches(wantedPort, name, protocol));
      return srv.length > 0 ? { srv: wantedPort.port === undefined ? [] : srv } : undefined;
    }
    const named = endpoints.filter(({ hostname }) => below.length === 1 && hostname === below[0]);
    return named.length > 0 ? { a: addresses(named), srv: targets(named, () => true) } : undefined;
  }

  #answerReverse(name: string, wanted: string, type: string): ZoneAnswer {
    const ip = addressOfReverseName(wanted);
    if (!ip || !this.#data.isComplete) return { forward: true };
    const service = this.#data.serviceByIp(ip);
    const { namespace } = service?.metadata ?? {};
    const names = service
      ? [`${service.metadata.name}.${namespace}.svc.${this.#domain}`]
      : this.#data.endpointsByIp(ip).map(({ service: headless, endpoint }) => {
          const { name: serviceName, namespace: serviceNamespace } = headless.metadata;
          return `${endpoint.hostname}.${serviceName}.${serviceNamespace}.svc.${this.#domain}`;
        });
    if (names.length === 0) return { forward: true };
    if (type !== "PTR" && type !== "ANY") return this.#negative(DnsCode.NOERROR);
    const answers = [...new Set(names)].map((data) => ({ name, type: "PTR", ttl: TTL_SECONDS, data }));
    return { code: DnsCode.NOERROR, authoritative: true, answers };
  }

  #answerApex(name: string, type: string): ZoneAnswer {
    const answers: DnsRecord[] = [];
    if (type === "SOA" || type === "ANY") answers.push({ ...this.#soa(), name });
    if (type === "NS" || type === "ANY") {
      answers.push({ name, type: "NS", ttl: TTL_SECONDS, data: `ns.dns.${this.#domain}` });
    }
    return answers.length > 0
      ? { code: DnsCode.NOERROR, authoritative: true, answers }
      : this.#negative(DnsCode.NOERROR);
  }

  /** No such name, or no such record: with the zone's SOA, so that the asker knows how long to believe it (RFC 2308). */
  #negative(code: DnsCode): DnsAnswer {
    return { code, authoritative: true, authorities: [this.#soa()] };
  }

  #soa(): DnsRecord {
    return {
      name: this.#domain,
      type: "SOA",
      ttl: TTL_SECONDS,
      data: {
        mname: `ns.dns.${this.#domain}`,
        rname: `hostmaster.${this.#domain}`,
        serial: 1,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: TTL_SECONDS,
      },
    };
  }
}

/** `_http._tcp`, or `_tcp` alone. */
function portLabels(labels: readonly string[]): { port?: string; protocol: string } | undefined {
  if (labels.length > 2 || !labels.every((label) => label.startsWith("_"))) return undefined;
  const [first, second] = labels.map((label) => label.slice(1));
  return second === undefined ? { protocol: first! } : { port: first, protocol: second };
}

function matches(wanted: { port?: string; protocol: string }, name: string, protocol: string): boolean {
  return wanted.protocol === protocol && (wanted.port === undefined || wanted.port === name);
}

function findClusterIp(service: Service, fqdn: string, below: readonly string[]): Node | undefined {
  const ips = clusterIpsOf(service);
  if (ips.length === 0) return undefined;
  const ports = (service.spec?.ports ?? []).map(({ name, protocol, port }) => ({
    name: (name ?? "").toLowerCase(),
    protocol: (protocol ?? "TCP").toLowerCase(),
    port,
  }));
  const srv = (wanted: (port: (typeof ports)[number]) => boolean) =>
    ports.filter(wanted).map(({ port }) => ({ port, target: fqdn, ip: ips[0]! }));
  if (below.length === 0) return { a: ips, srv: srv(() => true) };
  const wanted = portLabels(below);
  if (!wanted) return undefined;
  const found = srv(({ name, protocol }) => matches(wanted, name, protocol));
  return found.length > 0 ? { srv: wanted.port === undefined ? [] : found } : undefined;
}

/** `10-1-2-3`: the address itself, whether or not a pod has it ("pods insecure", the default elsewhere). */
function findPod(labels: readonly string[]): Node | undefined {
  const ip = labels.length === 1 ? labels[0]!.replaceAll("-", ".") : "";
  return isIPv4(ip) && !labels[0]!.includes(".") ? { a: [ip] } : undefined;
}
