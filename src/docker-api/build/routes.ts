import {
  type GantryError,
  invalidArgument,
  isGantryError,
  type Logger,
  notImplemented,
} from "../../base/index.ts";
import type { BuildLimits, BuildRequest } from "../../build/index.ts";
import { bodyStream, sendEmpty, sendJson } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { progressMessage } from "../wire/json-messages.ts";
import { MessageStream } from "../wire/message-stream.ts";
import { flag, integer, text } from "../wire/query.ts";
import { decodeRegistryConfig } from "../wire/registry-auth.ts";
import type { BuildBackend } from "./backend.ts";

/** Endpoints of `docker build` (the classic builder's; BuildKit's are refused). */
export function buildRoutes(backend: BuildBackend, logger: Logger): ApiRoute[] {
  return [
    { method: "POST", path: "/build", handle: (context) => build(backend, context, logger) },
    { method: "POST", path: "/build/prune", handle: (context) => prune(backend, context) },
    // A build ends when its client goes away, so there is nothing to cancel from outside.
    { method: "POST", path: "/build/cancel", handle: ({ res }) => sendEmpty(res, 204) },
  ];
}

async function build(backend: BuildBackend, context: ApiContext, logger: Logger): Promise<void> {
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
  if (query.get("version") === "2") {
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
    buildArgs: jsonMap(query, "buildargs", true),
    labels: jsonMap(query, "labels", false) as Record<string, string>,
    noCache: flag(query, "nocache"),
    pull: flag(query, "pull"),
    removeContainers: flag(query, "rm", true),
    forceRemoveContainers: flag(query, "forcerm"),
    networkMode: text(query, "networkmode"),
    extraHosts: query
      .getAll("extrahosts")
      .flatMap((hosts) => hosts.split(","))
      .filter(Boolean),
    platform: text(query, "platform"),
    limits: limitsOf(query),
    registryAuth: decodeRegistryConfig(req.headers["x-registry-config"]),
  };
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
  const value = parseJson(query, "ulimits");
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every(isUlimit)) throw malformed("ulimits");
  return value.length > 0 ? value : undefined;
}

function isUlimit(value: unknown): value is { Name: string; Soft: number; Hard: number } {
  const entry = value as { Name?: unknown; Soft?: unknown; Hard?: unknown } | null;
  return typeof entry?.Name === "string" && typeof entry.Soft === "number" && typeof entry.Hard === "number";
}

function jsonMap(
  query: URLSearchParams,
  name: string,
  nullable: boolean,
): Record<string, string | null> | undefined {
  const value = parseJson(query, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) throw malformed(name);
  const map: Record<string, string | null> = Object.create(null);
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== "string" && !(nullable && item === null)) throw malformed(name);
    map[key] = item;
  }
  return map;
}

function parseJson(query: URLSearchParams, name: string): unknown {
  const raw = text(query, name);
  if (raw === undefined) return undefined;
  try {
    return JSON.parse(raw);
  } catch {
    throw malformed(name);
  }
}

function malformed(name: string): Error {
  return invalidArgument(`error reading ${name}: it is not the JSON that is expected`, {
    code: "DockerApi.Query",
  });
}

async function prune(backend: BuildBackend, { query, res }: ApiContext): Promise<void> {
  const { deleted, freedBytes } = await backend.builder.pruneCache({ all: flag(query, "all") });
  backend.engine.emitEvent("builder", "prune", "", { reclaimed: String(freedBytes) });
  sendJson(res, 200, { CachesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: freedBytes });
}
