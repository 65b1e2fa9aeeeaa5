import { arch, platform, versions } from "node:process";

/** The API version that is served. */
export const KUBERNETES_VERSION = "v1.33.0";

/** `/version` */
export function versionInfo() {
  const [major, minor] = KUBERNETES_VERSION.slice(1).split(".");
  return {
    major,
    minor,
    gitVersion: `${KUBERNETES_VERSION}+gantry`,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: `node${versions.node}`,
    compiler: "node",
    platform: `${platform}/${arch === "x64" ? "amd64" : arch}`,
  };
}
