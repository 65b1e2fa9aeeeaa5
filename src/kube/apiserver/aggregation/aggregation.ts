import type { Clock, Logger } from "../../../base/index.ts";
import type { KindDefinition } from "../../api/index.ts";
import { createInformerFactory } from "../../client/index.ts";
import type { KubeClient } from "../../client/types.ts";
import { localApiServices } from "../bootstrap/api-services.ts";
import type { KeyPair } from "../certificates.ts";
import type { Registrations } from "../discovery/registrations.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import type { TlsAgents } from "../webhook/tls-agents.ts";
import { AggregatedProxy } from "./aggregated-proxy.ts";
import { AggregatedRegistrations } from "./aggregated-registrations.ts";
import { AggregatedServices } from "./aggregated-services.ts";
import { AutoRegister } from "./auto-register.ts";
import { AvailabilityController } from "./availability-controller.ts";
import { registerCustomGroups } from "./custom-api-services.ts";
import { RemoteConnections } from "./remote-connections.ts";
import { RemoteDiscovery } from "./remote-discovery.ts";
import { RemoteObjects } from "./remote-objects.ts";
import { RemoteOpenApi } from "./remote-openapi.ts";
import { RemoteReader } from "./remote-reader.ts";

export interface AggregationOptions {
  cache: Pick<ObjectCache, "get" | "list">;
  lookup: ObjectLookup;
  agents: TlsAgents;
  /** By which other servers know this one. */
  proxyClient: KeyPair;
  logger: Logger;
  clock: Clock;
}

/** What this server has itself, before any definitions, and how it reaches its own API. */
export interface AggregationStart {
  client: KubeClient;
  builtIn: readonly KindDefinition[];
}

/** The groups that other servers answer for, and the APIServices that say so (kube-aggregator). */
export class Aggregation {
  readonly #options: AggregationOptions;
  readonly #connections: RemoteConnections;
  readonly #discovery: RemoteDiscovery;
  readonly services: AggregatedServices;
  readonly proxy: AggregatedProxy;
  readonly registrations: Registrations;
  readonly openApi: RemoteOpenApi;
  readonly objects: RemoteObjects;

  constructor(options: AggregationOptions) {
    const { cache, lookup, agents, proxyClient, logger, clock } = options;
    this.#options = options;
    this.#connections = new RemoteConnections({ lookup, agents, client: proxyClient });
    const reader = new RemoteReader({ connections: this.#connections, clock });
    this.#discovery = new RemoteDiscovery({ reader, logger, clock });
    this.services = new AggregatedServices(cache);
    this.proxy = new AggregatedProxy({ connections: this.#connections, logger, clock });
    this.registrations = new AggregatedRegistrations(this.services, this.#discovery);
    this.objects = new RemoteObjects(reader);
    this.openApi = new RemoteOpenApi({ reader, services: this.services, logger, clock });
  }

  /** Ready once the APIServices of this server's own groups are right. */
  async run(
    { client, builtIn }: AggregationStart,
    { signal, ready }: { signal: AbortSignal; ready: () => void },
  ): Promise<void> {
    const { logger, clock } = this.#options;
    const informers = createInformerFactory(client, { logger, clock });
    const common = { client, informers, logger, clock };
    const registration = new AutoRegister(common);
    const availability = new AvailabilityController({ ...common, connections: this.#connections });
    for (const { metadata, spec } of localApiServices(builtIn)) {
      const management = metadata.labels ? "onstart" : "unless-there";
      registration.want({ name: metadata.name, management, spec });
    }
    const running = [
      informers.run(signal),
      availability.run(signal),
      this.#discovery.run(informers, signal),
      this.openApi.run(informers, signal),
    ];
    try {
      // What definitions want is known before what nobody wants is taken away.
      await registerCustomGroups(informers, registration, signal);
      await registration.run({ signal, ready });
    } finally {
      await Promise.all(running);
    }
  }
}
