import { posix } from "node:path";
import type { FileReference, Project, Service, VolumeMount } from "../model/index.ts";
import { clusterName } from "./cluster-names.ts";
import { FILE_KEY, fileObjectName } from "./file-objects.ts";

export interface PodVolumes {
  volumes: object[];
  mounts: object[];
}

/** The volumes of a service's pods: claims, directories of the node, memory, configurations and secrets. */
export function podVolumes(project: Project, service: Service, tell: (sentence: string) => void): PodVolumes {
  const volumes: object[] = [];
  const mounts: object[] = [];
  const add = (name: string, source: object, mount: object) => {
    if (!volumes.some((volume) => (volume as { name: string }).name === name))
      volumes.push({ name, ...source });
    mounts.push({ name, ...mount });
  };
  for (const [index, volume] of (service.volumes ?? []).entries()) {
    const where = `services.${service.name}.volumes[${index}]`;
    const source = sourceOf(project, volume, where, tell);
    if (!source) continue;
    add(source.name ?? `volume-${index}`, source.source, {
      mountPath: volume.target,
      readOnly: volume.read_only || undefined,
      subPath: volume.volume?.subpath,
    });
  }
  for (const [index, text] of (service.tmpfs ?? []).entries()) {
    const [target = "", options = ""] = text.split(":");
    const size = /(?:^|,)size=(\d+[kmg]?)/i.exec(options)?.[1];
    add(`tmpfs-${index}`, memory(size && quantity(size)), { mountPath: target });
  }
  if (service.shm_size) add("shm", memory(String(service.shm_size)), { mountPath: "/dev/shm" });
  for (const kind of ["configs", "secrets"] as const) {
    for (const reference of service[kind] ?? []) addFile(service, kind, reference, add, tell);
  }
  return { volumes, mounts };
}

const memory = (sizeLimit?: string) => ({ emptyDir: { medium: "Memory", sizeLimit } });
const quantity = (size: string) => size.replace(/[kmg]$/i, (unit) => `${unit.toUpperCase()}i`);

function sourceOf(
  project: Project,
  volume: VolumeMount,
  where: string,
  tell: (sentence: string) => void,
): { name?: string; source: object } | undefined {
  switch (volume.type) {
    case "volume": {
      if (!volume.source) return { source: { emptyDir: {} } };
      const declared = project.volumes[volume.source];
      const claimName = declared?.external ? (declared.name ?? volume.source) : clusterName(volume.source);
      tell("volumes: a claim begins empty; what the image has at its place is not copied into it");
      return {
        name: `claim-${clusterName(volume.source)}`,
        source: { persistentVolumeClaim: { claimName } },
      };
    }
    case "bind":
      if (volume.bind?.propagation) tell(`${where}.bind.propagation: is left out`);
      return {
        source: {
          hostPath: { path: volume.source, type: volume.bind?.create_host_path === false ? undefined : "" },
        },
      };
    case "tmpfs":
      return { source: memory(volume.tmpfs?.size ? String(volume.tmpfs.size) : undefined) };
    default:
      tell(`${where}: volumes of type ${volume.type} cannot be had on the cluster, and are left out`);
      return undefined;
  }
}

function addFile(
  service: Service,
  kind: "configs" | "secrets",
  reference: FileReference,
  add: (name: string, source: object, mount: object) => void,
  tell: (sentence: string) => void,
): void {
  const { source = "", target, mode, uid, gid } = reference;
  if (uid || gid)
    tell(`services.${service.name}.${kind}: \`uid\` and \`gid\` cannot be said; ${source} belongs to root`);
  const directory = kind === "secrets" ? "/run/secrets/" : "/";
  const path = !target ? directory + source : posix.isAbsolute(target) ? target : directory + target;
  const name = fileObjectName(source);
  const options = { defaultMode: mode ?? 0o444 };
  add(
    `${kind.slice(0, -1)}-${name}`,
    kind === "configs" ? { configMap: { name, ...options } } : { secret: { secretName: name, ...options } },
    { mountPath: path, subPath: FILE_KEY, readOnly: true },
  );
}
