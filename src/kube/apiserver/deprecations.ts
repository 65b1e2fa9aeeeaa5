import { componentStatuses, endpoints, type KindDefinition } from "../api/index.ts";

/** Kinds that upstream means to take away: every request for one is answered with this warning. */
const DEPRECATED = new Map<KindDefinition, string>([
  [componentStatuses, "v1 ComponentStatus is deprecated in v1.19+"],
  [endpoints, "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"],
]);

export function deprecationOf(kind: KindDefinition): string | undefined {
  return kind.deprecation ?? DEPRECATED.get(kind);
}
