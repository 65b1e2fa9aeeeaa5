import { errorMessage, type Logger, type Service } from "../../base/index.ts";
import { nodes } from "../../kube/api/index.ts";
import { openCloseService } from "../open-close.ts";
import type { ControlPlane } from "./control-plane.ts";
import { asAdmin } from "./identities.ts";

export interface MarkControlPlaneOptions {
  plane: Pick<ControlPlane, "clientAs">;
  nodeName: string;
  logger: Logger;
}

/** A kubelet may not give its node a role; who sets the cluster up does. */
export function markControlPlane({ plane, nodeName, logger }: MarkControlPlaneOptions): Service {
  return openCloseService("control-plane-node", ["kubelet"], async () => {
    const labels = { "node-role.kubernetes.io/control-plane": "" };
    try {
      await plane
        .clientAs(asAdmin, "gantry")
        .patch(nodes, undefined, nodeName, "merge", { metadata: { labels } });
    } catch (error) {
      logger.warn("the node was not given its role", { error: errorMessage(error) });
    }
    return () => {};
  });
}
