import { join } from "node:path";
import { invalidArgument, notImplemented } from "../../base/index.ts";
import type { DockerEndpoint } from "../../compose/index.ts";
import { homeDirectory } from "../home.ts";

/** The engine that is meant: of `--home`, of `$GANTRY_HOME`, of `$DOCKER_HOST`, or of the usual home. */
export function engineEndpoint(home: string): DockerEndpoint {
  const host = process.env.DOCKER_HOST;
  if (home === "" && !process.env.GANTRY_HOME && host) return endpointOf(host);
  return { socketPath: join(homeDirectory(home || undefined), "docker.sock") };
}

/**
 * Root may have the engine read what it may read itself. Anybody else's files are read by the one who asks, and sent: what
 * he may not read, his build does not see.
 */
export function mayReadInPlace(endpoint: DockerEndpoint): boolean {
  return "socketPath" in endpoint && process.getuid?.() === 0;
}

function endpointOf(host: string): DockerEndpoint {
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  const match = /^(?:tcp|http):\/\/([^/:]+|\[[^\]]+\]):(\d+)\/?$/.exec(host);
  if (!match) throw invalidArgument(`unable to parse docker host ${JSON.stringify(host)}`);
  if (process.env.DOCKER_TLS_VERIFY) {
    throw notImplemented(
      "gantry compose does not speak TLS to an engine; name its socket with --home or DOCKER_HOST=unix://…",
    );
  }
  return { host: match[1]!.replace(/^\[|\]$/g, ""), port: Number(match[2]) };
}
