import { compareQuantities } from "../../../formats/index.ts";
import { type PersistentVolumeClaim, persistentVolumeClaims } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";

/**
 * Tells of claims that have become bigger than what they got that it is for others to expand their volumes: nothing that is
 * built in can (the expand controller).
 */
export function createVolumeExpandController(dependencies: ControllerDependencies): Controller {
  const { informers, recorder } = dependencies;
  const claims = informers.informer(persistentVolumeClaims);

  return createController(
    {
      name: "volume-expand",
      informers: [claims],
      watch: (enqueue) => [
        claims.subscribe({
          onAdd: (claim) => enqueue(keyOf(claim)),
          onUpdate: (next, previous) => {
            if (compareQuantities(requestOf(next), requestOf(previous)) > 0) enqueue(keyOf(next));
          },
        }),
      ],
      reconcile: async (key) => {
        const claim = claims.get(key);
        if (claim?.status?.phase !== "Bound") return;
        if (compareQuantities(requestOf(claim), claim.status.capacity?.storage ?? "0") <= 0) return;
        const message = "waiting for an external controller to expand this PVC";
        recorder.event(claim, "Normal", "ExternalExpanding", message);
      },
    },
    dependencies,
  );
}

const requestOf = ({ spec }: PersistentVolumeClaim): string => spec.resources?.requests?.storage ?? "0";
