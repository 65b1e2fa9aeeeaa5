import type { EngineContext } from "../context.ts";
import { networkSettings } from "../networks/network-settings.ts";
import { etcFilePath } from "../spec/etc-files.ts";
import type { ContainerInspect, MountPoint } from "../types.ts";
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
    ResolvConfPath: etcFilePath(context, container, "resolv.conf"),
    HostnamePath: etcFilePath(context, container, "hostname"),
    HostsPath: etcFilePath(context, container, "hosts"),
    LogPath: record.hostConfig.LogConfig?.Type === "none" ? "" : record.logPath,
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: execIds.length > 0 ? execIds : null,
    HostConfig: record.hostConfig,
    GraphDriver: { Name: "overlay2", Data: graphData(container) },
    ...(options.size ? await sizesOf(context, container) : {}),
    Mounts: mountPoints(container),
    Config: record.config,
    NetworkSettings: networkSettings(context, container),
  };
}

function graphData({ rootfs }: Container): Record<string, string> | null {
  if (!rootfs?.upperDir) return null;
  return { LowerDir: rootfs.lowerDirs.join(":"), UpperDir: rootfs.upperDir, WorkDir: rootfs.workDir ?? "" };
}

export function mountPoints(container: Container): MountPoint[] {
  return container.record.mounts.map(
    ({ Type, Name, Source, Destination, Driver, Mode, RW, Propagation }) => ({
      Type,
      ...(Name === undefined ? {} : { Name }),
      Source,
      Destination,
      ...(Driver === undefined ? {} : { Driver }),
      Mode,
      RW,
      Propagation,
    }),
  );
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
