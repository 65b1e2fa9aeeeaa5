import type { Clock } from "../../../base/index.ts";
import type { Operation, Store } from "../../../store/types.ts";
import {
  type FieldError,
  invalid,
  type KubeObject,
  type Service,
  type ServiceSpec,
  services,
  statusInternal,
  statusInvalid,
  validateServiceAddresses,
} from "../../api/index.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import type { Companions } from "../objects/object-store.ts";
import { encodeForStore } from "../objects/stored-object.ts";
import type { ResourceCall } from "../server-context.ts";
import type { CompanionChange, CompanionSource } from "../verbs/companions.ts";
import { Ipv4Range } from "./ipv4-range.ts";
import { ALLOCATIONS, Pool } from "./pool.ts";
import { addressKey, serviceAddress } from "./service-address.ts";
import {
  heldAddresses,
  heldPorts,
  isHeadlessWithoutSelector,
  mayHaveNodePorts,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  portsOf,
} from "./service-fields.ts";

export interface ServiceAllocatorOptions {
  store: Store;
  cache: ObjectCache;
  serviceCidr: string;
  nodePorts: { first: number; last: number };
  clock: Pick<Clock, "nowMs">;
}

/** Gives Services their cluster address and node ports. */
export class ServiceAllocator implements CompanionSource {
  readonly #store: Store;
  readonly #range: Ipv4Range;
  readonly #portRange: { first: number; last: number };
  readonly #addresses: Pool;
  readonly #ports: Pool;
  readonly #clock: Pick<Clock, "nowMs">;

  constructor({ store, cache, serviceCidr, nodePorts, clock }: ServiceAllocatorOptions) {
    this.#clock = clock;
    this.#store = store;
    this.#range = new Ipv4Range(serviceCidr);
    this.#portRange = nodePorts;
    const isHeld = (key: string) => cache.get(key) !== undefined;
    this.#addresses = new Pool({
      first: 1,
      count: this.#range.size - 2,
      text: (offset) => this.#range.at(offset),
      key: addressKey,
      isHeld,
    });
    this.#ports = new Pool({
      first: nodePorts.first,
      count: nodePorts.last - nodePorts.first + 1,
      text: String,
      key: (port) => `${ALLOCATIONS}nodeports/${port}`,
      isHeld,
    });
  }

  /** The range of the addresses, `10.96.0.0/16`. */
  get cidr(): string {
    return this.#range.text;
  }

  /** Address of the `kubernetes` Service. */
  get firstAddress(): string {
    return this.#range.at(1);
  }

  concerns({ kind }: ResourceCall): boolean {
    return kind === services;
  }

  /**
   * Fills in what `next` lacks. What is not going to be written may be addresses that are taken, and ports outside the
   * range.
   */
  async reserve({ call, next, previous, avoid }: CompanionChange): Promise<Companions> {
    const isDryRun = call.query.dryRun === true;
    if (next) {
      refuse(next, fillFamilies(next, previous));
      await this.#checkRequested(next, previous, isDryRun);
      this.#fillAddress(next, avoid);
      this.#fillPorts(next, avoid);
    }
    const before = this.#holdings(previous);
    const after = this.#holdings(next);
    const gained = [...after].filter(([key]) => !before.has(key));
    const released = [...before.keys()].filter((key) => !after.has(key));
    return {
      compare: gained.map(([key]) => ({ key, target: "version", operator: "=", value: 0 })),
      operations: [
        ...gained.map(([key, holder]): Operation => ({ type: "put", key, value: holder() })),
        ...released.map((key): Operation => ({ type: "delete", key })),
      ],
    };
  }

  /** The keys by which a service holds what it has, and what is to stand there: of an address the IPAddress object. */
  #holdings(service: KubeObject | undefined): Map<string, () => Buffer> {
    if (!service) return new Map();
    const nowMs = this.#clock.nowMs();
    return new Map([
      ...heldAddresses(service).map((address): [string, () => Buffer] => [
        addressKey(address),
        () => encodeForStore(serviceAddress(address, service, nowMs)),
      ]),
      ...heldPorts(service).map((port): [string, () => Buffer] => [
        this.#ports.key(port),
        () => Buffer.from(JSON.stringify(holderOf(service))),
      ]),
    ]);
  }

  /** Values that the client wrote itself must lie in the range and be free. */
  async #checkRequested(
    next: KubeObject,
    previous: KubeObject | undefined,
    isDryRun: boolean,
  ): Promise<void> {
    const errors: FieldError[] = [];
    const heldBefore = new Set([...heldAddresses(previous), ...heldPorts(previous)]);
    for (const address of heldAddresses(next)) {
      if (heldBefore.has(address)) continue;
      const why = await this.#whyNotAddress(address, isDryRun);
      if (!why) continue;
      const { clusterIPs } = next.spec;
      errors.push(invalid("spec.clusterIPs", clusterIPs, `failed to allocate IP ${address}: ${why}`));
    }
    refuse(next, errors);
    if (!mayHaveNodePorts(next)) return;
    for (const [index, { nodePort }] of portsOf(next).entries()) {
      if (!nodePort || heldBefore.has(String(nodePort))) continue;
      const why = await this.#whyNotPort(nodePort, isDryRun);
      if (why) errors.push(invalid(`spec.ports[${index}].nodePort`, nodePort, why));
    }
    refuse(next, errors);
  }

  async #whyNotAddress(address: string, isDryRun: boolean): Promise<string | undefined> {
    if (!this.#range.contains(address)) {
      return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.#range.text}`;
    }
    if (isDryRun) return undefined;
    const { item } = await this.#store.get(this.#addresses.key(address));
    return item ? "provided IP is already allocated" : undefined;
  }

  async #whyNotPort(port: number, isDryRun: boolean): Promise<string | undefined> {
    const { first, last } = this.#portRange;
    if (!isDryRun && (port < first || port > last)) {
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    }
    const { item } = await this.#store.get(this.#ports.key(String(port)));
    return item ? "provided port is already allocated" : undefined;
  }

  #fillAddress(next: KubeObject, avoid: Set<string>): void {
    const { spec } = next;
    if (spec.type === "ExternalName") return;
    if (needsClusterIp(next) && !spec.clusterIP)
      spec.clusterIP = this.#guess(this.#addresses, avoid, "addresses");
    if (spec.clusterIP) spec.clusterIPs = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP];
  }

  #fillPorts(next: KubeObject, avoid: Set<string>): void {
    if (needsHealthCheckPort(next)) {
      next.spec.healthCheckNodePort ||= Number(this.#guess(this.#ports, avoid, "node ports"));
    }
    if (!needsNodePorts(next)) return;
    // TCP and UDP on the same port share a node port.
    const byPort = new Map<number, number>();
    for (const port of portsOf(next)) if (port.nodePort) byPort.set(port.port, port.nodePort);
    const usedByProtocol = new Set(portsOf(next).map((port) => `${port.protocol ?? "TCP"}/${port.nodePort}`));
    for (const port of portsOf(next)) {
      if (port.nodePort) continue;
      const shared = byPort.get(port.port);
      const protocol = port.protocol ?? "TCP";
      const isShareable = shared !== undefined && !usedByProtocol.has(`${protocol}/${shared}`);
      port.nodePort = isShareable ? shared : Number(this.#guess(this.#ports, avoid, "node ports"));
      byPort.set(port.port, port.nodePort);
      usedByProtocol.add(`${protocol}/${port.nodePort}`);
    }
  }

  #guess(pool: Pool, avoid: Set<string>, what: string): string {
    const value = pool.guess(avoid);
    if (value === undefined)
      throw statusInternal(`failed to allocate a serviceIP: range is full (no free ${what})`);
    avoid.add(value);
    return value;
  }
}

function refuse(service: KubeObject, errors: FieldError[]): void {
  if (errors.length > 0) throw statusInvalid(services, service.metadata.name, errors);
}

const POLICY = "spec.ipFamilyPolicy";

/** Families and their policy, on a cluster that has addresses of IPv4 only (registry initIPFamilyFields). */
function fillFamilies(next: KubeObject, previous: KubeObject | undefined): FieldError[] {
  const { spec } = next;
  if (spec.type === "ExternalName") return [];
  const isFree = isHeadlessWithoutSelector(next);
  spec.ipFamilyPolicy ??= previous?.spec.ipFamilyPolicy ?? (isFree ? "RequireDualStack" : "SingleStack");
  const errors = validateServiceAddresses(next as Service, previous as Service | undefined);
  if (errors.length > 0) return errors;
  errors.push(...onlyOneFamily(spec), ...familiesFromAddresses(spec));
  if (errors.length > 0) return errors;
  if (!spec.ipFamilies?.length) spec.ipFamilies = ["IPv4"];
  if (!isFree) return familiesNotHere(spec);
  if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== "SingleStack")
    spec.ipFamilies = [...spec.ipFamilies, spec.ipFamilies[0] === "IPv4" ? "IPv6" : "IPv4"];
  return [];
}

function onlyOneFamily({ ipFamilyPolicy: policy, clusterIPs, ipFamilies }: ServiceSpec): FieldError[] {
  if (policy !== "SingleStack") return [];
  const why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
  return [
    ...(clusterIPs?.length === 2 ? [invalid(POLICY, policy, `${why} cluster IPs are specified`)] : []),
    ...(ipFamilies?.length === 2 ? [invalid(POLICY, policy, `${why} IP families are specified`)] : []),
  ];
}

/** An address says by itself of which family it is. */
function familiesFromAddresses(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === "None") break;
    if (index < (spec.ipFamilies?.length ?? 0)) continue;
    if (!address.includes(":")) spec.ipFamilies = [...(spec.ipFamilies ?? []), "IPv4"];
    else {
      const why = "IPv6 is not configured on this cluster";
      errors.push(invalid(`spec.clusterIPs[${index}]`, spec.clusterIPs, why));
    }
  }
  return errors;
}

function familiesNotHere({ ipFamilyPolicy: policy, ipFamilies = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (policy === "RequireDualStack")
    errors.push(invalid(POLICY, policy, "this cluster is not configured for dual-stack services"));
  for (const [index, family] of ipFamilies.entries()) {
    if (family !== "IPv4")
      errors.push(invalid(`spec.ipFamilies[${index}]`, family, "not configured on this cluster"));
  }
  return errors;
}

function holderOf({ metadata: { namespace, name } }: KubeObject) {
  return { kind: "Service", namespace, name };
}
