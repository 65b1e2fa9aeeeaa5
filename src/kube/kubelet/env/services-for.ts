import type { Pod, Service } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";

/** A container is told of its namespace's services (if its pod wants that), and always of the API server. */
export function* servicesFor(informer: Informer<Service>, { spec, metadata }: Pod): Iterable<Service> {
  const kubernetes = informer.get("default/kubernetes");
  if (kubernetes) yield kubernetes;
  if (spec.enableServiceLinks === false) return;
  for (const service of informer.list(metadata.namespace)) if (service !== kubernetes) yield service;
}
