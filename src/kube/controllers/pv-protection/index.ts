import { persistentVolumes } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { addFinalizer, lacks, removeFinalizer, waitsFor } from "../finalizers.ts";
import { keyOf } from "../object-key.ts";

const FINALIZER = "kubernetes.io/pv-protection";

/** Lets go of volumes that are being deleted once no claim is bound to them. */
export function createPvProtectionController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const volumes = informers.informer(persistentVolumes);
  const protectedVolumes = { client, resource: persistentVolumes, informer: volumes, finalizer: FINALIZER };

  return createController(
    {
      name: "pv-protection",
      informers: [volumes],
      watch: (enqueue) => [
        volumes.subscribe({ onAdd: (one) => enqueue(keyOf(one)), onUpdate: (one) => enqueue(keyOf(one)) }),
      ],
      reconcile: async (key) => {
        const volume = volumes.get(key);
        if (!volume) return;
        if (lacks(volume, FINALIZER)) await addFinalizer(protectedVolumes, volume);
        else if (waitsFor(volume, FINALIZER) && volume.status?.phase !== "Bound")
          await removeFinalizer(protectedVolumes, volume);
      },
    },
    dependencies,
  );
}
