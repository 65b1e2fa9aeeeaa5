import { expect, it } from "vitest";
import type { HostConfig } from "../types.ts";
import { blockIoOf, checkBlockIo, discardBlockIo } from "./block-io-limits.ts";

const all = {
  weight: true,
  weightDevice: true,
  readBps: true,
  writeBps: true,
  readIops: true,
  writeIops: true,
};
const asked = (): HostConfig => ({
  BlkioWeight: 300,
  BlkioWeightDevice: [{ Path: "/dev/null", Weight: 200 }],
  BlkioDeviceReadBps: [{ Path: "/dev/null", Rate: 1024 }],
  BlkioDeviceWriteIOps: [{ Path: "/dev/zero", Rate: 5 }],
});

it("is what the runtime is told, by the devices' numbers", () => {
  const hostConfig = asked();
  expect(discardBlockIo(hostConfig, all)).toEqual([]);
  expect(blockIoOf(hostConfig)).toEqual({
    weight: 300,
    weightDevice: [{ major: 1, minor: 3, weight: 200 }],
    throttleReadBpsDevice: [{ major: 1, minor: 3, rate: 1024 }],
    throttleWriteIOPSDevice: [{ major: 1, minor: 5, rate: 5 }],
  });
  expect(blockIoOf({ BlkioDeviceReadBps: [] })).toEqual({});
  expect(() => blockIoOf({ BlkioDeviceReadBps: [{ Path: "/dev/nosuch", Rate: 1 }] })).toThrow(
    "stat /dev/nosuch: no such file or directory",
  );
});

it("is discarded, and told of, where the kernel cannot do it", () => {
  const hostConfig = asked();
  expect(discardBlockIo(hostConfig, { ...all, weight: false, weightDevice: false, readBps: false })).toEqual([
    "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
    "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.",
    "Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit discarded.",
  ]);
  expect(Object.keys(blockIoOf(hostConfig))).toEqual(["throttleWriteIOPSDevice"]);
});

it("has a range of weights", () => {
  expect(() => checkBlockIo({ BlkioWeight: 5 }, all)).toThrow("Range of blkio weight is from 10 to 1000");
  checkBlockIo({ BlkioWeight: 10 }, all);
  checkBlockIo({ BlkioWeight: 5 }, { ...all, weight: false });
});
