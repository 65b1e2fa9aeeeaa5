import { join } from "node:path";
import type { ContainerConfig, CreateContainerRequest, HostConfig } from "../engine/types.ts";
import { type ContainerNote, NOTE_LABEL } from "./container-note.ts";
import type { SandboxRecord } from "./sandbox-store.ts";
import type { CriContainerConfig, CriMount, LinuxContainerResources, LinuxSecurityContext } from "./types.ts";

export interface RequestInput {
  sandbox: SandboxRecord;
  sandboxDir: string;
  config: CriContainerConfig;
  note: ContainerNote;
  /** Running container whose process namespace the pod shares, with `pid: POD`. */
  pidContainerId: string | undefined;
  cgroupParent: string;
}

/** What the engine is asked for, from what CRI was asked for. */
export function containerRequest(input: RequestInput): CreateContainerRequest {
  const { sandbox, config, note, pidContainerId } = input;
  const security = config.linux.securityContext;
  const { namespaces } = sandbox;
  const pid = pidContainerId === undefined ? {} : { pid: `container:${pidContainerId}` };
  return {
    name: containerName(sandbox, config),
    config: processConfig(config, note, sandbox.config.hostname),
    hostConfig: hostConfig(input),
    internal: {
      owner: "cri",
      namespacePaths: { ...namespaces, ...pid },
      ...(sandbox.shmDir === undefined ? {} : { shmDir: sandbox.shmDir }),
      logPath: note.logPath,
      mounts: [...sandboxMounts(input), ...config.mounts.map(bindOf)],
      etcFilesManaged: true,
      supplementalGids: security.supplementalGroups,
      noNewPrivileges: security.noNewPrivileges,
      annotations: config.annotations,
    },
  };
}

/** The name that dockershim gave: says which container of which pod it is, and differs in each attempt. */
function containerName(sandbox: SandboxRecord, config: CriContainerConfig): string {
  const pod = sandbox.config.metadata;
  const { name, attempt } = config.metadata;
  return `k8s_${name}_${pod.name}_${pod.namespace}_${pod.uid}_${sandbox.id.slice(0, 12)}_${attempt}`;
}

function processConfig(config: CriContainerConfig, note: ContainerNote, hostname: string): ContainerConfig {
  const user = userOf(config.linux.securityContext);
  return {
    Image: note.imageId,
    Hostname: hostname,
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    AttachStdin: config.stdin,
    AttachStdout: true,
    AttachStderr: true,
    Env: config.envs.map(({ key, value }) => `${key}=${value}`),
    Labels: { ...config.labels, [NOTE_LABEL]: JSON.stringify(note) },
    ...(config.command.length > 0 ? { Entrypoint: config.command } : {}),
    ...(config.args.length > 0 ? { Cmd: config.args } : {}),
    ...(config.workingDir === "" ? {} : { WorkingDir: config.workingDir }),
    ...(user === undefined ? {} : { User: user }),
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    // The kubelet probes; an image's own health check is Docker's business.
    Healthcheck: { Test: ["NONE"] },
  };
}

function userOf({ runAsUser, runAsGroup, runAsUsername }: LinuxSecurityContext): string | undefined {
  const user = runAsUser === undefined ? runAsUsername : String(runAsUser);
  if (user === undefined) return undefined;
  return runAsGroup === undefined ? user : `${user}:${runAsGroup}`;
}

function hostConfig({ sandbox, config, cgroupParent }: RequestInput): HostConfig {
  const security = config.linux.securityContext;
  const namespaces = security.namespaceOptions;
  return {
    NetworkMode: sandbox.namespaces.net === undefined ? "host" : "none",
    IpcMode: sandbox.namespaces.ipc === undefined ? "host" : "private",
    UTSMode: sandbox.namespaces.uts === undefined ? "host" : "",
    PidMode: namespaces.pid === "NODE" ? "host" : "",
    CgroupParent: cgroupParent,
    Privileged: security.privileged,
    ReadonlyRootfs: security.readonlyRootfs,
    CapAdd: security.addCapabilities,
    CapDrop: security.dropCapabilities,
    SecurityOpt: securityOptions(security),
    Sysctls: sandbox.config.linux.sysctls,
    Devices: config.devices.map((device) => ({
      PathOnHost: device.hostPath,
      PathInContainer: device.containerPath,
      CgroupPermissions: device.permissions,
    })),
    RestartPolicy: { Name: "no" },
    ...(security.maskedPaths ? { MaskedPaths: security.maskedPaths } : {}),
    ...(security.readonlyPaths ? { ReadonlyPaths: security.readonlyPaths } : {}),
    ...resourceLimits(config.linux.resources),
  };
}

function securityOptions(security: LinuxSecurityContext): string[] {
  const options: string[] = [];
  if (security.noNewPrivileges) options.push("no-new-privileges");
  if (security.seccompUnconfined) options.push("seccomp=unconfined");
  return options;
}

/** Docker's names for the limits. Memory and swap together are the limit: a pod's container never swaps. */
export function resourceLimits(resources: LinuxContainerResources): Partial<HostConfig> {
  const limits: Partial<HostConfig> = {};
  if (resources.cpuShares) limits.CpuShares = resources.cpuShares;
  if (resources.cpuQuotaUs && resources.cpuQuotaUs > 0) {
    limits.CpuQuota = resources.cpuQuotaUs;
    limits.CpuPeriod = resources.cpuPeriodUs ?? 100_000;
  }
  if (resources.memoryLimitBytes) {
    limits.Memory = resources.memoryLimitBytes;
    limits.MemorySwap = resources.memoryLimitBytes;
  }
  if (resources.oomScoreAdj !== undefined) limits.OomScoreAdj = resources.oomScoreAdj;
  if (resources.pidsLimit) limits.PidsLimit = resources.pidsLimit;
  return limits;
}

type Bind = NonNullable<NonNullable<CreateContainerRequest["internal"]>["mounts"]>[number];

/** Files that all containers of a pod share, unless the caller mounts its own over them. */
function sandboxMounts({ sandbox, sandboxDir, config }: RequestInput): Bind[] {
  const taken = new Set(config.mounts.map((mount) => mount.containerPath));
  const binds: Bind[] = [];
  const add = (source: string, target: string) => {
    if (!taken.has(target)) binds.push({ source, target, readOnly: false, propagation: "rprivate" });
  };
  add(join(sandboxDir, "hostname"), "/etc/hostname");
  if (sandbox.config.dnsConfig) add(join(sandboxDir, "resolv.conf"), "/etc/resolv.conf");
  return binds;
}

const PROPAGATION = { PRIVATE: "rprivate", HOST_TO_CONTAINER: "rslave", BIDIRECTIONAL: "rshared" } as const;

function bindOf(mount: CriMount): Bind {
  return {
    source: mount.hostPath,
    target: mount.containerPath,
    readOnly: mount.readOnly,
    propagation: PROPAGATION[mount.propagation],
    recursiveReadOnly: mount.recursiveReadOnly,
  };
}
