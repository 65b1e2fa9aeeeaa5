import { posix } from "node:path";
import type { HealthcheckConfig, ImageRuntimeConfig } from "../../formats/oci-types.ts";
import type { ContainerConfig } from "../types.ts";

/** The container's configuration with what it leaves open taken from its image (Docker's rules). */
export function mergeImageConfig(config: ContainerConfig, image: ImageRuntimeConfig): ContainerConfig {
  const hasEntrypoint = (config.Entrypoint?.length ?? 0) > 0;
  const entrypoint = config.Entrypoint ?? image.Entrypoint ?? null;
  // An entrypoint of its own also drops the image's command.
  const command = config.Cmd?.length || hasEntrypoint ? config.Cmd : image.Cmd;
  return {
    ...config,
    User: config.User || image.User || "",
    ExposedPorts: { ...image.ExposedPorts, ...config.ExposedPorts },
    Env: mergeEnv(config.Env ?? [], image.Env ?? []),
    // `--entrypoint ""` takes the image's away.
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === "" ? null : entrypoint,
    Cmd: command ?? null,
    WorkingDir: cleanPath(config.WorkingDir) || image.WorkingDir || "",
    Volumes: mergeVolumes(config.Volumes, image.Volumes),
    Labels: { ...image.Labels, ...config.Labels },
    StopSignal: config.StopSignal || image.StopSignal,
    StopTimeout: config.StopTimeout ?? image.StopTimeout,
    Shell: config.Shell?.length ? config.Shell : image.Shell,
    Healthcheck: mergeHealthcheck(config.Healthcheck, image.Healthcheck),
    OnBuild: config.OnBuild ?? null,
  };
}

const cleanPath = (path: string | undefined) => path && posix.normalize(path).replace(/(.)\/$/, "$1");

/** The image's variables follow those of the container that it does not set itself. */
function mergeEnv(own: readonly string[], image: readonly string[]): string[] {
  const keyOf = (entry: string) => entry.split("=", 1)[0]!;
  const taken = new Set(own.map(keyOf));
  return [...own, ...image.filter((entry) => !taken.has(keyOf(entry)))];
}

function mergeVolumes(
  own: ContainerConfig["Volumes"],
  image: ImageRuntimeConfig["Volumes"],
): ContainerConfig["Volumes"] {
  const merged = { ...image, ...own };
  return Object.keys(merged).length > 0 ? merged : null;
}

function mergeHealthcheck(
  own: HealthcheckConfig | undefined,
  image: HealthcheckConfig | undefined,
): HealthcheckConfig | undefined {
  if (!own || !image) return own ?? image;
  return {
    Test: own.Test?.length ? own.Test : image.Test,
    Interval: own.Interval || image.Interval,
    Timeout: own.Timeout || image.Timeout,
    StartPeriod: own.StartPeriod || image.StartPeriod,
    StartInterval: own.StartInterval || image.StartInterval,
    Retries: own.Retries || image.Retries,
  };
}
