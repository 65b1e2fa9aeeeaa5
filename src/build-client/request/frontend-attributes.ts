import { invalidArgument } from "../../base/index.ts";

/** What is asked of a build beside its files and outputs, in the words of `docker build`. */
export interface FrontendRequest {
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  target: string;
  platforms: readonly string[];
  noCache: boolean;
  noCacheFilter: readonly string[];
  pull: boolean;
  /** `default`, `host`, `none`. */
  network: string;
  /** `HOST=IP`. */
  extraHosts: readonly string[];
  shmSizeBytes: number;
  /** `NAME=SOFT:HARD`. */
  ulimits: readonly string[];
  cgroupParent: string;
  /** `memory`, `cpuquota` and so on. */
  limits: Readonly<Record<string, string>>;
}

/** As attributes of the Dockerfile's frontend (buildx, toSolveOpt). */
export function frontendAttributes(request: FrontendRequest): Record<string, string> {
  const { buildArgs, labels, platforms, noCacheFilter, network, shmSizeBytes } = request;
  const syntax = buildArgs.BUILDKIT_SYNTAX?.trim();
  if (syntax === "")
    throw invalidArgument(
      "empty BUILDKIT_SYNTAX build-arg is invalid, use --build-arg BUILDKIT_SYNTAX without '=' for optional behavior",
    );
  if (!["", "default", "host", "none"].includes(network))
    throw invalidArgument(`network mode ${JSON.stringify(network)} not supported by buildkit`);
  return {
    ...(syntax === undefined ? {} : { source: syntax.split(" ", 1)[0]!, cmdline: syntax }),
    ...prefixed("build-arg:", buildArgs),
    ...prefixed("label:", labels),
    ...(request.target === "" ? {} : { target: request.target }),
    ...(platforms.length === 0 ? {} : { platform: platforms.join(",") }),
    ...(noCacheFilter.length === 0 ? {} : { "no-cache": noCacheFilter.join(",") }),
    ...(request.noCache ? { "no-cache": "" } : {}),
    "image-resolve-mode": request.pull ? "pull" : "local",
    ...(network === "host" || network === "none" ? { "force-network-mode": network } : {}),
    ...(request.extraHosts.length === 0 ? {} : { "add-hosts": request.extraHosts.join(",") }),
    ...(shmSizeBytes > 0 ? { "shm-size": String(shmSizeBytes) } : {}),
    ...(request.ulimits.length === 0 ? {} : { ulimit: request.ulimits.join(",") }),
    ...(request.cgroupParent === "" ? {} : { "cgroup-parent": request.cgroupParent }),
    ...request.limits,
  };
}

/** What a build is allowed beside what the caller says: the host's network where he asks for it. */
export function entitlementsOf(allow: readonly string[], network: string): string[] {
  return network === "host" ? [...allow, "network.host"] : [...allow];
}

function prefixed(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]));
}
