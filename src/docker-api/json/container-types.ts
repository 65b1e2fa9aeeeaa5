import {
  array,
  bool,
  embedded,
  int,
  int64,
  integer,
  map,
  named,
  omitEmpty,
  pointer,
  slice,
  string,
  struct,
  uint,
  uint16,
  uint64,
  unsigned,
  words,
} from "./go-types.ts";
import { networkingConfig } from "./network-types.ts";

/** The structs of the Engine API (moby's api/types/container and what it holds), field by field, as of API 1.50. */

const strings = slice(string);
export const labels = map(string);
const empty = struct("struct {}", {});
const duration = integer("time.Duration", 64);

const healthcheck = struct("v1.HealthcheckConfig", {
  Test: omitEmpty(strings),
  Interval: omitEmpty(duration),
  Timeout: omitEmpty(duration),
  StartPeriod: omitEmpty(duration),
  StartInterval: omitEmpty(duration),
  Retries: omitEmpty(int),
});

export const containerConfig = struct("container.Config", {
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: omitEmpty(map(empty, "nat.PortSet")),
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: strings,
  Cmd: words,
  Healthcheck: omitEmpty(pointer(healthcheck)),
  ArgsEscaped: omitEmpty(bool),
  Image: string,
  Volumes: map(empty),
  WorkingDir: string,
  Entrypoint: words,
  NetworkDisabled: omitEmpty(bool),
  MacAddress: omitEmpty(string),
  OnBuild: strings,
  Labels: labels,
  StopSignal: omitEmpty(string),
  StopTimeout: omitEmpty(pointer(int)),
  Shell: omitEmpty(words),
});

/** An image's (docker-image-spec): all of it may be left out. */
export const imageConfig = struct("v1.DockerOCIImageConfig", {
  User: omitEmpty(string),
  ExposedPorts: omitEmpty(map(empty)),
  Env: omitEmpty(strings),
  Entrypoint: omitEmpty(strings),
  Cmd: omitEmpty(strings),
  Volumes: omitEmpty(map(empty)),
  WorkingDir: omitEmpty(string),
  Labels: omitEmpty(labels),
  StopSignal: omitEmpty(string),
  ArgsEscaped: omitEmpty(bool),
  Healthcheck: omitEmpty(pointer(healthcheck)),
  OnBuild: omitEmpty(strings),
  Shell: omitEmpty(strings),
});

const throttleDevices = slice(
  pointer(struct("blkiodev.ThrottleDevice", { Path: string, Rate: uint64 })),
  "[]*blkiodev.ThrottleDevice",
);

const weightDevices = slice(
  pointer(struct("blkiodev.WeightDevice", { Path: string, Weight: uint16 })),
  "[]*blkiodev.WeightDevice",
);

const deviceMapping = struct("container.DeviceMapping", {
  PathOnHost: string,
  PathInContainer: string,
  CgroupPermissions: string,
});

const deviceRequest = struct("container.DeviceRequest", {
  Driver: string,
  Count: int,
  DeviceIDs: strings,
  Capabilities: slice(strings),
  Options: labels,
});

/** Of builds: an argument without a value is null. */
export const buildArgs = map(pointer(string), "map[string]*string");

const ulimit = struct("units.Ulimit", { Name: string, Hard: int64, Soft: int64 });

export const ulimits = slice(pointer(ulimit), "[]*units.Ulimit");

export const resources = struct("container.Resources", {
  CpuShares: int64,
  Memory: int64,
  NanoCpus: int64,
  CgroupParent: string,
  BlkioWeight: uint16,
  BlkioWeightDevice: weightDevices,
  BlkioDeviceReadBps: throttleDevices,
  BlkioDeviceWriteBps: throttleDevices,
  BlkioDeviceReadIOps: throttleDevices,
  BlkioDeviceWriteIOps: throttleDevices,
  CpuPeriod: int64,
  CpuQuota: int64,
  CpuRealtimePeriod: int64,
  CpuRealtimeRuntime: int64,
  CpusetCpus: string,
  CpusetMems: string,
  Devices: slice(deviceMapping),
  DeviceCgroupRules: strings,
  DeviceRequests: slice(deviceRequest),
  KernelMemory: omitEmpty(int64),
  KernelMemoryTCP: omitEmpty(int64),
  MemoryReservation: int64,
  MemorySwap: int64,
  MemorySwappiness: pointer(int64),
  OomKillDisable: pointer(bool),
  PidsLimit: pointer(int64),
  Ulimits: ulimits,
  CpuCount: int64,
  CpuPercent: int64,
  IOMaximumIOps: uint64,
  IOMaximumBandwidth: uint64,
});

const driver = struct("mount.Driver", { Name: omitEmpty(string), Options: omitEmpty(labels) });

const mount = struct("mount.Mount", {
  Type: omitEmpty(named("mount.Type")),
  Source: omitEmpty(string),
  Target: omitEmpty(string),
  ReadOnly: omitEmpty(bool),
  Consistency: omitEmpty(named("mount.Consistency")),
  BindOptions: omitEmpty(
    pointer(
      struct("mount.BindOptions", {
        Propagation: omitEmpty(named("mount.Propagation")),
        NonRecursive: omitEmpty(bool),
        CreateMountpoint: omitEmpty(bool),
        ReadOnlyNonRecursive: omitEmpty(bool),
        ReadOnlyForceRecursive: omitEmpty(bool),
      }),
    ),
  ),
  VolumeOptions: omitEmpty(
    pointer(
      struct("mount.VolumeOptions", {
        NoCopy: omitEmpty(bool),
        Labels: omitEmpty(labels),
        Subpath: omitEmpty(string),
        DriverConfig: omitEmpty(pointer(driver)),
      }),
    ),
  ),
  ImageOptions: omitEmpty(pointer(struct("mount.ImageOptions", { Subpath: omitEmpty(string) }))),
  TmpfsOptions: omitEmpty(
    pointer(
      struct("mount.TmpfsOptions", {
        SizeBytes: omitEmpty(int64),
        Mode: omitEmpty(unsigned("fs.FileMode", 32)),
        Options: omitEmpty(slice(strings)),
      }),
    ),
  ),
  ClusterOptions: omitEmpty(pointer(struct("mount.ClusterOptions", {}))),
});

const portBinding = struct("nat.PortBinding", { HostIp: string, HostPort: string });

export const portMap = map(slice(portBinding), "nat.PortMap");

const restartPolicy = struct("container.RestartPolicy", {
  Name: named("container.RestartPolicyMode"),
  MaximumRetryCount: int,
});

export const hostConfig = struct("container.HostConfig", {
  Binds: strings,
  ContainerIDFile: string,
  LogConfig: struct("container.LogConfig", { Type: string, Config: labels }),
  NetworkMode: named("container.NetworkMode"),
  PortBindings: portMap,
  RestartPolicy: restartPolicy,
  AutoRemove: bool,
  VolumeDriver: string,
  VolumesFrom: strings,
  ConsoleSize: array(uint, 2),
  Annotations: omitEmpty(labels),
  CapAdd: words,
  CapDrop: words,
  CgroupnsMode: named("container.CgroupnsMode"),
  Dns: strings,
  DnsOptions: strings,
  DnsSearch: strings,
  ExtraHosts: strings,
  GroupAdd: strings,
  IpcMode: named("container.IpcMode"),
  Cgroup: named("container.CgroupSpec"),
  Links: strings,
  OomScoreAdj: int,
  PidMode: named("container.PidMode"),
  Privileged: bool,
  PublishAllPorts: bool,
  ReadonlyRootfs: bool,
  SecurityOpt: strings,
  StorageOpt: omitEmpty(labels),
  Tmpfs: omitEmpty(labels),
  UTSMode: named("container.UTSMode"),
  UsernsMode: named("container.UsernsMode"),
  ShmSize: int64,
  Sysctls: omitEmpty(labels),
  Runtime: omitEmpty(string),
  Isolation: named("container.Isolation"),
  Resources: embedded(resources),
  Mounts: omitEmpty(slice(mount)),
  MaskedPaths: strings,
  ReadonlyPaths: strings,
  Init: omitEmpty(pointer(bool)),
});

/** `POST /containers/create` (and `/commit`, which takes the configuration's fields only). */
export const createRequest = struct("container.CreateRequest", {
  Config: embedded(containerConfig),
  HostConfig: omitEmpty(pointer(hostConfig)),
  NetworkingConfig: omitEmpty(pointer(networkingConfig)),
});

export const updateConfig = struct("container.UpdateConfig", {
  Resources: embedded(resources),
  RestartPolicy: restartPolicy,
});

export const execOptions = struct("container.ExecOptions", {
  User: string,
  Privileged: bool,
  Tty: bool,
  ConsoleSize: omitEmpty(pointer(array(uint, 2))),
  AttachStdin: bool,
  AttachStderr: bool,
  AttachStdout: bool,
  Detach: bool,
  DetachKeys: string,
  Env: strings,
  WorkingDir: string,
  Cmd: strings,
});

export const execStartOptions = struct("container.ExecStartOptions", {
  Detach: bool,
  Tty: bool,
  ConsoleSize: omitEmpty(pointer(array(uint, 2))),
});
