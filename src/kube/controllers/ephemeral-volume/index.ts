import { errorMessage, GantryError } from "../../../base/index.ts";
import {
  claimNameOf,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  pods as podsResource,
  type Volume,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf, controllerReference } from "../owner.ts";
import { indexByClaim, podsOfClaim } from "../pvc-protection/claim-users.ts";
import { isNamespaceTerminating } from "../write-errors.ts";

/** Makes the claims of pods' own volumes; they go with their pod (the ephemeral-volume controller). */
export function createEphemeralVolumeController(dependencies: ControllerDependencies): Controller {
  const { client, informers, recorder } = dependencies;
  const pods = informers.informer(podsResource);
  const claims = informers.informer(persistentVolumeClaims);
  indexByClaim(pods);

  const ensureClaim = async (pod: Pod, volume: Volume): Promise<void> => {
    const { namespace } = pod.metadata;
    const name = claimNameOf(pod, volume)!;
    const known = claims.get(`${namespace}/${name}`);
    if (known) return assertMadeFor(pod, known);
    const { metadata = {}, spec } = volume.ephemeral!.volumeClaimTemplate!;
    const { annotations, labels } = metadata;
    try {
      await client.create(persistentVolumeClaims, {
        metadata: {
          name,
          namespace,
          ownerReferences: [controllerReference(pod)],
          ...(annotations ? { annotations } : {}),
          ...(labels ? { labels } : {}),
        },
        spec,
      });
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      throw new GantryError("Unavailable", `create PVC ${name}: ${errorMessage(error)}`, { cause: error });
    }
  };

  return createController(
    {
      name: "ephemeral-volume",
      informers: [pods, claims],
      watch: (enqueue) => {
        const look = (pod: Pod): void => {
          if (pod.spec.volumes?.some(({ ephemeral }) => ephemeral)) enqueue(keyOf(pod));
        };
        return [
          pods.subscribe({ onAdd: look }),
          claims.subscribe({
            onDelete: (claim) => {
              for (const pod of podsOfClaim(pods, keyOf(claim))) look(pod);
            },
          }),
        ];
      },
      reconcile: async (key) => {
        const pod = pods.get(key);
        if (!pod || pod.metadata.deletionTimestamp !== undefined) return;
        for (const volume of pod.spec.volumes?.filter(({ ephemeral }) => ephemeral) ?? []) {
          try {
            await ensureClaim(pod, volume);
          } catch (error) {
            const message = `ephemeral volume ${volume.name}: ${errorMessage(error)}`;
            recorder.event(pod, "Warning", "FailedBinding", message);
            throw error;
          }
        }
      },
    },
    dependencies,
  );
}

/** A claim of the right name that a person made is left alone, and so is its data. */
function assertMadeFor(pod: Pod, claim: PersistentVolumeClaim): void {
  if (controllerOf(claim)?.uid === pod.metadata.uid) return;
  throw new GantryError(
    "Conflict",
    `PVC ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`,
    { code: "EphemeralVolume.NotOwner" },
  );
}
