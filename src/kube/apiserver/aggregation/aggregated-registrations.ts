import { AUTOMANAGED_LABEL } from "../../api/index.ts";
import type { Registration, Registrations } from "../discovery/registrations.ts";
import { type AggregatedServices, isRemote } from "./aggregated-services.ts";
import type { RemoteDiscovery } from "./remote-discovery.ts";

/** What the APIServices of this moment register, with what their servers told. */
export class AggregatedRegistrations implements Registrations {
  readonly #services: AggregatedServices;
  readonly #discovery: Pick<RemoteDiscovery, "told">;

  constructor(services: AggregatedServices, discovery: Pick<RemoteDiscovery, "told">) {
    this.#services = services;
    this.#discovery = discovery;
  }

  registered(): readonly Registration[] {
    return this.#services.all().map((service) => {
      const { metadata, spec } = service;
      const isLocal = !isRemote(service);
      return {
        group: spec.group ?? "",
        version: spec.version ?? "",
        groupPriority: spec.groupPriorityMinimum,
        versionPriority: spec.versionPriority,
        isLocal,
        isAutomanaged: metadata.labels?.[AUTOMANAGED_LABEL] !== undefined,
        told: isLocal ? undefined : this.#discovery.told(metadata.name),
      };
    });
  }
}
