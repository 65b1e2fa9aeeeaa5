import { posix } from "node:path";
import { notImplemented } from "../../base/index.ts";
import type { MountRecord } from "../containers/container-record.ts";
import { invalidMount } from "../errors.ts";
import type { HostConfig, MountRequest } from "../types.ts";
import { PROPAGATIONS, parseBind } from "./bind-specification.ts";
import { checkSubpath } from "./staged-mounts.ts";

/** A mount that was asked for; volumes are not yet made. `name` absent: an anonymous volume. */
export interface WantedMount extends Omit<MountRecord, "Source"> {
  Source?: string;
  volumeLabels?: Record<string, string>;
  volumeDriver?: string;
  volumeOptions?: Record<string, string>;
}

const clean = (path: string) => posix.normalize(path).replace(/(.)\/$/, "$1");

export function wantedOfBind(text: string): WantedMount {
  const bind = parseBind(text);
  const common = { Destination: clean(bind.target), Mode: bind.mode, RW: !bind.readOnly };
  if (bind.source?.startsWith("/")) {
    return {
      ...common,
      Type: "bind",
      Source: clean(bind.source),
      Propagation: bind.propagation || "rprivate",
      createSource: true,
    };
  }
  return {
    ...common,
    Type: "volume",
    Name: bind.source,
    Driver: "local",
    Mode: bind.mode || "z",
    Propagation: bind.propagation,
    copyUp: bind.copyUp,
    anonymous: bind.source === undefined,
  };
}

export function wantedOfRequest(request: MountRequest): WantedMount {
  const fail = (reason: string) =>
    invalidMount(`invalid mount config for type "${request.Type ?? ""}": ${reason}`);
  if (!request.Target) throw fail("field Target must not be empty");
  if (!request.Target.startsWith("/"))
    throw fail(`invalid mount path: '${request.Target}' mount path must be absolute`);
  const target = clean(request.Target);
  if (target === "/") throw fail("invalid specification: destination can't be '/'");
  const common = { Destination: target, Mode: "", RW: !request.ReadOnly };
  switch (request.Type) {
    case "cluster":
      throw notImplemented("cluster volumes are those of a swarm, which is not supported", {
        code: "Engine.ClusterVolume",
      });
    case "bind":
      return { ...common, ...bindOf(request, fail) };
    case "volume":
      return { ...common, ...volumeOf(request, fail) };
    case "image":
      return { ...common, ...imageOf(request, fail) };
    case "tmpfs":
      if (request.Source) throw fail("field Source must not be specified");
      return { ...common, Type: "tmpfs", Source: "", Propagation: "", tmpfsOptions: tmpfsOptionsOf(request) };
    default:
      throw fail("mount type unknown");
  }
}

type Partial_ = Omit<WantedMount, "Destination" | "Mode" | "RW"> & { Mode?: string; RW?: boolean };

function bindOf(request: MountRequest, fail: (reason: string) => Error): Partial_ {
  if (!request.Source) throw fail("field Source must not be empty");
  if (!request.Source.startsWith("/")) {
    throw fail(`invalid mount path: '${request.Source}' mount path must be absolute`);
  }
  const propagation = request.BindOptions?.Propagation;
  if (propagation && !PROPAGATIONS.has(propagation)) throw fail(`invalid propagation mode: ${propagation}`);
  const { ReadOnlyNonRecursive: readOnlyNonRecursive, ReadOnlyForceRecursive: readOnlyForceRecursive } =
    request.BindOptions ?? {};
  if (readOnlyNonRecursive && readOnlyForceRecursive)
    throw fail("mount options conflict: ReadOnlyNonRecursive && ReadOnlyForceRecursive parameters conflict");
  return {
    Type: "bind",
    Source: clean(request.Source),
    Propagation: request.BindOptions?.Propagation || "rprivate",
    createSource: request.BindOptions?.CreateMountpoint ?? false,
    nonRecursive: request.BindOptions?.NonRecursive,
    readOnlyNonRecursive,
    readOnlyForceRecursive,
  };
}

function volumeOf(request: MountRequest, fail: (reason: string) => Error): Partial_ {
  const options = request.VolumeOptions;
  if (request.BindOptions) throw fail("field BindOptions must not be specified");
  if (request.ImageOptions) throw fail("field ImageOptions must not be specified");
  if (options?.Subpath) {
    if (!request.Source) throw fail("must not set Subpath when using anonymous volumes");
    checkSubpath(options.Subpath, fail);
  }
  if (request.ReadOnly && !request.Source) {
    throw fail("must not set ReadOnly mode when using anonymous volumes");
  }
  return {
    Type: "volume",
    Name: request.Source || undefined,
    Driver: options?.DriverConfig?.Name || "local",
    Mode: "z",
    Propagation: "",
    copyUp: !options?.NoCopy,
    anonymous: !request.Source,
    volumeLabels: options?.Labels,
    volumeDriver: options?.DriverConfig?.Name,
    volumeOptions: options?.DriverConfig?.Options,
    ...(options?.Subpath ? { subpath: options.Subpath } : {}),
  };
}

/** The image is looked for when all mounts are known; always read-only. */
function imageOf(request: MountRequest, fail: (reason: string) => Error): Partial_ {
  if (request.BindOptions) throw fail("field BindOptions must not be specified");
  if (request.VolumeOptions) throw fail("field VolumeOptions must not be specified");
  if (!request.Source) throw fail("field Source must not be empty");
  const subpath = request.ImageOptions?.Subpath;
  if (subpath) checkSubpath(subpath, fail);
  return {
    Type: "image",
    Name: request.Source,
    RW: false,
    Propagation: "rprivate",
    ...(subpath ? { subpath } : {}),
  };
}

function tmpfsOptionsOf(request: MountRequest): string[] {
  const options: string[] = [];
  if (request.TmpfsOptions?.SizeBytes) options.push(`size=${request.TmpfsOptions.SizeBytes}`);
  if (request.TmpfsOptions?.Mode) options.push(`mode=${request.TmpfsOptions.Mode.toString(8)}`);
  return options;
}

export function wantedOfTmpfs(tmpfs: NonNullable<HostConfig["Tmpfs"]>): WantedMount[] {
  return Object.entries(tmpfs).map(([target, options]) => {
    if (clean(target) === "/") throw invalidMount("invalid specification: destination can't be '/'");
    if (!target.startsWith("/"))
      throw invalidMount(`invalid mount path: '${target}' mount path must be absolute`);
    return {
      Type: "tmpfs",
      Source: "",
      Destination: clean(target),
      Mode: options,
      RW: !options.split(",").includes("ro"),
      Propagation: "",
      tmpfsOptions: options.split(",").filter(Boolean),
    };
  });
}

export function wantedOfImageVolume(target: string): WantedMount {
  const destination = clean(posix.join("/", target));
  if (destination === "/") throw invalidMount("invalid specification: destination can't be '/'");
  return {
    Type: "volume",
    Driver: "local",
    Destination: destination,
    Mode: "",
    RW: true,
    Propagation: "",
    copyUp: true,
    anonymous: true,
  };
}
