import {
  errorMessage,
  type GantryError,
  invalidArgument,
  isGantryError,
  type Logger,
  notImplemented,
} from "../../base/index.ts";
import type { BuildLimits, BuildRequest, PruneOptions } from "../../build/index.ts";
import { parseGoDuration, parsePlatform } from "../../formats/index.ts";
import { bodyStream, sendEmpty, sendJson } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { buildArgs, decodeValue, type GoType, labels, parseJsonText, ulimits } from "../json/index.ts";
import { progressMessage } from "../wire/json-messages.ts";
import { MessageStream } from "../wire/message-stream.ts";
import { filters, flag, integer, text } from "../wire/query.ts";
import { decodeRegistryConfig } from "../wire/registry-auth.ts";
import type { BuildBackend } from "./backend.ts";
import { sessionBuild } from "./session-build.ts";

/** Endpoints of `docker build`: the classic builder, and BuildKit for clients without a gRPC connection of their own. */
export function buildRoutes(backend: BuildBackend, logger: Logger): ApiRoute[] {
  return [
    { method: "POST", path: "/build", handle: (context) => build(backend, context, logger) },
    { method: "POST", path: "/build/prune", handle: (context) => prune(backend, context) },
    { method: "POST", path: "/build/cancel", handle: (context) => cancel(backend, context) },
  ];
}

/** A classic build ends when its client goes away, and has no name to cancel it by. */
function cancel({ buildkit }: BuildBackend, { query, res }: ApiContext): void {
  const id = text(query, "id");
  if (id === undefined) throw invalidArgument("build ID not provided", { code: "DockerApi.Query" });
  buildkit?.cancelBuild(id);
  sendEmpty(res, 200);
}

async function build(backend: BuildBackend, context: ApiContext, logger: Logger): Promise<void> {
  if (backend.buildkit && text(context.query, "version") === "2")
    return sessionBuild(backend.buildkit, context, logger);
  const options = buildOptions(context);
  const quiet = flag(context.query, "q");
  const stream = new MessageStream(context, logger);
  let kept = "";
  const say = (chunk: string) => {
    if (quiet) kept += chunk;
    else stream.write({ stream: chunk });
  };
  await stream.run(async () => {
    try {
      const { imageId } = await backend.builder.build({
        ...options,
        signal: context.signal,
        output: {
          text: say,
          errorText: (chunk) => say(`\u001b[91m${chunk}\u001b[0m`),
          progress: (event) => {
            if (!quiet) stream.write(progressMessage(event));
          },
          image: (id) => {
            if (!quiet) stream.write({ aux: { ID: id } });
          },
          drained: () => stream.drained(),
        },
      });
      if (quiet) stream.write({ stream: `${imageId}\n` });
    } catch (error) {
      // A quiet build that fails tells what it has kept back.
      if (quiet && kept !== "") stream.write({ stream: kept });
      throw error;
    }
  }, exitCodeOf);
}

function exitCodeOf(error: unknown): number | undefined {
  const code = isGantryError(error) ? (error as GantryError).details?.exitCode : undefined;
  return typeof code === "number" ? code : undefined;
}

function buildOptions(context: ApiContext): Omit<BuildRequest, "output" | "signal"> {
  const { query, req } = context;
  const version = text(query, "version");
  if (version !== undefined && !["1", "2"].includes(version)) {
    throw invalidArgument(`invalid version ${JSON.stringify(version)}`, { code: "DockerApi.Query" });
  }
  if (version === "2") {
    throw notImplemented("BuildKit is not supported by this server", {
      code: "DockerApi.BuildKit",
      hint: "set DOCKER_BUILDKIT=0",
    });
  }
  if (flag(query, "squash"))
    throw notImplemented("squash is not supported", { code: "DockerApi.NotSupported" });
  const remote = text(query, "remote");
  return {
    ...(remote === undefined || remote === "client-session"
      ? { context: bodyStream(context.req) }
      : { remote }),
    dockerfile: text(query, "dockerfile"),
    tags: query.getAll("t").filter(Boolean),
    target: text(query, "target"),
    buildArgs: jsonMap(query, "buildargs", "build args", buildArgs) as Record<string, string | null>,
    labels: jsonMap(query, "labels", "labels", labels) as Record<string, string>,
    noCache: flag(query, "nocache"),
    pull: flag(query, "pull"),
    removeContainers: flag(query, "rm", true),
    forceRemoveContainers: flag(query, "forcerm"),
    networkMode: text(query, "networkmode"),
    extraHosts: query
      .getAll("extrahosts")
      .flatMap((hosts) => hosts.split(","))
      .filter(Boolean),
    platform: platformOf(query),
    limits: limitsOf(query),
    registryAuth: decodeRegistryConfig(req.headers["x-registry-config"]),
  };
}

/** Checked here, so that nothing is built for one that nobody knows. */
function platformOf(query: URLSearchParams): string | undefined {
  const platform = text(query, "platform");
  if (platform !== undefined) parsePlatform(platform);
  return platform;
}

function limitsOf(query: URLSearchParams): BuildLimits {
  const positive = (name: string) => {
    const value = integer(query, name);
    return value ? value : undefined;
  };
  return {
    memory: positive("memory"),
    memorySwap: positive("memswap"),
    cpuShares: positive("cpushares"),
    cpuPeriod: positive("cpuperiod"),
    cpuQuota: positive("cpuquota"),
    cpusetCpus: text(query, "cpusetcpus"),
    shmSize: positive("shmsize"),
    cgroupParent: text(query, "cgroupparent"),
    ulimits: ulimitsOf(query),
  };
}

function ulimitsOf(query: URLSearchParams): BuildLimits["ulimits"] {
  const given = jsonParameter(query, "ulimits", "ulimit settings", ulimits) as BuildLimits["ulimits"] | null;
  return given?.length ? given : undefined;
}

function jsonMap(query: URLSearchParams, name: string, what: string, type: GoType): object | undefined {
  return (jsonParameter(query, name, what, type) as object | null) ?? undefined;
}

/** A parameter that holds JSON; `what` is Docker's word for it. */
function jsonParameter(query: URLSearchParams, name: string, what: string, type: GoType): unknown {
  const raw = text(query, name);
  if (raw === undefined) return undefined;
  try {
    return decodeValue(type, parseJsonText(Buffer.from(raw)));
  } catch (error) {
    const reason = errorMessage(error).replace(/^invalid JSON: /, "");
    throw invalidArgument(`error reading ${what}: ${reason}`, { code: "DockerApi.Query", cause: error });
  }
}

async function prune(backend: BuildBackend, { query, res }: ApiContext): Promise<void> {
  const { deleted, freedBytes } = await pruneBoth(backend, query);
  backend.engine.emitEvent("builder", "prune", "", { reclaimed: String(freedBytes) });
  sendJson(res, 200, { CachesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: freedBytes });
}

/** What the classic builder keeps, and BuildKit's cache. */
async function pruneBoth({ builder, buildkit }: BuildBackend, query: URLSearchParams) {
  const all = flag(query, "all");
  const options = pruneOptions(query);
  const isLimited = Object.keys(options).length > 0;
  const classic = isLimited ? { deleted: [], freedBytes: 0 } : await builder.pruneCache({ all });
  const removed = (await buildkit?.prune({ all, ...options })) ?? [];
  return {
    deleted: [...classic.deleted, ...removed.map(({ id }) => id)],
    freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, classic.freedBytes),
  };
}

/** Fields that dockerd passes on to BuildKit as its own filters (builder-next, toBuildkitPruneInfo). */
const CACHE_FIELDS = ["id", "parent", "type", "description"];
const CACHE_FLAGS = ["inuse", "shared", "private"];

function pruneOptions(query: URLSearchParams): Partial<PruneOptions> {
  const given = filters(query);
  const parts: string[] = [];
  let keepDurationMs: number | undefined;
  for (const [key, values] of Object.entries(given)) {
    const [value = "", ...more] = values;
    if (more.length > 0) throw invalidArgument(`conflicting filters: ${JSON.stringify(key)}`);
    if (key === "until" || key === "unused-for") {
      const ns = parseGoDuration(value);
      if (ns === undefined) throw invalidArgument(`${key} filter expects a duration (e.g., '24h')`);
      keepDurationMs = ns / 1e6;
    } else if (CACHE_FIELDS.includes(key)) parts.push(key === "id" ? `id~=${value}` : `${key}==${value}`);
    else if (CACHE_FLAGS.includes(key)) parts.push(key);
    else throw invalidArgument(`invalid filter '${key}'`, { code: "DockerApi.Query" });
  }
  const reserved = integer(query, "reserved-space") || integer(query, "keep-storage");
  const maxUsed = integer(query, "max-used-space");
  const minFree = integer(query, "min-free-space");
  return {
    ...(keepDurationMs === undefined ? {} : { keepDurationMs }),
    ...(parts.length > 0 ? { filters: [parts.join(",")] } : {}),
    ...(reserved ? { reservedSpaceBytes: reserved } : {}),
    ...(maxUsed ? { maxUsedSpaceBytes: maxUsed } : {}),
    ...(minFree ? { minFreeSpaceBytes: minFree } : {}),
  };
}
