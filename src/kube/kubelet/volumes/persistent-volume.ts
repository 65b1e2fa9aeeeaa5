import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoCode, GantryError } from "../../../base/index.ts";
import { type Node, nodeReachesVolume, type PersistentVolume, type Pod } from "../../api/index.ts";
import { prepareHostPath } from "./host-path.ts";
import { giveToGroup } from "./ownership.ts";
import { mountFailed } from "./volume-error.ts";

export interface PersistentVolumeUse {
  pod: Pod;
  /** Where the kubelet keeps what belongs to the pod. */
  podDir: string;
  node: Node | undefined;
  isReadOnly: boolean;
  /** Another pod of this node uses it too: its files are left as they are. */
  isShared: boolean;
}

const IN_USE = "volume uses the ReadWriteOncePod access mode and is already in use by another pod";
const LOCAL_PLUGIN = "kubernetes.io~local-volume";

/**
 * Makes a persistent volume ready for a pod and returns where it lies. Nothing is mounted: containers bind the directory
 * itself, so that nothing is left behind by a kubelet that is killed. Throws VolumeError.
 */
export async function setUpPersistentVolume(
  volume: PersistentVolume,
  use: PersistentVolumeUse,
): Promise<string> {
  const { spec } = volume;
  const { name } = volume.metadata;
  if (use.node && !nodeReachesVolume(use.node, volume))
    throw mountFailed("NodeAffinity check", name, "no matching NodeSelectorTerms");
  if ((spec.mountOptions ?? []).length > 0)
    throw mountFailed(
      "MountOptionSupport check",
      name,
      "mount options are not supported for this volume type",
    );
  if (isExclusive(volume) && use.isShared) throw mountFailed("SetUp", name, IN_USE);
  if (spec.hostPath) {
    const { path, type = "" } = spec.hostPath;
    await attempt("SetUp", name, () => prepareHostPath(path, type));
    return path;
  }
  const { local } = spec;
  if (!local) throw mountFailed("SetUp", name, unsupported(volume));
  const path = await attempt("NewMounter initialization", name, () => localDirectory(local.path));
  await attempt("SetUp", name, () => giveOnce(path, name, use));
  return path;
}

/** For one pod only; where it offers other modes too, nobody knows which one is meant. */
const isExclusive = ({ spec }: PersistentVolume): boolean =>
  spec.accessModes?.length === 1 && spec.accessModes[0] === "ReadWriteOncePod";

async function attempt<T>(step: string, name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw mountFailed(step, name, error);
  }
}

/** The directory itself, with no link on the way to it. */
function localDirectory(path: string): string {
  try {
    const real = realpathSync(path);
    const info = statSync(real);
    if (info.isDirectory()) return real;
    const isDevice = info.isBlockDevice();
    throw failed(
      isDevice
        ? "file systems of block devices are not implemented"
        : "only directory and block device are supported",
    );
  } catch (error) {
    if (errnoCode(error) === "ENOENT") throw failed(`path "${path}" does not exist`);
    throw error;
  }
}

/** Once a pod: its directory here says that it was done, also after a restart of the program. */
async function giveOnce(
  path: string,
  name: string,
  { pod, podDir, isReadOnly, isShared }: PersistentVolumeUse,
): Promise<void> {
  const done = join(podDir, "volumes", LOCAL_PLUGIN, name);
  if (existsSync(done)) return;
  const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
  if (fsGroup !== undefined && !isReadOnly && !isShared) {
    const onRootMismatchOnly = fsGroupChangePolicy === "OnRootMismatch";
    await giveToGroup(path, fsGroup, { readOnly: false, onRootMismatchOnly });
  }
  mkdirSync(done, { recursive: true, mode: 0o750 });
}

function unsupported({ spec }: PersistentVolume): GantryError {
  const known = new Set([
    ...["accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity"],
    ...["persistentVolumeReclaimPolicy", "storageClassName", "volumeAttributesClassName", "volumeMode"],
  ]);
  const source = Object.keys(spec).find((key) => !known.has(key)) ?? "none";
  return failed(`persistent volumes of type ${source} are not implemented`);
}

const failed = (message: string) =>
  new GantryError("NotImplemented", message, { code: "Kubelet.PersistentVolume" });
