import { invalidArgument } from "../../base/index.ts";
import type { CreateContainerRequest, EndpointSettings, MountRequest } from "../../engine/types.ts";

export type CreateParts = Required<
  Pick<CreateContainerRequest, "config" | "hostConfig" | "networkingConfig">
>;

const refused = (message: string) => invalidArgument(message, { code: "DockerApi.Version" });

/**
 * What a request means in the version of the API that it was made in, as dockerd's postContainersCreate has it: options that
 * came later are taken out or refused, and defaults are those of the time. Returns warnings for the client.
 */
export function adaptToVersion(request: CreateParts, apiMinor: number, isCgroup2: boolean): string[] {
  const { hostConfig } = request;
  const mounts = hostConfig.Mounts ?? [];
  // Older clients remove the container themselves.
  if (apiMinor < 25) hostConfig.AutoRemove = false;
  if (apiMinor < 40) {
    hostConfig.KernelMemoryTCP = 0;
    hostConfig.IpcMode ||= "shareable";
    for (const { BindOptions } of mounts) if (BindOptions) BindOptions.NonRecursive = false;
  }
  if (apiMinor < 41 && !isCgroup2) hostConfig.CgroupnsMode ||= "host";
  if (apiMinor < 42) forgetOptionsOf142(request, mounts);
  else requireOptionsOf142(request, mounts);
  if (apiMinor < 43) delete hostConfig.Annotations;
  if (apiMinor < 44) refuseOptionsOf144(request, mounts);
  for (const { Type, VolumeOptions } of mounts) {
    if (apiMinor < 45 && VolumeOptions?.Subpath)
      throw refused("VolumeOptions.Subpath needs API v1.45 or newer");
    if (apiMinor < 48 && String(Type) === "image") {
      throw refused('Mount type "Image" needs API v1.48 or newer');
    }
  }
  if (apiMinor >= 48) refuseInterfaceSysctls(request);
  if ((hostConfig.PidsLimit ?? 0) <= 0) hostConfig.PidsLimit = null;
  return [...volumeDriverWarnings(request, apiMinor), ...moveMacAddress(request, apiMinor)];
}

/** Which mount each of these belongs to was not looked at. */
function forgetOptionsOf142({ hostConfig }: CreateParts, mounts: readonly MountRequest[]): void {
  hostConfig.ConsoleSize = [0, 0];
  for (const mount of mounts) {
    if (mount.BindOptions) mount.BindOptions.CreateMountpoint = false;
    if (mount.Type !== "volume") delete mount.VolumeOptions;
    if (mount.Type !== "tmpfs") delete mount.TmpfsOptions;
  }
}

function requireOptionsOf142({ hostConfig }: CreateParts, mounts: readonly MountRequest[]): void {
  hostConfig.KernelMemory = 0;
  for (const mount of mounts) {
    for (const [field, type] of [
      ["VolumeOptions", "volume"],
      ["BindOptions", "bind"],
      ["TmpfsOptions", "tmpfs"],
    ] as const) {
      if (!mount[field] || mount.Type === type) continue;
      throw refused(`${field} must not be specified on mount type ${JSON.stringify(mount.Type ?? "")}`);
    }
  }
}

function refuseOptionsOf144(
  { config, networkingConfig }: CreateParts,
  mounts: readonly MountRequest[],
): void {
  if (config.Healthcheck) config.Healthcheck.StartInterval = 0;
  if (mounts.some((mount) => mount.Type === "bind" && mount.BindOptions?.ReadOnlyForceRecursive)) {
    throw refused("BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer");
  }
  const names = Object.keys(networkingConfig.EndpointsConfig ?? {});
  if (names.length > 1) {
    throw refused(`Container cannot be created with multiple network endpoints: ${names.join(", ")}`);
  }
}

/** Which interface `eth0` will be is not known before the start. */
function refuseInterfaceSysctls({ hostConfig }: CreateParts): void {
  for (const name of Object.keys(hostConfig.Sysctls ?? {})) {
    if (!/^net\.[^.]+\.[^.]+\.eth[^.]*\./.test(name)) continue;
    throw refused(
      `interface specific sysctl setting ${JSON.stringify(name)} must be supplied using driver option 'com.docker.network.endpoint.sysctls'`,
    );
  }
}

function volumeDriverWarnings({ hostConfig }: CreateParts, apiMinor: number): string[] {
  if (!hostConfig.VolumeDriver || apiMinor < 48) return [];
  const isIgnored = (hostConfig.Mounts ?? []).some(
    ({ Type, VolumeOptions }) => Type === "volume" && !VolumeOptions?.DriverConfig?.Name,
  );
  if (!isIgnored) return [];
  return [
    "WARNING: the container-wide volume-driver configuration is ignored for volumes specified via 'mount'. Use '--mount type=volume,volume-driver=...' instead",
  ];
}

/** Since API 1.44 the address is an endpoint's; before, the container had one. */
function moveMacAddress(request: CreateParts, apiMinor: number): string[] {
  const { config, hostConfig, networkingConfig } = request;
  const address = config.MacAddress ?? "";
  networkingConfig.EndpointsConfig ??= {};
  const endpoints = networkingConfig.EndpointsConfig;
  const mode = hostConfig.NetworkMode || "default";
  const hasEndpoints = !["host", "none"].includes(mode) && !mode.startsWith("container");
  if (apiMinor < 44) {
    if (address === "") {
      for (const settings of Object.values(endpoints)) if (settings) settings.MacAddress = "";
      return [];
    }
    if (!hasEndpoints) throw refused("conflicting options: mac-address and the network mode");
    const [only] = Object.keys(endpoints);
    endpointOf(endpoints, only ?? mode).MacAddress = address;
    return [];
  }
  if (address === "") return [];
  if (hasEndpoints) {
    const name = mode === "default" && endpoints.bridge ? "bridge" : mode;
    if (Object.keys(endpoints).length > 0 && !Object.hasOwn(endpoints, name)) {
      throw refused(
        "unable to migrate container-wide MAC address to a specific network: HostConfig.NetworkMode must match the identity of a network in NetworkSettings.Networks",
      );
    }
    const settings = endpointOf(endpoints, name);
    settings.MacAddress ||= address;
    if (settings.MacAddress !== address) {
      throw refused(
        "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
      );
    }
  }
  config.MacAddress = "";
  return [
    "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.",
  ];
}

function endpointOf(endpoints: Record<string, EndpointSettings>, name: string): EndpointSettings {
  endpoints[name] ??= {};
  return endpoints[name];
}
