import type { CriContainerStatus } from "../../../cri/types.ts";
import { Annotation, containerHash } from "../naming.ts";
import type { Container } from "../pod-types.ts";
import type { ProbeView } from "../probes/probe-view.ts";

export type KillReason = "livenessProbe" | "startupProbe" | "definitionChanged" | "unknownState";

export interface ContainerToKill {
  id: string;
  container: Container;
  /** What the Killing event says. */
  message: string;
  reason: KillReason;
}

/** Why a running container must end, if it must. */
export function reasonToKill(
  container: Container,
  status: CriContainerStatus,
  probes: ProbeView,
  restarts: boolean,
): ContainerToKill | undefined {
  const hash = status.annotations[Annotation.hash];
  const kill = (reason: KillReason, what: string, restarted: boolean): ContainerToKill => ({
    id: status.id,
    container,
    reason,
    message: `Container ${container.name} ${what}${restarted ? ", will be restarted" : ""}`,
  });
  if (hash !== undefined && hash !== containerHash(container)) {
    return kill("definitionChanged", "definition changed", true);
  }
  if (probes.liveness(status.id) === "failure")
    return kill("livenessProbe", "failed liveness probe", restarts);
  if (probes.startup(status.id) === "failure") return kill("startupProbe", "failed startup probe", restarts);
  return undefined;
}

export function killUnknown(container: Container, status: CriContainerStatus): ContainerToKill {
  return {
    id: status.id,
    container,
    reason: "unknownState",
    message: `Container is in ${JSON.stringify(status.state.toLowerCase())} state, try killing it before restart`,
  };
}
