import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GantryError, newHexId } from "../../../base/index.ts";
import type { CriMount } from "../../../cri/types.ts";
import type { Container, Pod, VolumeMount } from "../../api/index.ts";
import { expand } from "../env/expansion.ts";
import { bindSubPath, subPathsDir } from "../volumes/sub-path.ts";
import { recursiveReadOnlyOf } from "./recursive-read-only.ts";

export interface ContainerMountsInput {
  pod: Pod;
  container: Container;
  podDir: string;
  /** Where each volume lies. */
  volumes: ReadonlyMap<string, string>;
  env: ReadonlyMap<string, string>;
  hosts: string;
}

const PROPAGATION: Record<string, CriMount["propagation"]> = {
  None: "PRIVATE",
  HostToContainer: "HOST_TO_CONTAINER",
  Bidirectional: "BIDIRECTIONAL",
};
const HOSTS_PATH = "/etc/hosts";
/** Volumes whose content is the kubelet's: containers read it, whatever their mount says (CVE-2017-1002102). */
const READ_ONLY_SOURCES = ["configMap", "secret", "downwardAPI", "projected"] as const;

/** All binds of a container: its volume mounts, the managed hosts file, and the file for its last words. */
export async function containerMounts(input: ContainerMountsInput): Promise<CriMount[]> {
  const { container, podDir } = input;
  if ((container.volumeDevices ?? []).length > 0) {
    throw new GantryError("NotImplemented", "volumeDevices are not implemented", {
      code: "Kubelet.VolumeDevices",
    });
  }
  const mounts = (container.volumeMounts ?? []).map((mount, index) => volumeMount(input, mount, index));
  if (!mounts.some(({ containerPath }) => containerPath === HOSTS_PATH)) {
    const path = join(podDir, "etc-hosts");
    await writeFile(path, input.hosts, { mode: 0o644 });
    mounts.push(bind(path, HOSTS_PATH));
  }
  const lastWords = container.terminationMessagePath ?? "/dev/termination-log";
  mounts.push(bind(await terminationLog(podDir, container.name), lastWords));
  return mounts;
}

function volumeMount(input: ContainerMountsInput, mount: VolumeMount, index: number): CriMount {
  const volume = input.volumes.get(mount.name);
  if (volume === undefined) {
    throw new GantryError("Internal", `volume ${mount.name} is not set up`, {
      code: "Kubelet.VolumeMissing",
    });
  }
  const subPath = mount.subPathExpr
    ? expand(mount.subPathExpr, (name) => input.env.get(name))
    : (mount.subPath ?? "");
  return {
    containerPath: join("/", mount.mountPath),
    hostPath:
      subPath === ""
        ? volume
        : bindSubPath({
            volumeName: mount.name,
            volumeDir: volume,
            path: subPath,
            containerName: input.container.name,
            target: join(subPathsDir(input.podDir, mount.name), input.container.name, String(index)),
          }),
    readOnly: mount.readOnly === true || isReadOnlyVolume(input.pod, mount.name),
    propagation: PROPAGATION[mount.mountPropagation ?? "None"]!,
    recursiveReadOnly: isRecursivelyReadOnly(mount),
  };
}

function isRecursivelyReadOnly(mount: VolumeMount): boolean {
  const mode = recursiveReadOnlyOf(mount);
  if (mode !== "Impossible") return mode === "Enabled";
  throw new GantryError(
    "NotImplemented",
    `volume ${JSON.stringify(mount.name)} requested recursive read-only mode, but it is not supported by the runtime`,
    { code: "Kubelet.RecursiveReadOnly" },
  );
}

function isReadOnlyVolume({ spec }: Pod, name: string): boolean {
  const volume = spec.volumes?.find((one) => one.name === name);
  if (volume?.persistentVolumeClaim?.readOnly) return true;
  return READ_ONLY_SOURCES.some((source) => volume?.[source] !== undefined);
}

function bind(hostPath: string, containerPath: string): CriMount {
  return { hostPath, containerPath, readOnly: false, propagation: "PRIVATE" };
}

/** Each attempt has a file of its own, so that nobody reads the last words of the attempt before. */
async function terminationLog(podDir: string, containerName: string): Promise<string> {
  const dir = join(podDir, "containers", containerName);
  await mkdir(dir, { recursive: true, mode: 0o750 });
  const path = join(dir, newHexId().slice(0, 8));
  const file = await open(path, "wx", 0o666);
  await file.chmod(0o666);
  await file.close();
  return path;
}
