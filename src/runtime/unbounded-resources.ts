import type { CgroupLimits } from "../kernel/index.ts";
import type { OciResources } from "./oci-spec.ts";

/** -1 lifts a limit (OCI runtime specification, config-linux.md): crun hands it on as a number, which the kernel refuses. */
export function withoutUnbounded(resources: OciResources): OciResources {
  const { pids, cpu, ...rest } = resources;
  const bounded: OciResources = { ...rest };
  if (pids && pids.limit >= 0) bounded.pids = pids;
  if (cpu) {
    const { quota, ...others } = cpu;
    const kept = quota === undefined || quota < 0 ? others : cpu;
    if (Object.keys(kept).length > 0) bounded.cpu = kept;
  }
  return bounded;
}

/** The limits among them that are lifted. */
export function unboundedLimits({ pids, cpu }: OciResources): CgroupLimits {
  return {
    ...(pids && pids.limit < 0 ? { pids: Number.POSITIVE_INFINITY } : {}),
    ...(cpu?.quota !== undefined && cpu.quota < 0
      ? { cpuQuotaUs: Number.POSITIVE_INFINITY, cpuPeriodUs: cpu.period }
      : {}),
  };
}
