import { labelSelectorFrom } from "../../../formats/index.ts";
import { type Verdict, verdict } from "./conditions.ts";
import type { RouteKind } from "./gateway-kinds.ts";
import type { GatewayLookup } from "./gateway-lookup.ts";
import type { Gateway, GatewayListener, ParentReference, Route } from "./gateway-types.ts";
import { commonHosts, isTakenByOther } from "./hostnames.ts";
import type { JudgedListener } from "./judge-listener.ts";

export interface Attachment {
  readonly judged: JudgedListener;
  /** Of the route at this listener; others of the same port may have the rest. */
  readonly hosts: readonly string[];
}

export interface Attached {
  readonly attachments: readonly Attachment[];
  readonly accepted: Verdict;
}

export interface Parent {
  readonly gateway: Gateway;
  readonly listeners: readonly JudgedListener[];
}

/** The listeners of one parent that a route attaches to, or why to none. */
export function attachRoute(
  route: Route,
  kind: RouteKind,
  { sectionName, port }: ParentReference,
  parent: Parent,
  lookup: GatewayLookup,
): Attached {
  const named = parent.listeners.filter(
    ({ listener }) => (!sectionName || listener.name === sectionName) && (!port || listener.port === port),
  );
  if (named.length === 0) return refused("NoMatchingParent", "no listener has this name and port");
  const standing = named.filter(({ verdicts }) => verdicts[0]!.status === "True");
  if (standing.length === 0) return refused("NoMatchingParent", "none of its listeners is accepted");
  const allowing = standing.filter(
    ({ listener, kinds }) => kinds.includes(kind) && allowsNamespace(listener, parent.gateway, route, lookup),
  );
  if (allowing.length === 0)
    return refused("NotAllowedByListeners", "no listener allows routes of this kind and namespace");
  const attachments = allowing.flatMap((judged) => {
    const hosts = commonHosts(judged.listener.hostname, route.spec.hostnames);
    return hosts.length > 0 ? { judged, hosts: withoutOthers(hosts, judged, parent) } : [];
  });
  if (attachments.length === 0)
    return refused("NoMatchingListenerHostname", "no listener has a host name in common with it");
  return { attachments, accepted: verdict("Accepted", true, "Accepted", "the route is accepted") };
}

const refused = (reason: string, message: string): Attached => ({
  attachments: [],
  accepted: verdict("Accepted", false, reason, message),
});

/** Without the hosts of which another listener of the port is the more exact one. */
function withoutOthers(
  hosts: readonly string[],
  { listener }: JudgedListener,
  { listeners }: Parent,
): string[] {
  const others = listeners.filter((one) => one.key && one.listener.port === listener.port);
  const names = others.map((one) => one.listener.hostname);
  return hosts.filter((host) => !isTakenByOther(host, listener.hostname, names));
}

function allowsNamespace(
  { allowedRoutes }: GatewayListener,
  gateway: Gateway,
  { metadata }: Route,
  lookup: GatewayLookup,
): boolean {
  const { from = "Same", selector } = allowedRoutes?.namespaces ?? {};
  if (from === "All") return true;
  if (from === "Same") return metadata.namespace === gateway.metadata.namespace;
  if (from !== "Selector" || !selector) return false;
  const labels = lookup.namespace(metadata.namespace!)?.metadata.labels ?? {};
  try {
    return labelSelectorFrom(selector).matches(labels);
  } catch {
    // No selector: it selects nobody.
    return false;
  }
}
