import { errorMessage } from "../../../base/index.ts";
import {
  type Node,
  nodes as nodesResource,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
  storageClasses,
} from "../../api/index.ts";
import type { ControllerDefinition, ControllerDependencies } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";
import { classAskedBy, provisionClaim } from "./provision-claim.ts";
import { volumeNameFor } from "./provisioned-volume.ts";
import type { Provisioner } from "./provisioner.ts";
import { removeVolume } from "./remove-volume.ts";
import { VolumeDirectories } from "./volume-directories.ts";

export interface DirectoryProvisionerDependencies extends Omit<ControllerDependencies, "kinds"> {
  nodeName: string;
  volumesDir: string;
}

const BY_UID = "claim-by-uid";

/** Its keys are claims, volumes and directories: what is asked for, what is to go, and what may have been left behind. */
export function directoryProvisioner(dependencies: DirectoryProvisionerDependencies): ControllerDefinition {
  const { client, informers, nodeName, recorder, logger, volumesDir } = dependencies;
  const claims = informers.informer<PersistentVolumeClaim>(persistentVolumeClaims);
  const volumes = informers.informer<PersistentVolume>(persistentVolumes);
  const classes = informers.informer<StorageClass>(storageClasses);
  const directories = new VolumeDirectories(volumesDir);
  const nodes = informers.informer<Node>(nodesResource);
  const provisioner: Provisioner = {
    client,
    recorder,
    claims,
    volumes,
    classes,
    nodes,
    directories,
    nodeName,
  };
  claims.addIndex(BY_UID, ({ metadata }) => [metadata.uid]);

  /** A directory that was made before the program ended, for a claim that went away meanwhile. */
  const sweep = async (name: string): Promise<void> => {
    if (claims.byIndex(BY_UID, name.slice("pvc-".length)).length > 0) return;
    // Asked live, the claims first: a claim that is gone by then gets no directory any more.
    const { items } = await client.list(persistentVolumeClaims);
    if (items.some((claim) => volumeNameFor(claim) === name)) return;
    if (await unlessGone(client.get(persistentVolumes, undefined, name))) return;
    await directories.removeEmpty(name);
  };

  return {
    name: "directory-provisioner",
    informers: [claims, volumes, classes, nodes],
    watch: (enqueue) => {
      const claimChanged = (claim: PersistentVolumeClaim): void => enqueue(`claim/${keyOf(claim)}`);
      const volumeChanged = ({ metadata }: PersistentVolume): void => enqueue(`volume/${metadata.name}`);
      const sweepAll = async (): Promise<void> => {
        for (const name of await directories.names()) enqueue(`directory/${name}`);
      };
      sweepAll().catch((error) =>
        logger.warn("volumes' directories cannot be listed", { error: errorMessage(error) }),
      );
      return [
        claims.subscribe({
          onAdd: claimChanged,
          onUpdate: claimChanged,
          onDelete: (claim) => enqueue(`directory/${volumeNameFor(claim)}`),
        }),
        volumes.subscribe({ onAdd: volumeChanged, onUpdate: volumeChanged }),
        classes.subscribe({
          onAdd: () => {
            for (const claim of claims.list()) if (classAskedBy(claim, provisioner)) claimChanged(claim);
          },
        }),
      ];
    },
    reconcile: async (key) => {
      const [what] = key.split("/", 1);
      const object = key.slice(what!.length + 1);
      const claim = what === "claim" ? claims.get(object) : undefined;
      const volume = what === "volume" ? volumes.get(object) : undefined;
      if (claim) await unlessGone(provisionClaim(provisioner, claim));
      else if (volume) await unlessGone(removeVolume(provisioner, volume));
      else if (what === "directory") await sweep(object);
    },
  };
}
