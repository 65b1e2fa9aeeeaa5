import { lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoCode, GantryError, invalidArgument } from "../../base/index.ts";
import { deviceMajor, deviceMinor } from "../../kernel/index.ts";
import type { OciDevice, OciDeviceRule } from "../oci-spec.ts";

/** Devices that every container may use; the runtime itself makes null, zero, full, random, urandom and tty. */
export const DEFAULT_DEVICE_RULES: readonly OciDeviceRule[] = [
  { allow: false, access: "rwm" },
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  { allow: true, type: "c", major: 1, minor: 3, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 5, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 7, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 8, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 9, access: "rwm" },
  { allow: true, type: "c", major: 5, minor: 0, access: "rwm" },
  { allow: true, type: "c", major: 5, minor: 2, access: "rwm" },
  { allow: true, type: "c", major: 136, access: "rwm" },
];

/** Everything, as `--privileged` asks. */
export const ALL_DEVICE_RULES: readonly OciDeviceRule[] = [{ allow: true, access: "rwm" }];

export interface DeviceRequest {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

/** A device of the host (or every device in a directory of it) as it shall stand in the container. */
export function hostDevices(request: DeviceRequest): { devices: OciDevice[]; rules: OciDeviceRule[] } {
  const access = request.CgroupPermissions || "rwm";
  if (!/^[rwm]{1,3}$/.test(access)) throw invalidArgument(`invalid device mode: ${access}`);
  let path: string;
  try {
    path = realpathSync(request.PathOnHost);
  } catch (error) {
    if (errnoCode(error) === "ENOENT")
      throw gathering(request.PathOnHost, "no such file or directory", error);
    throw gathering(request.PathOnHost, errnoCode(error) ?? "unknown error", error);
  }
  const stat = statSync(path);
  if (stat.isDirectory()) return directoryDevices(path, request.PathInContainer, access);
  const device = deviceAt(path, request.PathInContainer || request.PathOnHost);
  if (!device) throw gathering(request.PathOnHost, "not a device node");
  return { devices: [device], rules: [ruleFor(device, access)] };
}

function gathering(path: string, reason: string, cause?: unknown): GantryError {
  return new GantryError(
    "InvalidArgument",
    `error gathering device information while adding custom device ${JSON.stringify(path)}: ${reason}`,
    { code: "Runtime.Device", cause },
  );
}

function directoryDevices(directory: string, inContainer: string, access: string) {
  const devices: OciDevice[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts"].includes(entry.name)) continue;
      devices.push(...directoryDevices(path, join(inContainer, entry.name), access).devices);
      continue;
    }
    const device = deviceAt(path, join(inContainer, entry.name));
    if (device && entry.name !== "console") devices.push(device);
  }
  return { devices, rules: devices.map((device) => ruleFor(device, access)) };
}

function deviceAt(path: string, inContainer: string): OciDevice | undefined {
  const stat = lstatSync(path);
  const type = stat.isCharacterDevice() ? "c" : stat.isBlockDevice() ? "b" : undefined;
  if (!type) return undefined;
  return {
    path: inContainer,
    type,
    major: deviceMajor(stat.rdev),
    minor: deviceMinor(stat.rdev),
    fileMode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
  };
}

function ruleFor(device: OciDevice, access: string): OciDeviceRule {
  return { allow: true, type: device.type as "c" | "b", major: device.major, minor: device.minor, access };
}

/** `--device-cgroup-rule`: `c 1:3 rwm`, with `*` for any number. */
export function parseDeviceRule(text: string): OciDeviceRule {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match)
    throw invalidArgument(`invalid device cgroup rule format: '${text}'`, { code: "Runtime.DeviceRule" });
  const number = (part: string) => (part === "*" ? undefined : Number(part));
  return {
    allow: true,
    type: match[1] as "a" | "c" | "b",
    major: number(match[2]!),
    minor: number(match[3]!),
    access: match[4],
  };
}

/** All devices of the host's /dev, for a privileged container. */
export function allHostDevices(): OciDevice[] {
  const made = new Set([
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
  ]);
  return directoryDevices("/dev", "/dev", "rwm").devices.filter((device) => !made.has(device.path));
}
