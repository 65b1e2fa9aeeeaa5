import {
  csiDrivers,
  isPodTerminal,
  type Node,
  nodes as nodesResource,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods as podsResource,
  type VolumeAttachment,
  volumeAttachments,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { indexByClaim, podsOfClaim } from "../pvc-protection/claim-users.ts";
import { AttachDetach } from "./attach-detach.ts";
import { volumeNameOf } from "./attachment.ts";
import { Attachments } from "./attachments.ts";
import { indexByNeed, mayNeedAttachment, podsThatMayNeed } from "./pods-that-may-need.ts";

/** Has volumes of CSI drivers attached to the nodes whose pods use them, and detached afterwards. Its keys are nodes. */
export function createAttachDetachController(dependencies: ControllerDependencies): Controller {
  const { informers } = dependencies;
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const claims = informers.informer(persistentVolumeClaims);
  const volumes = informers.informer(persistentVolumes);
  const drivers = informers.informer(csiDrivers);
  const known = informers.informer(volumeAttachments);
  indexByNeed(pods);
  indexByClaim(pods);
  const attachments = new Attachments(known);

  const nodesOfClaim = (key: string): string[] =>
    podsOfClaim(pods, key).flatMap(({ spec }) => spec.nodeName ?? []);
  const nodesWanting = (volumeName: string): string[] => {
    const { namespace, name } = volumes.get(volumeName)?.spec?.claimRef ?? {};
    return name === undefined ? [] : nodesOfClaim(`${namespace}/${name}`);
  };
  const sources = { pods, nodes, claims, volumes, drivers, attachments, nodesWanting };
  const attachDetach = new AttachDetach(dependencies, sources);

  return createController(
    {
      name: "attach-detach",
      // One node after the other: no volume is given to two.
      concurrency: 1,
      informers: [pods, nodes, claims, volumes, drivers, known],
      watch: (enqueue) => {
        const ofPod = (pod: Pod): void => {
          if (pod.spec.nodeName && mayNeedAttachment(pod)) enqueue(pod.spec.nodeName);
        };
        const ofNode = ({ metadata: { name } }: Node): void => {
          if (attachments.on(name).length > 0 || podsThatMayNeed(pods, name).length > 0) enqueue(name);
        };
        const ofClaim = (claim: PersistentVolumeClaim): void => {
          for (const node of nodesOfClaim(keyOf(claim))) enqueue(node);
        };
        const ofVolume = ({ metadata }: PersistentVolume): void => {
          for (const node of nodesWanting(metadata.name)) enqueue(node);
        };
        const ofAttachment = (one: VolumeAttachment): void => {
          attachments.seen(one);
          enqueue(one.spec.nodeName);
        };
        return [
          pods.subscribe({
            onAdd: ofPod,
            onUpdate: (pod, previous) => {
              const hasChanged =
                pod.spec.nodeName !== previous.spec.nodeName ||
                isPodTerminal(pod) !== isPodTerminal(previous);
              if (hasChanged) ofPod(pod);
            },
            onDelete: ofPod,
          }),
          nodes.subscribe({ onAdd: ofNode, onUpdate: ofNode, onDelete: ofNode }),
          claims.subscribe({
            onAdd: ofClaim,
            onUpdate: ofClaim,
          }),
          volumes.subscribe({
            onAdd: ofVolume,
            onUpdate: ofVolume,
          }),
          known.subscribe({
            onAdd: ofAttachment,
            onUpdate: ofAttachment,
            onDelete: (one) => {
              attachments.gone(one);
              enqueue(one.spec.nodeName);
              for (const node of nodesWanting(volumeNameOf(one))) enqueue(node);
            },
          }),
        ];
      },
      reconcile: (node, enqueue) => attachDetach.reconcile(node, enqueue),
    },
    dependencies,
  );
}
