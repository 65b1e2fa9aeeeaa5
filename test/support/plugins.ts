import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where set-up unpacks Debian's plugins of the docker CLI: a `DOCKER_CONFIG` that knows `docker compose` and `docker buildx`. */
export const PLUGIN_CONFIG = fileURLToPath(new URL("../../node_modules/.gantry-plugins", import.meta.url));

export type Plugin = "docker-compose" | "docker-buildx";

/** The plugin's program, undefined where set-up could not fetch it. */
export function findPlugin(name: Plugin): string | undefined {
  const path = `${PLUGIN_CONFIG}/cli-plugins/${name}`;
  return existsSync(path) ? path : undefined;
}
