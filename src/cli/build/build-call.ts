import { invalidArgument } from "../../base/index.ts";
import {
  attestationAttributes,
  extraHosts,
  type FrontendRequest,
  frontendAttributes,
  type ProgressMode,
} from "../../build-client/index.ts";
import { parseSize } from "../../formats/index.ts";
import type { ParsedFlags } from "../compose/flags.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Proxies of the environment are not the build's: only what is said goes there. */
export function attributesOf(flags: ParsedFlags, environment: Environment): Record<string, string> {
  return {
    ...frontendAttributes(frontendRequestOf(flags, environment)),
    ...attestationAttributes({
      provenance: flags.text("provenance"),
      sbom: flags.text("sbom"),
      attest: flags.list("attest"),
    }),
  };
}

function frontendRequestOf(flags: ParsedFlags, environment: Environment): FrontendRequest {
  const buildArgs = keyValues(flags.list("build-arg"), environment);
  if (environment.SOURCE_DATE_EPOCH && buildArgs.SOURCE_DATE_EPOCH === undefined)
    buildArgs.SOURCE_DATE_EPOCH = environment.SOURCE_DATE_EPOCH;
  const platforms = flags.list("platform");
  const platform = environment.DOCKER_DEFAULT_PLATFORM;
  return {
    buildArgs,
    labels: keyValues(flags.list("label"), undefined),
    target: flags.text("target"),
    platforms: (platforms.length === 0 && platform ? [platform] : platforms).flatMap((one) => one.split(",")),
    noCache: flags.flag("no-cache"),
    noCacheFilter: flags.list("no-cache-filter").flatMap((one) => one.split(",")),
    pull: flags.flag("pull"),
    network: flags.text("network"),
    extraHosts: extraHosts(flags.list("add-host")),
    shmSizeBytes: flags.has("shm-size") ? sizeOf(flags.text("shm-size"), "--shm-size") : 0,
    ulimits: flags.list("ulimit").map(ulimitOf),
    cgroupParent: flags.text("cgroup-parent"),
    limits: limitsOf(flags),
  };
}

/** `KEY=VALUE`, or `KEY` of the environment; a key that is not set there is left out. */
export function keyValues(
  texts: readonly string[],
  environment: Environment | undefined,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    if (key === "") throw invalidArgument(`invalid key-value pair ${JSON.stringify(text)}: empty key`);
    const value = equals < 0 ? (environment ? environment[key] : "") : text.slice(equals + 1);
    if (value !== undefined) found[key] = value;
  }
  return found;
}

/** `--build-context NAME=PLACE` (buildx, ParseContextNames). */
export function namedContexts(texts: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals < 0) throw invalidArgument(`invalid context value: ${text}, expected key=value`);
    found[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return found;
}

/** `NAME=SOFT[:HARD]`; whether there is such a limit, the builder says. */
function ulimitOf(text: string): string {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (!match)
    throw invalidArgument(
      `invalid argument ${JSON.stringify(text)} for "--ulimit" flag: invalid ulimit argument: ${text}`,
    );
  return `${match[1]}=${match[2]}:${match[3] ?? match[2]}`;
}

function limitsOf(flags: ParsedFlags): Record<string, string> {
  const limits: Record<string, string> = {};
  const memory = flags.text("memory");
  if (memory !== "") limits.memory = String(sizeOf(memory, "-m, --memory"));
  const swap = flags.text("memory-swap");
  if (swap !== "") limits.memswap = swap === "-1" ? swap : String(sizeOf(swap, "--memory-swap"));
  for (const name of ["cpu-shares", "cpu-period", "cpu-quota", "cpuset-cpus", "cpuset-mems"]) {
    const text = flags.text(name);
    if (text !== "") limits[name.replace("-", "")] = text;
  }
  return limits;
}

function sizeOf(text: string, flag: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw invalidArgument(
    `invalid argument ${JSON.stringify(text)} for "${flag}" flag: invalid size: '${text}'`,
  );
}

export function progressModeOf(
  flags: ParsedFlags,
  environment: Environment,
  isTerminal: boolean,
): ProgressMode {
  const wanted = flags.has("progress")
    ? flags.text("progress")
    : environment.BUILDKIT_PROGRESS || flags.text("progress");
  if (flags.flag("quiet")) {
    if (wanted !== "auto" && wanted !== "quiet")
      throw invalidArgument(`progress=${wanted} and quiet cannot be used together`);
    return "quiet";
  }
  switch (wanted) {
    case "auto":
      return isTerminal ? "tty" : "plain";
    case "tty":
      if (!isTerminal) throw invalidArgument("failed to get console: provided file is not a console");
      return "tty";
    case "none":
    case "quiet":
      return "quiet";
    case "plain":
    case "rawjson":
      return wanted;
    default:
      throw invalidArgument(`invalid progress mode ${wanted}`);
  }
}

export interface FrontendCall {
  /** `frontend.lint`, … */
  request: string;
  isJson: boolean;
  ignoresStatus: boolean;
}

/** `--call METHOD[,format=json|text][,ignorestatus=true]`; undefined to build. `check` is what the frontend calls `lint`. */
export function callOf(flags: ParsedFlags): FrontendCall | undefined {
  const [method = "", ...options] = (flags.flag("check") ? "check" : flags.text("call")).split(",");
  if (method === "" || method === "build") return undefined;
  const call = {
    request: `frontend.${method === "check" ? "lint" : method}`,
    isJson: false,
    ignoresStatus: false,
  };
  for (const option of options) {
    if (option === "format=json") call.isJson = true;
    else if (option === "ignorestatus" || option === "ignorestatus=true") call.ignoresStatus = true;
    else if (option !== "format=text" && option !== "ignorestatus=false")
      throw invalidArgument(`invalid print func ${JSON.stringify(option)}`);
  }
  return call;
}
