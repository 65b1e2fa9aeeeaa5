import { VERSION } from "../cli/index.ts";
import type { ServerInfo } from "../docker-api/index.ts";
import { cgroupMode, hostInfo } from "../kernel/index.ts";
import type { RuntimeInfo } from "../runtime/index.ts";
import type { PlatformConfig } from "./config.ts";
import type { HomeLayout } from "./home.ts";

/** What `docker info` and `docker version` tell of this instance and its machine. */
export function serverInfo(layout: HomeLayout, config: PlatformConfig, runtime: RuntimeInfo): ServerInfo {
  const { hostname, kernelVersion, osPretty, osVersion, architecture, machine, cpus, memoryBytes } =
    hostInfo();
  return {
    version: VERSION,
    gitCommit: "",
    buildTime: "",
    id: config.instanceId,
    homeDir: layout.home,
    hostname,
    kernelVersion,
    osPretty,
    osVersion,
    architecture,
    machine,
    cpus,
    memoryBytes,
    cgroupVersion: cgroupMode() === "v2" ? "2" : "1",
    runtime: { name: runtime.name, path: runtime.path, version: runtime.version },
    insecureRegistries: ["127.0.0.0/8"],
  };
}
