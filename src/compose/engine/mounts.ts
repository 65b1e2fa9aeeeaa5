import { isAbsolute } from "node:path";
import { invalidArgument } from "../../base/index.ts";
import type { ContainerSummary } from "../docker/index.ts";
import type { FileObject, FileReference, Project, Service, VolumeMount } from "../model/index.ts";

/** A mount as the engine takes it (moby, api/types/mount). */
export interface Mount {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: Record<string, unknown>;
  VolumeOptions?: Record<string, unknown>;
  TmpfsOptions?: Record<string, unknown>;
  ImageOptions?: Record<string, unknown>;
}

export interface ContainerMounts {
  /** `source:target:mode`. */
  binds: string[];
  mounts: Mount[];
}

/** Anonymous volumes that a container takes over from the one in whose place it comes. */
export interface Inherited {
  container: ContainerSummary;
  /** Where its image wants a volume. */
  imageVolumes: readonly string[];
}

/** What is mounted into a service's container: its volumes, configurations and secrets. */
export function containerMounts(
  project: Project,
  service: Service,
  inherited: Inherited | undefined,
  warn: (message: string) => void,
): ContainerMounts {
  const byTarget = new Map<string, Mount>();
  let volumes = service.volumes ?? [];
  for (const point of inherited?.container.Mounts ?? []) {
    if (point.Type === "tmpfs") continue;
    const mount: Mount = {
      Type: point.Type,
      Source: point.Type === "volume" ? point.Name : point.Source,
      Target: point.Destination,
      ReadOnly: !point.RW,
    };
    const isAnonymous = (one: VolumeMount) => one.target === point.Destination && !one.source;
    if (inherited!.imageVolumes.includes(point.Destination) || volumes.some(isAnonymous)) {
      byTarget.set(point.Destination, mount);
    }
    volumes = volumes.filter((one) => !isAnonymous(one));
  }
  for (const volume of volumes) byTarget.set(volume.target ?? "", toMount(project, volume, warn));
  for (const mount of [
    ...fileMounts(project, service, "secrets", warn),
    ...fileMounts(project, service, "configs", warn),
  ]) {
    if (!byTarget.has(mount.Target)) byTarget.set(mount.Target, mount);
  }
  return split(project, service, [...byTarget.values()]);
}

/** The older form of a mount where it says all: it makes a directory on the host that is missing, and 1.24 knows it. */
function split(project: Project, service: Service, all: readonly Mount[]): ContainerMounts {
  const result: ContainerMounts = { binds: [], mounts: [] };
  const names = new Set(Object.values(project.volumes).map(({ name }) => name));
  for (const mount of all) {
    const volume = service.volumes?.find(({ target }) => target === mount.Target);
    const asBind =
      volume !== undefined &&
      (mount.Type === "bind"
        ? !needsMountForBind(volume)
        : mount.Type === "volume" && names.has(mount.Source) && !needsMountForVolume(volume));
    if (asBind) result.binds.push(bindText(mount.Source ?? "", volume));
    else result.mounts.push(mount);
  }
  return result;
}

const needsMountForBind = ({ bind }: VolumeMount): boolean =>
  bind !== undefined && (!bind.create_host_path || Boolean(bind.propagation) || Boolean(bind.recursive));

const needsMountForVolume = ({ volume }: VolumeMount): boolean =>
  volume !== undefined &&
  (Object.keys(volume.labels ?? {}).length > 0 || Boolean(volume.subpath) || Boolean(volume.nocopy));

function bindText(source: string, { target, read_only: readOnly, bind, volume }: VolumeMount): string {
  const options = [
    readOnly ? "ro" : "rw",
    bind?.selinux,
    bind?.propagation,
    volume?.nocopy ? "nocopy" : undefined,
  ];
  return `${source}:${target}:${options.filter(Boolean).join(",")}`;
}

function toMount(project: Project, volume: VolumeMount, warn: (message: string) => void): Mount {
  const { type = "", bind, volume: named, tmpfs, image } = volume;
  for (const [option, value] of Object.entries({ bind, volume: named, tmpfs, image })) {
    if (value !== undefined && type !== option) {
      warn(`mount of type \`${type}\` should not define \`${option}\` option`);
    }
  }
  let source = volume.source;
  if (type === "volume" && source) source = project.volumes[source]?.name ?? source;
  const mount: Mount = {
    Type: type,
    Source: source,
    Target: volume.target ?? "",
    ReadOnly: volume.read_only ?? false,
    Consistency: volume.consistency,
  };
  if (type === "bind" && bind) mount.BindOptions = bindOptions(bind);
  if (type === "volume" && named) {
    mount.VolumeOptions = { NoCopy: named.nocopy ?? false, Subpath: named.subpath, Labels: named.labels };
  }
  if (type === "tmpfs" && tmpfs) mount.TmpfsOptions = { SizeBytes: tmpfs.size, Mode: tmpfs.mode };
  if (type === "image" && image) mount.ImageOptions = { Subpath: image.subpath };
  return mount;
}

function bindOptions(bind: NonNullable<VolumeMount["bind"]>): Record<string, unknown> {
  return {
    Propagation: bind.propagation,
    CreateMountpoint: bind.create_host_path ?? false,
    NonRecursive: bind.recursive === "disabled" || undefined,
    ReadOnlyNonRecursive: bind.recursive === "writable" || undefined,
    ReadOnlyForceRecursive: bind.recursive === "readonly" || undefined,
  };
}

type FileKind = "secrets" | "configs";

/** Where a configuration or a secret stands in the container. */
export function fileTarget(kind: FileKind, { source = "", target }: FileReference): string {
  const directory = kind === "secrets" ? "/run/secrets/" : "/";
  if (!target) return directory + source;
  return isAbsolute(target) ? target : directory + target;
}

function fileMounts(
  project: Project,
  service: Service,
  kind: FileKind,
  warn: (message: string) => void,
): Mount[] {
  return (service[kind] ?? []).flatMap((reference): Mount[] => {
    const object = project[kind][reference.source ?? ""] ?? {};
    refuseUnsupported(kind, object);
    // What does not lie in a file is copied into the container.
    if (object.environment || (kind === "configs" && object.content)) return [];
    if (reference.uid || reference.gid || reference.mode !== undefined) {
      const what = kind === "secrets" ? "secrets" : "config";
      warn(`${what} \`uid\`, \`gid\` and \`mode\` are not supported, they will be ignored`);
    }
    const mount: Mount = {
      Type: "bind",
      Source: object.file,
      Target: fileTarget(kind, reference),
      ReadOnly: true,
    };
    if (kind === "secrets") mount.BindOptions = { CreateMountpoint: false };
    return [mount];
  });
}

function refuseUnsupported(kind: FileKind, object: FileObject): void {
  if (object.external) throw invalidArgument(`unsupported external ${kind.slice(0, -1)} ${object.name}`);
  for (const field of ["driver", "template_driver"] as const) {
    if (object[field]) throw invalidArgument(`Docker Compose does not support ${kind}.*.${field}`);
  }
}
