import { invalidArgument } from "../../../base/index.ts";
import { normalizePlatform, type Platform, parseGoBool, parsePlatform } from "../../../formats/index.ts";
import { messages } from "../../llb/index.ts";
import type { FrontendHost } from "../types.ts";
import { type LintConfig, parseLintOptions } from "./lint/linter.ts";
import {
  type ExtraHost,
  type LinuxLimits,
  parseExtraHosts,
  parseLinuxLimits,
  parseShmSize,
  parseUlimits,
  type Ulimit,
} from "./resource-options.ts";

export type ResolveMode = "default" | "pull" | "local";

/** The frontend's options, understood. */
export interface BuildOptions {
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  target: string;
  /** Undefined: that of the builder. */
  targetPlatforms: readonly Platform[] | undefined;
  isMultiPlatform: boolean;
  resolveMode: ResolveMode;
  extraHosts: readonly ExtraHost[];
  shmSizeBytes: number;
  ulimits: readonly Ulimit[];
  linuxLimits: LinuxLimits | undefined;
  network: number;
  hostname: string;
  cgroupParent: string;
  cacheNamespace: string;
  /** Names of stages; empty: all of them; undefined: none. */
  noCache: readonly string[] | undefined;
  lint: LintConfig | undefined;
}

export function parseOptions(host: FrontendHost): BuildOptions {
  const { options } = host;
  refuseRemoved(options);
  const platforms = parsePlatforms(options.platform ?? "");
  const buildArgs = withPrefix(options, "build-arg:");
  return {
    buildArgs,
    labels: withPrefix(options, "label:"),
    target: options.target ?? "",
    targetPlatforms: platforms,
    isMultiPlatform: isMultiPlatform(
      buildArgs.BUILDKIT_MULTI_PLATFORM || options["multi-platform"] || "",
      (platforms?.length ?? 0) > 1,
    ),
    resolveMode: parseResolveMode(options["image-resolve-mode"] ?? ""),
    extraHosts: parseExtraHosts(options["add-hosts"] ?? ""),
    shmSizeBytes: parseShmSize(options["shm-size"] ?? ""),
    ulimits: parseUlimits(options.ulimit ?? ""),
    linuxLimits: parseLinuxLimits(options),
    network: parseNetworkMode(options["force-network-mode"] ?? ""),
    hostname: buildArgs.BUILDKIT_SANDBOX_HOSTNAME || options.hostname || "",
    cgroupParent: options["cgroup-parent"] ?? "",
    cacheNamespace: buildArgs.BUILDKIT_CACHE_MOUNT_NS ?? "",
    noCache: parseNoCache(options["no-cache"]),
    lint: parseCheckArgument(buildArgs.BUILDKIT_DOCKERFILE_CHECK),
  };
}

/** Whether the cache is not to be asked for a stage. */
export function ignoresCache({ noCache }: BuildOptions, stageName: string): boolean {
  if (!noCache) return false;
  return noCache.length === 0 || noCache.some((name) => name.toLowerCase() === stageName.toLowerCase());
}

function refuseRemoved(options: Readonly<Record<string, string>>): void {
  if (options["override-copy-image"])
    throw invalidArgument('support for "override-copy-image" was removed in BuildKit 0.11');
  if (parseGoBool(options["build-arg:BUILDKIT_DISABLE_FILEOP"] ?? "") === true)
    throw invalidArgument('support for "BUILDKIT_DISABLE_FILEOP" build-arg was removed in BuildKit 0.11');
}

function parsePlatforms(text: string): Platform[] | undefined {
  if (text === "") return undefined;
  return text.split(",").map((one) => {
    try {
      return normalizePlatform(parsePlatform(one));
    } catch (error) {
      throw invalidArgument(`failed to parse target platform ${one}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
}

function isMultiPlatform(text: string, severalAsked: boolean): boolean {
  if (text === "") return severalAsked;
  const value = parseGoBool(text);
  if (value === undefined) throw invalidArgument(`invalid boolean value for multi-platform: ${text}`);
  if (!value && severalAsked)
    throw invalidArgument("conflicting config: returning multiple target platforms is not allowed");
  return value;
}

function parseResolveMode(text: string): ResolveMode {
  if (text === "") return "default";
  if (text === "default" || text === "pull" || text === "local") return text;
  throw invalidArgument(`invalid image-resolve-mode: ${text}`);
}

function parseNetworkMode(text: string): number {
  if (text === "" || text === "sandbox") return messages.NetworkMode.SANDBOX;
  if (text === "none") return messages.NetworkMode.NONE;
  if (text === "host") return messages.NetworkMode.HOST;
  throw invalidArgument(`invalid netmode ${text}`);
}

function parseNoCache(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  return text === "" ? [] : text.split(",");
}

function parseCheckArgument(text: string | undefined): LintConfig | undefined {
  if (text === undefined) return undefined;
  try {
    return parseLintOptions(text);
  } catch (error) {
    throw invalidArgument(
      `failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function withPrefix(options: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(options))
    if (key.startsWith(prefix)) found[key.slice(prefix.length)] = value;
  return found;
}
