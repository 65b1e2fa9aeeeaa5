import { absentKinds, type KindDefinition, kinds, namespaces, requestKinds } from "../api/index.ts";

/** Bodies of subresources: no path of their own. */
const ONLY_INSIDE = new Set(["evictions", "tokenrequests", "scales"]);

/** Every kind that has paths: what is stored, the reviews and bindings that are only created, and what is not built. */
export const servedKinds: readonly KindDefinition[] = [
  ...kinds,
  ...requestKinds.filter((kind) => !ONLY_INSIDE.has(kind.resource)),
  ...absentKinds,
];

const byPath = new Map(servedKinds.map((kind) => [`${kind.group}/${kind.version}/${kind.resource}`, kind]));

/** Only created, to get an answer: never stored. */
export function isRequestKind(kind: KindDefinition): boolean {
  return requestKinds.includes(kind) && kind.resource !== "scales";
}

export function servedKind(group: string, version: string, resource: string): KindDefinition | undefined {
  return byPath.get(`${group}/${version}/${resource}`);
}

export const STORED_VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

export interface ServedSubresource {
  name: string;
  /** Kind of its body. */
  group: string;
  version: string;
  kind: string;
  verbs: readonly string[];
}

const sub = (name: string, kind: string, verbs: string, group = "", version = "v1"): ServedSubresource => ({
  name,
  kind,
  group,
  version,
  verbs: verbs.split(" "),
});

const PROXY_VERBS = "create delete get patch update";
/** Whatever a request behind `proxy` means, it is passed on; discovery knows no verb for this method. */
export const PASSED_ON = "options";
const OF_RESOURCE: Record<string, ServedSubresource[]> = {
  "/pods": [
    sub("attach", "PodAttachOptions", "create get"),
    sub("binding", "Binding", "create"),
    sub("ephemeralcontainers", "Pod", "get patch update"),
    sub("eviction", "Eviction", "create", "policy"),
    sub("exec", "PodExecOptions", "create get"),
    sub("log", "Pod", "get"),
    sub("portforward", "PodPortForwardOptions", "create get"),
    sub("proxy", "PodProxyOptions", PROXY_VERBS),
  ],
  "/services": [sub("proxy", "ServiceProxyOptions", PROXY_VERBS)],
  "/nodes": [sub("proxy", "NodeProxyOptions", PROXY_VERBS)],
  "/namespaces": [sub("finalize", "Namespace", "update")],
  "/serviceaccounts": [sub("token", "TokenRequest", "create", "authentication.k8s.io")],
};

/** Subresources of a kind in the order of their names, as discovery lists them. */
export function subresourcesOf(kind: KindDefinition): ServedSubresource[] {
  const list = [...(OF_RESOURCE[`${kind.group}/${kind.resource}`] ?? [])];
  if (kind.hasStatus) list.push(sub("status", kind.kind, "get patch update", kind.group, kind.version));
  if (kind.scale) list.push(sub("scale", "Scale", "get patch update", "autoscaling"));
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function verbsOf(kind: KindDefinition): readonly string[] {
  if (kind.verbs) return kind.verbs;
  // Namespaces go one by one: each takes its content with it.
  return kind === namespaces ? STORED_VERBS.filter((verb) => verb !== "deletecollection") : STORED_VERBS;
}
