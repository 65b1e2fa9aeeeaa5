import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cgroupLayout } from "./cgroup-layout.ts";
import { deviceMajor, deviceMinor } from "./device-numbers.ts";

/** Which limits of block devices this kernel has. */
export interface BlockIoSupport {
  weight: boolean;
  weightDevice: boolean;
  readBps: boolean;
  writeBps: boolean;
  readIops: boolean;
  writeIops: boolean;
}

let support: BlockIoSupport | undefined;

/** Looked up once, in the hierarchy that this program lives in. */
export function blockIoSupport(): BlockIoSupport {
  support ??= readSupport();
  return support;
}

function readSupport(): BlockIoSupport {
  const { mode, controllers, unified } = cgroupLayout();
  if (mode === "v2") {
    const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "";
    const has = (file: string) => existsSync(join(unified!, own, file));
    const weight = has("io.weight");
    const max = has("io.max");
    return {
      weight,
      weightDevice: weight,
      readBps: max,
      writeBps: max,
      readIops: max,
      writeIops: max,
    };
  }
  const dir = controllers.get("blkio");
  const has = (file: string) => dir !== undefined && existsSync(join(dir, file));
  return {
    weight: has("blkio.weight"),
    weightDevice: has("blkio.weight_device"),
    readBps: has("blkio.throttle.read_bps_device"),
    writeBps: has("blkio.throttle.write_bps_device"),
    readIops: has("blkio.throttle.read_iops_device"),
    writeIops: has("blkio.throttle.write_iops_device"),
  };
}

/** Of a device's file: its numbers. Throws what stat does. */
export function deviceNumbersOf(path: string): { major: number; minor: number } {
  const { rdev } = statSync(path);
  return { major: deviceMajor(rdev), minor: deviceMinor(rdev) };
}
