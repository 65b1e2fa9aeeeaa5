import { type Clock, rfc3339Nanos } from "../../base/index.ts";
import { API_VERSION, MIN_API_VERSION } from "../wire/api-version.ts";
import type { ServerInfo, SystemBackend } from "./backend.ts";

/** `GET /version`. */
export function versionJson(info: ServerInfo): Record<string, unknown> {
  const engine = {
    Version: info.version,
    ApiVersion: API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    GitCommit: info.gitCommit,
    // Clients show it; there is no Go here, so it tells what runs instead.
    GoVersion: `node ${process.version}`,
    Os: "linux",
    Arch: info.architecture,
    KernelVersion: info.kernelVersion,
    BuildTime: info.buildTime,
  };
  const { Version, ...details } = engine;
  return {
    Platform: { Name: "Gantry" },
    Components: [
      { Name: "Engine", Version, Details: { ...details, Experimental: "false" } },
      { Name: info.runtime.name, Version: info.runtime.version, Details: {} },
    ],
    ...engine,
  };
}

/** `GET /info`. */
export async function infoJson(
  { engine, images }: SystemBackend,
  info: ServerInfo,
  clock: Clock,
): Promise<Record<string, unknown>> {
  const [containers, allImages] = await Promise.all([engine.listContainers({ all: true }), images.list()]);
  const count = (...states: string[]) =>
    containers.filter((container) => states.includes(container.State)).length;
  const running = count("running", "restarting");
  const paused = count("paused");
  return {
    ID: info.id,
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: containers.length - running - paused,
    Images: allImages.length,
    Driver: "overlay2",
    DriverStatus: [
      ["Supports d_type", "true"],
      ["Native Overlay Diff", "true"],
    ],
    Plugins: {
      Volume: ["local"],
      Network: ["bridge", "host", "null"],
      Authorization: null,
      Log: ["fluentd", "gelf", "journald", "json-file", "local", "syslog"],
    },
    ...capabilities(info),
    NFd: 0,
    NGoroutines: 0,
    SystemTime: rfc3339Nanos(clock.nowMs()),
    LoggingDriver: "json-file",
    NEventsListener: 0,
    OperatingSystem: info.osPretty,
    OSVersion: info.osVersion,
    OSType: "linux",
    KernelVersion: info.kernelVersion,
    Architecture: info.machine,
    NCPU: info.cpus,
    MemTotal: info.memoryBytes,
    Name: info.hostname,
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: registryConfig(info),
    GenericResources: null,
    DockerRootDir: info.homeDir,
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: info.version,
    Runtimes: { [info.runtime.name]: { path: info.runtime.path } },
    DefaultRuntime: info.runtime.name,
    Swarm: {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: "",
    InitBinary: "",
    ContainerdCommit: { ID: "" },
    RuncCommit: { ID: info.runtime.version },
    InitCommit: { ID: "" },
    SecurityOptions: ["name=seccomp,profile=builtin"],
    CDISpecDirs: [],
    Warnings: info.warnings && info.warnings.length > 0 ? info.warnings : null,
  };
}

/** What older versions showed besides, or in another form. */
export function infoInVersion(info: Record<string, unknown>, apiMinor: number): Record<string, unknown> {
  const result = { ...info };
  if (apiMinor < 25) result.SecurityOptions = ["seccomp"];
  if (apiMinor < 47) {
    result.RegistryConfig = {
      AllowNondistributableArtifactsCIDRs: null,
      AllowNondistributableArtifactsHostnames: null,
      ...(info.RegistryConfig as object),
    };
  }
  for (const name of ["ContainerdCommit", "RuncCommit", "InitCommit"]) {
    const { ID } = info[name] as { ID: string };
    result[name] = apiMinor < 49 ? { ID, Expected: ID } : { ID };
  }
  if (apiMinor < 50) Object.assign(result, { BridgeNfIptables: false, BridgeNfIp6tables: false });
  return result;
}

function capabilities(info: ServerInfo): Record<string, unknown> {
  return {
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    OomKillDisable: false,
    IPv4Forwarding: true,
    Debug: false,
    CgroupDriver: "cgroupfs",
    CgroupVersion: info.cgroupVersion,
  };
}

function registryConfig(info: ServerInfo): Record<string, unknown> {
  const hub = { Name: "docker.io", Mirrors: [], Secure: true, Official: true };
  const insecure = info.insecureRegistries.filter((registry) => !registry.includes("/"));
  return {
    InsecureRegistryCIDRs: info.insecureRegistries.filter((registry) => registry.includes("/")),
    IndexConfigs: {
      "docker.io": hub,
      ...Object.fromEntries(
        insecure.map((name) => [name, { Name: name, Mirrors: [], Secure: false, Official: false }]),
      ),
    },
    Mirrors: null,
  };
}
