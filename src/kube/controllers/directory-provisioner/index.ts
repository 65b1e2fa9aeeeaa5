import { errorMessage, type Service } from "../../../base/index.ts";
import { createEventRecorder, type InformerFactory, type KubeClient } from "../../client/index.ts";
import { type ControllerDependencies, createController } from "../controller.ts";
import { directoryProvisioner } from "./directory-provisioner.ts";
import { PROVISIONER, provideStorageClass } from "./storage-class.ts";

export interface VolumeProvisionerOptions extends Omit<ControllerDependencies, "recorder"> {
  /** Acts as upstream's binder does, which once made volumes itself. */
  client: KubeClient;
  /** May write storage classes. */
  adminClient: KubeClient;
  informers: InformerFactory;
  nodeName: string;
  /** The directories of volumes lie here. */
  volumesDir: string;
}

/** Makes volumes of the node's disk for claims that ask for them, and removes them again. */
export function createVolumeProvisioner(options: VolumeProvisionerOptions): Service {
  const { client, adminClient, nodeName, logger, clock } = options;
  return {
    name: "volume-provisioner",
    needs: ["informers"],
    async run({ signal, ready }) {
      // An API that does not take it now is asked again at the next start; volumes are made all the same.
      await provideStorageClass(adminClient).catch((error) =>
        logger.warn("the default storage class was not made", { error: errorMessage(error) }),
      );
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
