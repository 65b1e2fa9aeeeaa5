import type { Service } from "../../../base/index.ts";
import { createEventRecorder, type InformerFactory, type KubeClient } from "../../client/index.ts";
import { type ControllerDependencies, createController } from "../controller.ts";
import { directoryProvisioner } from "./directory-provisioner.ts";
import { PROVISIONER } from "./storage-class.ts";

export interface VolumeProvisionerOptions extends Omit<ControllerDependencies, "recorder" | "kinds"> {
  /** Acts as upstream's binder does, which once made volumes itself. */
  client: KubeClient;
  informers: InformerFactory;
  nodeName: string;
  /** The directories of volumes lie here. */
  volumesDir: string;
}

/** Makes volumes of the node's disk for claims that ask for them, and removes them again. */
export function createVolumeProvisioner(options: VolumeProvisionerOptions): Service {
  const { client, nodeName, logger, clock } = options;
  return {
    name: "volume-provisioner",
    needs: [],
    async run({ signal, ready }) {
      const recorder = createEventRecorder({
        client,
        component: `${PROVISIONER}_${nodeName}`,
        clock,
        logger,
      });
      const dependencies = { ...options, recorder };
      const controller = createController(directoryProvisioner(dependencies), dependencies);
      ready();
      await controller.run(signal);
      await recorder.stop();
    },
  };
}
