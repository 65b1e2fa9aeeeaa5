import { type Verdict, verdict, withVerdicts } from "./conditions.ts";
import { GATEWAY_GROUP } from "./gateway-kinds.ts";
import type { Gateway, GatewayStatus, ListenerStatus } from "./gateway-types.ts";
import type { GatewayJudgement } from "./judge-gateway.ts";
import type { JudgedListener } from "./judge-listener.ts";

export interface GatewayCircumstances {
  /** How many routes attach to a listener. */
  attachedTo(listener: string): number;
  isOpen(port: number): boolean;
  errorOf(port: number): string | undefined;
  readonly addresses: readonly string[];
  /** A metav1.Time. */
  readonly now: string;
}

/** What is told of a Gateway in its status. */
export function gatewayStatus(
  { metadata, status }: Gateway,
  { listeners, accepted }: GatewayJudgement,
  circumstances: GatewayCircumstances,
): GatewayStatus {
  const at = { generation: metadata.generation ?? 0, now: circumstances.now };
  const told = listeners.map((judged) => {
    const known = status?.listeners?.find(({ name }) => name === judged.listener.name);
    return listenerStatus(judged, known, circumstances, at);
  });
  const isProgrammed = told.some((one) => isTrue(one, "Programmed"));
  const inAll = acceptedAtAll(accepted, told);
  const verdicts = [inAll, gatewayProgrammed(inAll, isProgrammed)];
  return {
    ...status,
    addresses: isProgrammed ? circumstances.addresses.map((value) => ({ type: "IPAddress", value })) : [],
    conditions: withVerdicts(status?.conditions, verdicts, at),
    listeners: told,
  };
}

function listenerStatus(
  judged: JudgedListener,
  known: ListenerStatus | undefined,
  { attachedTo, isOpen, errorOf }: GatewayCircumstances,
  at: { generation: number; now: string },
): ListenerStatus {
  const { listener, key, kinds } = judged;
  const error = key && errorOf(key.port);
  const accepted = error === undefined ? judged.verdicts[0]! : portTaken(listener.port, error);
  const programmed = listenerProgrammed(judged, accepted, key !== undefined && isOpen(key.port));
  return {
    name: listener.name,
    supportedKinds: kinds.map((kind) => ({ group: GATEWAY_GROUP, kind })),
    attachedRoutes: attachedTo(listener.name),
    conditions: withVerdicts(known?.conditions, [accepted, ...judged.verdicts.slice(1), programmed], at),
  };
}

const portTaken = (port: number, error: string) =>
  verdict("Accepted", false, "PortUnavailable", `port ${port} cannot be listened on: ${error}`);

function listenerProgrammed({ key, verdicts }: JudgedListener, accepted: Verdict, isOpen: boolean): Verdict {
  if (isOpen && accepted.status === "True")
    return verdict("Programmed", true, "Programmed", "requests are taken");
  const conflict = verdicts.find(({ type, status }) => type === "Conflicted" && status === "True");
  if (conflict) return verdict("Programmed", false, conflict.reason, conflict.message);
  if (key && accepted.status === "True")
    return verdict("Programmed", false, "Pending", "its port is not open yet");
  return verdict("Programmed", false, "Invalid", "no requests are taken");
}

/** A Gateway none of whose listeners is accepted is not accepted, either. */
function acceptedAtAll(accepted: Verdict, listeners: readonly ListenerStatus[]): Verdict {
  if (accepted.status === "False" || listeners.length === 0) return accepted;
  const good = listeners.filter((one) => isTrue(one, "Accepted")).length;
  if (good === listeners.length) return accepted;
  return verdict("Accepted", good > 0, "ListenersNotValid", "some listeners are not accepted");
}

function gatewayProgrammed(accepted: Verdict, isProgrammed: boolean): Verdict {
  if (isProgrammed) return verdict("Programmed", true, "Programmed", "the Gateway takes requests");
  const reason = accepted.status === "True" ? "AddressNotAssigned" : "Invalid";
  return verdict("Programmed", false, reason, "no listener takes requests");
}

function isTrue({ conditions }: ListenerStatus, type: string): boolean {
  return conditions.some((one) => one.type === type && one.status === "True");
}
