import type { CriContainerStatus } from "../../../cri/types.ts";
import type { Container } from "../../api/index.ts";
import { Annotation, containerHash } from "../naming.ts";
import type { ProbeView } from "../probes/probe-view.ts";
import type { ResizeView } from "../resize/resize-view.ts";

export type KillReason = "livenessProbe" | "startupProbe" | "definitionChanged" | "unknownState" | "resize";

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
  { isRestarted, resizes }: { isRestarted: boolean; resizes: ResizeView },
): ContainerToKill | undefined {
  const hash = status.annotations[Annotation.hash];
  const RESTARTED = ", will be restarted";
  const afterwards = isRestarted ? RESTARTED : "";
  const kill = (reason: KillReason, what: string): ContainerToKill => ({
    id: status.id,
    container,
    reason,
    message: `Container ${container.name} ${what}`,
  });
  if (hash !== undefined && hash !== containerHash(container)) {
    return kill("definitionChanged", `definition changed${RESTARTED}`);
  }
  if (probes.liveness(status.id) === "failure")
    return kill("livenessProbe", `failed liveness probe${afterwards}`);
  if (probes.startup(status.id) === "failure")
    return kill("startupProbe", `failed startup probe${afterwards}`);
  if (resizes.needsRestart(container, status)) return kill("resize", "resize requires restart");
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
