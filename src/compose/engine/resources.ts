import type { DeviceRequest, ServiceFields, Ulimit } from "../model/index.ts";

/** `on-failure:3`, or what `deploy.restart_policy` says. */
export function restartPolicy({
  restart,
  deploy,
}: ServiceFields): { Name: string; MaximumRetryCount: number } | undefined {
  const policy = deploy?.restart_policy;
  if (policy) {
    return { Name: policyName(policy.condition ?? ""), MaximumRetryCount: policy.max_attempts ?? 0 };
  }
  if (!restart) return undefined;
  const [name = "", attempts] = restart.split(":");
  return { Name: policyName(name), MaximumRetryCount: Number.parseInt(attempts ?? "", 10) || 0 };
}

function policyName(condition: string): string {
  if (condition === "none") return "no";
  return condition === "any" ? "always" : condition;
}

/** What of the machine a container may have. `deploy.resources` says the last word. */
export function containerResources(service: ServiceFields): Record<string, unknown> {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const blkio = service.blkio_config;
  const throttle = (devices: { path?: string; rate?: number }[] | undefined) =>
    devices?.map(({ path, rate }) => ({ Path: path, Rate: rate ?? 0 }));
  const { devices, requests } = devicesOf(service);
  return {
    CgroupParent: service.cgroup_parent,
    Memory: limits?.memory || service.mem_limit,
    MemorySwap: service.memswap_limit,
    MemorySwappiness: service.mem_swappiness || undefined,
    MemoryReservation: reservations?.memory || service.mem_reservation,
    OomKillDisable: service.oom_kill_disable ?? false,
    CpuCount: service.cpu_count,
    CpuPeriod: service.cpu_period,
    CpuQuota: service.cpu_quota,
    CpuRealtimePeriod: service.cpu_rt_period,
    CpuRealtimeRuntime: service.cpu_rt_runtime,
    CpuShares: service.cpu_shares,
    NanoCpus: nanoCpus(limits?.cpus || service.cpus),
    CpuPercent: service.cpu_percent ? Math.trunc(service.cpu_percent * 100) : undefined,
    CpusetCpus: service.cpuset,
    DeviceCgroupRules: service.device_cgroup_rules,
    PidsLimit: limits?.pids || service.pids_limit,
    BlkioWeight: blkio?.weight,
    BlkioWeightDevice: blkio?.weight_device?.map(({ path, weight }) => ({ Path: path, Weight: weight ?? 0 })),
    BlkioDeviceReadBps: throttle(blkio?.device_read_bps),
    BlkioDeviceReadIOps: throttle(blkio?.device_read_iops),
    BlkioDeviceWriteBps: throttle(blkio?.device_write_bps),
    BlkioDeviceWriteIOps: throttle(blkio?.device_write_iops),
    Devices: devices.length > 0 ? devices : undefined,
    DeviceRequests: requests.length > 0 ? requests : undefined,
    Ulimits: ulimitsOf(service.ulimits),
  };
}

/** A 32-bit float times a billion, as Go multiplies it. */
const nanoCpus = (cpus: number | undefined) => (cpus ? Math.trunc(Math.fround(cpus * 1e9)) : undefined);

/** `vendor.com/class=name` (CDI, qualified names). */
const CDI_NAME = /^[A-Za-z](?:[\w.-]*[A-Za-z0-9])?\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?=[\w.:-]+$/;

function devicesOf(service: ServiceFields): { devices: object[]; requests: object[] } {
  const devices: object[] = [];
  const byName: string[] = [];
  for (const { source = "", target = "", permissions } of service.devices ?? []) {
    if (source === target && CDI_NAME.test(source)) byName.push(source);
    else devices.push({ PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions });
  }
  const requests: object[] = [];
  if (byName.length > 0) requests.push({ Driver: "cdi", DeviceIDs: byName });
  for (const gpu of service.gpus ?? []) requests.push(request(gpu, [...(gpu.capabilities ?? []), "gpu"]));
  for (const device of service.deploy?.resources?.reservations?.devices ?? []) {
    requests.push(request(device, device.capabilities ?? []));
  }
  return { devices, requests };
}

const request = (wanted: DeviceRequest, capabilities: string[]) => ({
  Driver: wanted.driver ?? "",
  Count: wanted.count ?? 0,
  DeviceIDs: wanted.device_ids,
  Capabilities: [capabilities],
  Options: wanted.options,
});

function ulimitsOf(ulimits: Record<string, Ulimit | undefined> | undefined): object[] | undefined {
  if (!ulimits) return undefined;
  return Object.entries(ulimits).map(([name, limit = {}]) => ({
    Name: name,
    Soft: limit.soft || limit.single || 0,
    Hard: limit.hard || limit.single || 0,
  }));
}
