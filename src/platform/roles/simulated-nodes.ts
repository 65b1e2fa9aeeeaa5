import type { Clock, Logger, Service } from "../../base/index.ts";
import { removeSimulatedNodes, runSimulatedNodes } from "../../kube/simulated-nodes/index.ts";
import { openCloseService } from "../open-close.ts";
import { withInformers } from "../with-informers.ts";
import type { ControlPlane } from "./control-plane.ts";
import { asAdmin } from "./identities.ts";

export interface SimulatedNodesRole {
  plane: Pick<ControlPlane, "clientAs">;
  count: number;
  /** Whether a real node runs beside them. */
  hasRealNode: boolean;
  logger: Logger;
  clock: Clock;
}

/** The simulated nodes, or the end of those of an earlier start where there are to be none. */
export function simulatedNodes({ plane, count, hasRealNode, logger, clock }: SimulatedNodesRole): Service {
  const name = "simulated-nodes";
  const client = () => plane.clientAs(asAdmin, "gantry-simulated-nodes");
  if (count === 0)
    return openCloseService(name, ["apiserver"], async () => {
      await removeSimulatedNodes(client());
      return () => {};
    });
  return withInformers({
    name,
    needs: ["apiserver"],
    client,
    run: (own, informers, context) =>
      runSimulatedNodes({ client: own, informers, count, hasTaint: hasRealNode, logger, clock }, context),
    logger,
    clock,
  });
}
