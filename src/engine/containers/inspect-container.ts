import { posix } from "node:path";
import type { EngineContext } from "../context.ts";
import { NEVER } from "../logs/timestamps.ts";
import { shownLinks } from "../networks/links.ts";
import { isUserDefined } from "../networks/network-mode.ts";
import { networkSettings } from "../networks/network-settings.ts";
import { type EtcFile, etcFilePath } from "../spec/etc-files.ts";
import type { ContainerInspect, HostConfig, MountPoint } from "../types.ts";
import type { Container } from "./container.ts";

export async function inspectContainer(
  context: EngineContext,
  reference: string,
  options: { size?: boolean } = {},
): Promise<ContainerInspect> {
  const container = context.containers.get(reference);
  const { record } = container;
  const execIds = context.execs.pendingOf(container.id);
  return {
    Id: record.id,
    Created: record.created,
    Path: record.path,
    Args: record.args,
    State: { ...record.state },
    Image: record.imageId,
    ...filePaths(context, container),
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: appArmorProfile(record.hostConfig),
    ExecIDs: execIds.length > 0 ? execIds : null,
    HostConfig: { ...record.hostConfig, Links: linksShown(context, container) },
    GraphDriver: { Name: "overlay2", Data: graphData(container) },
    ...(options.size ? await sizesOf(context, container) : {}),
    Mounts: mountPoints(container),
    Config: record.config,
    NetworkSettings: networkSettings(context, container),
  };
}

/** Docker makes these files at the first start, and so tells of none before. */
function filePaths(context: EngineContext, container: Container): FilePaths {
  const { hostConfig, logPath, state } = container.record;
  const isThere = state.StartedAt !== NEVER;
  const pathOf = (name: EtcFile) => (isThere ? etcFilePath(context, container, name) : "");
  return {
    ResolvConfPath: pathOf("resolv.conf"),
    HostnamePath: pathOf("hostname"),
    HostsPath: pathOf("hosts"),
    LogPath: isThere && (hostConfig.LogConfig?.Type ?? "json-file") === "json-file" ? logPath : "",
  };
}

function linksShown(context: EngineContext, container: Container): HostConfig["Links"] {
  const { hostConfig } = container.record;
  return isUserDefined(hostConfig.NetworkMode) ? hostConfig.Links : shownLinks(context, container);
}

function appArmorProfile({ SecurityOpt }: HostConfig): string {
  const option = SecurityOpt?.findLast((text) => /^apparmor[=:]/.test(text));
  return option?.slice("apparmor=".length) ?? "";
}

type FilePaths = Pick<ContainerInspect, "ResolvConfPath" | "HostnamePath" | "HostsPath" | "LogPath">;

function graphData({ rootfs }: Container): Record<string, string> | null {
  if (!rootfs?.upperDir) return null;
  return { LowerDir: rootfs.lowerDirs.join(":"), UpperDir: rootfs.upperDir, WorkDir: rootfs.workDir ?? "" };
}

/** What `--tmpfs` asked for stands in the host configuration only. */
export function mountPoints({ record }: Container): MountPoint[] {
  const tmpfs = new Set(Object.keys(record.hostConfig.Tmpfs ?? {}).map((path) => posix.resolve(path)));
  const shown = record.mounts.filter(({ Type, Destination }) => Type !== "tmpfs" || !tmpfs.has(Destination));
  return shown.map(({ Type, Name, Source, Destination, Driver, Mode, RW, Propagation }) => ({
    Type,
    ...(Name === undefined ? {} : { Name }),
    Source,
    Destination,
    ...(Driver === undefined ? {} : { Driver }),
    Mode,
    RW,
    Propagation,
  }));
}

/** What the container wrote, and that together with its image. It must be there when this is called. */
export async function sizesOf(
  context: EngineContext,
  container: Container,
): Promise<{ SizeRw: number; SizeRootFs: number }> {
  const release = container.holdFiles();
  const [usage, image] = await Promise.all([
    context.images.snapshotUsage(container.id).finally(release),
    context.images.find(container.record.imageId),
  ]);
  return { SizeRw: usage.sizeBytes, SizeRootFs: usage.sizeBytes + (image?.sizeBytes ?? 0) };
}
