import { errnoCode } from "../../base/index.ts";
import { type BlockIoSupport, blockIoSupport, deviceNumbersOf } from "../../kernel/index.ts";
import type { OciResources } from "../../runtime/index.ts";
import { invalidRequest } from "../errors.ts";
import type { HostConfig, ThrottleDevice } from "../types.ts";

type Limit = keyof BlockIoSupport;

/** Each limit's field, and what is said where the kernel lacks it (moby's verifyPlatformContainerResources). */
const LIMITS: readonly (readonly [Limit, keyof HostConfig & string, string])[] = [
  ["weight", "BlkioWeight", "Block I/O weight or the cgroup is not mounted. Weight discarded."],
  [
    "weightDevice",
    "BlkioWeightDevice",
    "Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.",
  ],
  [
    "readBps",
    "BlkioDeviceReadBps",
    "BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit discarded.",
  ],
  [
    "writeBps",
    "BlkioDeviceWriteBps",
    "BPS Block I/O write limit or the cgroup is not mounted. Block I/O BPS write limit discarded.",
  ],
  [
    "readIops",
    "BlkioDeviceReadIOps",
    "IOPS Block read limit or the cgroup is not mounted. Block I/O IOPS read limit discarded.",
  ],
  [
    "writeIops",
    "BlkioDeviceWriteIOps",
    "IOPS Block write limit or the cgroup is not mounted. Block I/O IOPS write limit discarded.",
  ],
];

/** Takes out what this kernel cannot do; answers the warnings. */
export function discardBlockIo(hostConfig: Partial<HostConfig>, support = blockIoSupport()): string[] {
  return LIMITS.flatMap(([limit, field, words]) => {
    const value = hostConfig[field];
    const isAsked = Array.isArray(value) ? value.length > 0 : Boolean(value);
    if (!isAsked || support[limit]) return [];
    hostConfig[field] = field === "BlkioWeight" ? 0 : [];
    return [`Your kernel does not support ${words}`];
  });
}

export function checkBlockIo(hostConfig: Partial<HostConfig>, support = blockIoSupport()): void {
  const { BlkioWeight: weight = 0 } = hostConfig;
  if (support.weight && weight > 0 && (weight < 10 || weight > 1000)) {
    throw invalidRequest("Range of blkio weight is from 10 to 1000");
  }
}

/** Devices are looked up at each start. */
export function blockIoOf(hostConfig: HostConfig): NonNullable<OciResources["blockIO"]> {
  const throttles = (devices: ThrottleDevice[] | null | undefined) =>
    devices?.map(({ Path, Rate }) => ({ ...numbersOf(Path), rate: Rate }));
  const weights = hostConfig.BlkioWeightDevice?.map(({ Path, Weight }) => ({
    ...numbersOf(Path),
    weight: Weight,
  }));
  const all = {
    weight: hostConfig.BlkioWeight || undefined,
    weightDevice: weights,
    throttleReadBpsDevice: throttles(hostConfig.BlkioDeviceReadBps),
    throttleWriteBpsDevice: throttles(hostConfig.BlkioDeviceWriteBps),
    throttleReadIOPSDevice: throttles(hostConfig.BlkioDeviceReadIOps),
    throttleWriteIOPSDevice: throttles(hostConfig.BlkioDeviceWriteIOps),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value !== undefined,
    ),
  );
}

function numbersOf(path: string): { major: number; minor: number } {
  try {
    return deviceNumbersOf(path);
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
    throw invalidRequest(`stat ${path}: no such file or directory`);
  }
}
