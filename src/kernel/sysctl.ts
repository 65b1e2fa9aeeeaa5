import { readFileSync, writeFileSync } from "node:fs";
import { errnoCode, errorMessage, GantryError, invalidArgument } from "../base/index.ts";

/** `net.ipv4.ip_forward`, or with slashes where a part holds a dot: `net/ipv4/conf/eth0.5/rp_filter`. */
function pathOf(name: string): string {
  const path = name.includes("/") ? name : name.replaceAll(".", "/");
  if (!/^[\w./-]+$/.test(path) || path.split("/").includes(".."))
    throw invalidArgument(`not a sysctl: ${name}`);
  return `/proc/sys/${path}`;
}

/** Sets a kernel parameter of the current (network, ipc, uts) namespace; nothing is written when it has that value. */
export function setSysctl(name: string, value: string | number): void {
  if (getSysctl(name) === String(value)) return;
  try {
    writeFileSync(pathOf(name), String(value));
  } catch (error) {
    throw new GantryError(
      errnoCode(error) === "ENOENT" ? "NotFound" : "PermissionDenied",
      `sysctl ${name}=${value}: ${errorMessage(error)}`,
      {
        code: "Kernel.SysctlFailed",
        details: { errno: errnoCode(error) },
        cause: error,
      },
    );
  }
}

/** The parameter's value, or undefined where the kernel does not have it. */
export function getSysctl(name: string): string | undefined {
  try {
    return readFileSync(pathOf(name), "utf8").trim();
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
