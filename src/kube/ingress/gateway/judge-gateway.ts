import { type Contribution, type Transport, transportOf } from "../routes/contribution.ts";
import { type Verdict, verdict } from "./conditions.ts";
import type { GatewayLookup } from "./gateway-lookup.ts";
import type { Gateway, GatewayListener } from "./gateway-types.ts";
import { type JudgedListener, judgeListener, protocolOf } from "./judge-listener.ts";

export interface GatewaySurroundings {
  readonly lookup: GatewayLookup;
  /** What a port is used for by others that came first: Ingress and older Gateways. */
  transportAt(port: number): Transport | undefined;
  /** The addresses at which this machine serves. */
  readonly addresses: readonly string[];
}

export interface GatewayJudgement {
  readonly listeners: readonly JudgedListener[];
  readonly accepted: Verdict;
  /** Hosts without rules: what comes to them finds 404 even where a less exact host would have an answer. */
  readonly contribution: Contribution;
}

/** Which listeners of a Gateway are in force, and why the others are not. */
export function judgeGateway(gateway: Gateway, surroundings: GatewaySurroundings): GatewayJudgement {
  const refusal = refusalOf(gateway, surroundings);
  const listeners = gateway.spec.listeners.map((listener) =>
    judgeListener(gateway, listener, conflictOf(gateway, listener, surroundings), surroundings.lookup),
  );
  const judged = refusal ? listeners.map(({ key: _key, ...rest }) => rest) : listeners;
  const isFine = listeners.some((one) => one.verdicts[0]!.status === "True");
  const allFine = listeners.every((one) => one.verdicts[0]!.status === "True");
  const accepted =
    refusal ??
    (allFine
      ? verdict("Accepted", true, "Accepted", "the Gateway is accepted")
      : verdict("Accepted", isFine, "ListenersNotValid", "some listeners are not accepted"));
  return { listeners: judged, accepted, contribution: contributionOf(gateway, judged) };
}

function refusalOf({ spec }: Gateway, { addresses }: GatewaySurroundings): Verdict | undefined {
  if (spec.infrastructure?.parametersRef)
    return verdict("Accepted", false, "InvalidParameters", "parameters are not implemented");
  const foreign = spec.addresses?.find(
    ({ type = "IPAddress", value }) => type !== "IPAddress" || (value && !addresses.includes(value)),
  );
  if (!foreign) return undefined;
  const { type = "IPAddress", value } = foreign;
  const message = `the address ${value} of type ${type} is none of this machine`;
  return verdict("Accepted", false, "UnsupportedAddress", message);
}

/** Of equal listeners none counts: which one was meant cannot be told (GatewaySpec.listeners). */
function conflictOf({ spec }: Gateway, listener: GatewayListener, { transportAt }: GatewaySurroundings) {
  const { port } = listener;
  const protocol = protocolOf(listener);
  if (protocol === undefined) return undefined;
  const others = spec.listeners.filter((one) => one !== listener && one.port === port);
  const protocols = others.map((one) => ({ one, other: protocolOf(one) }));
  const isSameHost = (one: GatewayListener) => (one.hostname ?? "") === (listener.hostname ?? "");
  const isOther = protocols.some(
    ({ one, other }) =>
      other !== undefined &&
      other !== protocol &&
      (transportOf(other) !== transportOf(protocol) || isSameHost(one)),
  );
  if (isOther)
    return { reason: "ProtocolConflict", message: `another listener of port ${port} has another protocol` };
  if (protocols.some(({ one, other }) => other === protocol && isSameHost(one)))
    return { reason: "HostnameConflict", message: `another listener of port ${port} has the same host name` };
  const taken = transportAt(port);
  if (taken === undefined || taken === transportOf(protocol)) return undefined;
  return { reason: "PortUnavailable", message: `port ${port} is used for ${taken}` };
}

function contributionOf({ metadata }: Gateway, listeners: readonly JudgedListener[]): Contribution {
  const hosts = listeners.flatMap(({ key, listener, certificate }) => {
    if (!key) return [];
    const host = listener.hostname?.toLowerCase() || "*";
    return { listener: key, host, rules: [], ...(certificate ? { certificate } : {}) };
  });
  return { hosts, backends: [], createdMs: Date.parse(metadata.creationTimestamp ?? "") || 0 };
}
