import { errorMessage, isGantryError } from "../../../base/index.ts";
import {
  BETA_STORAGE_PROVISIONER,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
  type StorageClass,
  storageClassNameOf,
} from "../../api/index.ts";
import { keyOf } from "../object-key.ts";
import { problemOf, provisionedVolume, volumeNameFor } from "./provisioned-volume.ts";
import type { Provisioner } from "./provisioner.ts";
import { PROVISIONER } from "./storage-class.ts";
import { ownerOfClaim } from "./volume-owner.ts";

/** The class by which the claim asks for a directory; undefined where it does not, or not yet. */
export function classAskedBy(
  { metadata, spec }: PersistentVolumeClaim,
  { classes }: Pick<Provisioner, "classes">,
): StorageClass | undefined {
  const { annotations = {}, deletionTimestamp } = metadata;
  const provisioner = annotations[STORAGE_PROVISIONER] ?? annotations[BETA_STORAGE_PROVISIONER];
  if (provisioner !== PROVISIONER || spec.volumeName || deletionTimestamp !== undefined) return undefined;
  const found = classes.get(storageClassNameOf({ metadata, spec }));
  const isDelayed = found?.volumeBindingMode === "WaitForFirstConsumer";
  return isDelayed && annotations[SELECTED_NODE] === undefined ? undefined : found;
}

/** Makes the claim's volume, or tells why there is none. Throws where another try may help. */
export async function provisionClaim(provisioner: Provisioner, claim: PersistentVolumeClaim): Promise<void> {
  const { client, recorder, nodes, nodeName } = provisioner;
  const storageClass = classAskedBy(claim, provisioner);
  if (!storageClass) return;
  const fail = (why: string) => {
    const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${why}`;
    recorder.event(claim, "Warning", "ProvisioningFailed", message);
  };
  const { [SELECTED_NODE]: wanted, ...annotations } = claim.metadata.annotations ?? {};
  if ((ownerOfClaim(nodes, wanted) ?? nodeName) !== nodeName) return;
  const selected = wanted ?? nodeName;
  const problem = problemOf(claim, storageClass);
  if (selected !== nodeName) {
    fail(`only the node "${nodeName}" keeps volumes, not "${selected}"`);
    // Without the node's name the scheduler looks for another one.
    await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } });
  } else if (problem !== undefined) fail(problem);
  else if (await stillAsks(provisioner, claim)) {
    await make(provisioner, claim, storageClass).catch((error) => {
      fail(errorMessage(error));
      throw error;
    });
  }
}

/** Asked live: for a claim that is gone, or has a volume by now, a volume would be made only to be removed. */
async function stillAsks({ client }: Provisioner, { metadata }: PersistentVolumeClaim): Promise<boolean> {
  const { namespace, name, uid } = metadata;
  const live = await client.get(persistentVolumeClaims, namespace, name);
  return live.metadata.uid === uid && !live.spec.volumeName;
}

/** First the directory, then the volume that says where it is. */
async function make(
  { client, recorder, volumes, directories, nodeName }: Provisioner,
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
): Promise<void> {
  const name = volumeNameFor(claim);
  if (volumes.get(name)) return;
  const told = `External provisioner is provisioning volume for claim "${keyOf(claim)}"`;
  recorder.event(claim, "Normal", "Provisioning", told);
  const path = await directories.create(name);
  try {
    await client.create(persistentVolumes, provisionedVolume(claim, storageClass, { path, nodeName }));
  } catch (error) {
    if (!isGantryError(error, "AlreadyExists")) throw error;
    return;
  }
  recorder.event(claim, "Normal", "ProvisioningSucceeded", `Successfully provisioned volume ${name}`);
}
