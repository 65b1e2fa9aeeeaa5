import type { ListenerKey } from "../routes/contribution.ts";
import { type CertificatePair, pairOf } from "../tls-secret.ts";
import { type Verdict, verdict } from "./conditions.ts";
import { GATEWAY_GROUP, ROUTE_KINDS, type RouteKind } from "./gateway-kinds.ts";
import type { GatewayLookup } from "./gateway-lookup.ts";
import type { Gateway, GatewayListener, ObjectReference } from "./gateway-types.ts";
import { isGranted } from "./reference-grants.ts";

export interface JudgedListener {
  readonly listener: GatewayListener;
  /** Where it listens; absent: it is not in force. */
  readonly key?: ListenerKey;
  readonly certificate?: CertificatePair;
  /** The routes that may attach. */
  readonly kinds: readonly RouteKind[];
  readonly verdicts: readonly Verdict[];
}

const PROTOCOLS: Record<string, ListenerKey["protocol"]> = {
  HTTP: "http",
  HTTPS: "https",
  TLS: "passthrough",
};

const KINDS: Record<ListenerKey["protocol"], readonly RouteKind[]> = {
  http: ["HTTPRoute", "GRPCRoute"],
  https: ["HTTPRoute", "GRPCRoute"],
  passthrough: ["TLSRoute"],
};

/** The protocol of a listener in the table; absent: it is none that is implemented. */
export function protocolOf({ protocol, tls }: GatewayListener): ListenerKey["protocol"] | undefined {
  const found = PROTOCOLS[protocol];
  const mode = tls?.mode ?? "Terminate";
  if (found === "passthrough" && mode !== "Passthrough") return undefined;
  if (found === "https" && mode !== "Terminate") return undefined;
  return found;
}

/** A listener by itself: what is known of the others comes as `conflict`. */
export function judgeListener(
  gateway: Gateway,
  listener: GatewayListener,
  conflict: { reason: string; message: string } | undefined,
  lookup: GatewayLookup,
): JudgedListener {
  const protocol = protocolOf(listener);
  const { kinds, invalid } = allowedKinds(listener, protocol);
  if (protocol === undefined) {
    const { protocol: name, tls } = listener;
    const isMode = name in PROTOCOLS;
    const message = `protocol ${name}${isMode ? ` with TLS mode ${tls?.mode ?? "Terminate"}` : ""} is not implemented`;
    const accepted = verdict("Accepted", false, isMode ? "UnsupportedValue" : "UnsupportedProtocol", message);
    return { listener, kinds, verdicts: [accepted, noConflicts, invalid ?? resolved] };
  }
  if (conflict) {
    const { reason, message } = conflict;
    const accepted = verdict("Accepted", false, reason, message);
    const isConflict = reason !== "PortUnavailable";
    const conflicted = isConflict ? verdict("Conflicted", true, reason, message) : noConflicts;
    return { listener, kinds, verdicts: [accepted, conflicted, invalid ?? resolved] };
  }
  const { certificate, problem } = protocol === "https" ? certificateOf(gateway, listener, lookup) : {};
  const isInForce = protocol !== "https" || certificate !== undefined;
  return {
    listener,
    kinds,
    verdicts: [acceptedVerdict, noConflicts, problem ?? invalid ?? resolved],
    ...(isInForce ? { key: { port: listener.port, protocol } } : {}),
    ...(certificate ? { certificate } : {}),
  };
}

const acceptedVerdict = verdict("Accepted", true, "Accepted", "the listener is accepted");
const noConflicts = verdict("Conflicted", false, "NoConflicts", "no other listener is in its way");
const resolved = verdict("ResolvedRefs", true, "ResolvedRefs", "all references are resolved");

function allowedKinds({ allowedRoutes }: GatewayListener, protocol: ListenerKey["protocol"] | undefined) {
  const possible = protocol ? KINDS[protocol] : [];
  const wanted = allowedRoutes?.kinds;
  if (!wanted || wanted.length === 0) return { kinds: possible };
  const isPossible = ({ group = GATEWAY_GROUP, kind }: { group?: string; kind: string }) =>
    group === GATEWAY_GROUP && possible.includes(kind as RouteKind);
  const kinds = ROUTE_KINDS.filter((kind) => wanted.some((one) => one.kind === kind && isPossible(one)));
  const wrong = wanted.find((one) => !isPossible(one));
  if (!wrong) return { kinds };
  const message = `routes of kind ${wrong.kind} cannot attach to it`;
  return { kinds, invalid: verdict("ResolvedRefs", false, "InvalidRouteKinds", message) };
}

/** The first certificate that can be used, and what is wrong with the first that cannot. */
function certificateOf(gateway: Gateway, { tls }: GatewayListener, lookup: GatewayLookup) {
  const references = tls?.certificateRefs ?? [];
  let certificate: CertificatePair | undefined;
  let problem: Verdict | undefined;
  if (references.length === 0) problem = unresolved("InvalidCertificateRef", "it names no certificate");
  for (const reference of references) {
    const found = referredPair(gateway, reference, lookup);
    if ("cert" in found) certificate ??= found;
    else problem ??= found;
  }
  return { ...(certificate ? { certificate } : {}), ...(problem ? { problem } : {}) };
}

function referredPair(
  { metadata }: Gateway,
  { group = "", kind = "Secret", name, namespace = metadata.namespace! }: ObjectReference,
  lookup: GatewayLookup,
): CertificatePair | Verdict {
  if (group !== "" || kind !== "Secret")
    return unresolved("InvalidCertificateRef", `${kind} ${name} is no Secret`);
  const key = `${namespace}/${name}`;
  const from = { group: GATEWAY_GROUP, kind: "Gateway", namespace: metadata.namespace! };
  const isForeign = namespace !== metadata.namespace;
  if (isForeign && !isGranted(lookup.grants(namespace), { from, to: { group, kind, namespace, name } }))
    return unresolved("RefNotPermitted", `no ReferenceGrant lets it refer to Secret ${key}`);
  const secret = lookup.secret(key);
  if (!secret) return unresolved("InvalidCertificateRef", `Secret ${key} does not exist`);
  const pair = pairOf(secret);
  if (!("error" in pair)) return pair;
  return unresolved("InvalidCertificateRef", `Secret ${key} cannot be used for TLS: ${pair.error}`);
}

const unresolved = (reason: string, message: string) => verdict("ResolvedRefs", false, reason, message);
