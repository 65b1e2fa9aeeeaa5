import { stat } from "node:fs/promises";
import { errnoCode } from "../../base/index.ts";
import type { MountRecord } from "../containers/container-record.ts";
import type { EngineContext } from "../context.ts";
import { invalidMount, invalidRequest, noSuchContainer } from "../errors.ts";
import type { ContainerConfig, CreateContainerRequest, HostConfig } from "../types.ts";
import {
  type WantedMount,
  wantedOfBind,
  wantedOfImageVolume,
  wantedOfRequest,
  wantedOfTmpfs,
} from "./mount-requests.ts";

export interface ResolvedMounts {
  mounts: MountRecord[];
  /** Volumes that were made for this request; undone when it fails. */
  createdVolumes: string[];
}

/** All mounts of a container that is being created, in Docker's order of precedence; makes volumes that are missing. */
export async function resolveMounts(
  context: EngineContext,
  config: ContainerConfig,
  hostConfig: HostConfig,
  { internal, readOnlyNonRecursive }: Pick<CreateContainerRequest, "internal" | "readOnlyNonRecursive">,
): Promise<ResolvedMounts> {
  const wanted = new Map<string, WantedMount>();
  for (const mount of mountsFromOthers(context, hostConfig)) wanted.set(mount.Destination, mount);
  const own = new Set<string>();
  for (const mount of requestedMounts(hostConfig)) {
    if (readOnlyNonRecursive && mount.Type === "bind" && !mount.RW) mount.readOnlyNonRecursive = true;
    if (own.has(mount.Destination)) throw invalidRequest(`Duplicate mount point: ${mount.Destination}`);
    own.add(mount.Destination);
    wanted.set(mount.Destination, mount);
  }
  const managed = new Set((internal?.mounts ?? []).map((mount) => mount.target));
  for (const target of Object.keys(config.Volumes ?? {})) {
    const mount = wantedOfImageVolume(target);
    if (!wanted.has(mount.Destination) && !managed.has(mount.Destination))
      wanted.set(mount.Destination, mount);
  }
  for (const mount of wanted.values()) await assertSource(mount);
  return makeVolumes(context, [...wanted.values()]);
}

function requestedMounts(hostConfig: HostConfig): WantedMount[] {
  return [
    ...(hostConfig.Binds ?? []).map(wantedOfBind),
    ...(hostConfig.Mounts ?? []).map(wantedOfRequest),
    ...wantedOfTmpfs(hostConfig.Tmpfs ?? {}),
  ];
}

function mountsFromOthers(context: EngineContext, hostConfig: HostConfig): WantedMount[] {
  return (hostConfig.VolumesFrom ?? []).flatMap((specification) => {
    if (specification === "") throw invalidMount("volumes-from specification cannot be an empty string");
    const colon = specification.indexOf(":");
    const [reference, mode] =
      colon < 0 ? [specification, "rw"] : [specification.slice(0, colon), specification.slice(colon + 1)];
    if (!/^(ro|rw|z|Z)(,(ro|rw|z|Z))*$/.test(mode)) throw invalidMount(`invalid mode: ${mode}`);
    const readOnly = mode.split(",").includes("ro");
    const giver = context.containers.find(reference);
    // Not NotFound: to Docker's client that would mean the image, and it would pull it.
    if (!giver) throw invalidRequest(noSuchContainer(reference).message);
    return giver.record.mounts
      .filter((mount) => mount.Type !== "tmpfs")
      .map((mount) => ({ ...mount, RW: mount.RW && !readOnly, copyUp: false, anonymous: false }));
  });
}

/** With `--mount` a bind's source must be there; with `-v` it is made at the start. */
async function assertSource(mount: WantedMount): Promise<void> {
  if (mount.Type !== "bind" || mount.createSource) return;
  try {
    await stat(mount.Source!);
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
    throw invalidMount(
      `invalid mount config for type "bind": bind source path does not exist: ${mount.Source}`,
    );
  }
}

/** The layers of the image that the name stands for now: they stay as long as the container does. */
async function ofImage(context: EngineContext, mount: WantedMount): Promise<MountRecord> {
  const image = await context.images.get(mount.Name!);
  return { ...mount, Source: image.id, imageLayers: [...image.config.rootfs.diff_ids] };
}

async function makeVolumes(context: EngineContext, wanted: readonly WantedMount[]): Promise<ResolvedMounts> {
  const mounts: MountRecord[] = [];
  const createdVolumes: string[] = [];
  try {
    for (const { volumeLabels, volumeDriver, volumeOptions, ...mount } of wanted) {
      if (mount.Type === "image" && !mount.imageLayers) {
        mounts.push(await ofImage(context, mount));
        continue;
      }
      if (mount.Type !== "volume") {
        mounts.push({ ...mount, Source: mount.Source ?? "" });
        continue;
      }
      const { volume, created } = await context.volumes.create({
        Name: mount.Name,
        Driver: volumeDriver,
        DriverOpts: volumeOptions,
        Labels: volumeLabels,
      });
      if (created) {
        createdVolumes.push(volume.Name);
        context.events.emit("volume", "create", volume.Name, { driver: volume.Driver });
      }
      mounts.push({ ...mount, Name: volume.Name, Source: volume.Mountpoint });
    }
  } catch (error) {
    for (const name of createdVolumes) await context.volumes.remove(name);
    throw error;
  }
  return { mounts, createdVolumes };
}
