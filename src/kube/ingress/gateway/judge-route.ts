import type { Contribution, HostRoutes } from "../routes/contribution.ts";
import { attachRoute, type Parent } from "./attach-route.ts";
import { GATEWAY_GROUP, type RouteKind } from "./gateway-kinds.ts";
import type { GatewayLookup } from "./gateway-lookup.ts";
import type { ParentReference, Route } from "./gateway-types.ts";
import type { ParentVerdicts } from "./parent-statuses.ts";
import { type RouteTranslation, translateRoute } from "./translate-route.ts";

export interface RouteJudgement {
  readonly contribution: Contribution;
  readonly parents: readonly ParentVerdicts[];
  /** Names of listeners that it attaches to, by the key of their Gateway. */
  readonly attachedTo: ReadonlyMap<string, ReadonlySet<string>>;
  readonly policies: ReadonlySet<string>;
}

/** The Gateway that a route refers to, as `namespace/name`; undefined: something else. */
export function gatewayKey(
  { metadata }: Route,
  { group = GATEWAY_GROUP, kind = "Gateway", namespace, name }: ParentReference,
): string | undefined {
  return group === GATEWAY_GROUP && kind === "Gateway"
    ? `${namespace ?? metadata.namespace}/${name}`
    : undefined;
}

/** What a route adds to the table through those of its parents that are this controller's, and what it is told. */
export function judgeRoute(
  route: Route,
  kind: RouteKind,
  parentOf: (gateway: string) => Parent | undefined,
  lookup: GatewayLookup,
): RouteJudgement {
  const translation = translateRoute(route, kind, lookup);
  const parents: ParentVerdicts[] = [];
  const attachedTo = new Map<string, Set<string>>();
  const hosts = new Map<string, HostRoutes>();
  for (const parentRef of route.spec.parentRefs ?? []) {
    const key = gatewayKey(route, parentRef);
    const parent = key === undefined ? undefined : parentOf(key);
    if (key === undefined || !parent) continue;
    const { attachments, accepted } = attachRoute(route, kind, parentRef, parent, lookup);
    parents.push({ parentRef, verdicts: verdictsOf(accepted, translation) });
    for (const { judged, hosts: names } of attachments) {
      attachedTo.set(key, (attachedTo.get(key) ?? new Set()).add(judged.listener.name));
      if (!judged.key) continue;
      for (const host of names) {
        const { key: listener, certificate } = judged;
        const routes = { listener, host, rules: translation.rules, ...(certificate ? { certificate } : {}) };
        hosts.set(`${listener.port} ${host}`, routes);
      }
    }
  }
  const createdMs = Date.parse(route.metadata.creationTimestamp ?? "") || 0;
  const backends = hosts.size > 0 ? translation.backends : [];
  return {
    contribution: { hosts: [...hosts.values()], backends, createdMs },
    parents,
    attachedTo,
    policies: translation.policies,
  };
}

function verdictsOf(
  accepted: ParentVerdicts["verdicts"][number],
  { resolved, flaw }: RouteTranslation,
): ParentVerdicts["verdicts"] {
  if (flaw?.type === "PartiallyInvalid") return [accepted, resolved, flaw];
  return [flaw && accepted.status === "True" ? flaw : accepted, resolved];
}
