import { type Clock, invalidArgument } from "../../base/index.ts";
import type { EngineEvent } from "../../engine/types.ts";
import { sendJson, sendText, writeChunk } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { filters, timestamp } from "../wire/query.ts";
import type { ServerInfo, SystemBackend } from "./backend.ts";
import { diskUsage } from "./disk-usage.ts";
import { infoInVersion, infoJson, versionJson } from "./info.ts";

/** `_ping`, `version`, `info`, `events`, `system/df`. */
export function systemRoutes(
  backend: SystemBackend,
  info: ServerInfo,
  { clock, builderVersion }: { clock: Clock; builderVersion: "1" | "2" },
): ApiRoute[] {
  return [
    { method: "GET", path: "/_ping", handle: (context) => ping(context, builderVersion) },
    { method: "HEAD", path: "/_ping", handle: (context) => ping(context, builderVersion) },
    { method: "GET", path: "/version", handle: ({ res }) => sendJson(res, 200, versionJson(info)) },
    {
      method: "GET",
      path: "/info",
      handle: async ({ res, apiMinor }) =>
        sendJson(res, 200, infoInVersion(await infoJson(backend, info, clock), apiMinor)),
    },
    { method: "GET", path: "/events", handle: (context) => events(backend, context) },
    {
      method: "GET",
      path: "/system/df",
      handle: async ({ query, res, apiMinor }) => {
        const types = usageTypes(query, apiMinor);
        sendJson(res, 200, await diskUsage(backend, { types, apiMinor, nowMs: clock.nowMs() }));
      },
    },
  ];
}

const USAGE_TYPES = ["container", "image", "volume", "build-cache"];

/** Before API 1.42 everything was told. */
function usageTypes(query: URLSearchParams, apiMinor: number): string[] {
  const types = apiMinor < 42 ? [] : query.getAll("type");
  const unknown = types.find((type) => !USAGE_TYPES.includes(type));
  if (unknown === undefined) return types;
  throw invalidArgument(`unknown object type: ${unknown}`, { code: "DockerApi.Query" });
}

/** `builderVersion`: 2 where clients are to build with BuildKit unless they are told otherwise. */
function ping({ res, method }: ApiContext, builderVersion: string): void {
  const headers = {
    "builder-version": builderVersion,
    swarm: "inactive",
    "cache-control": "no-cache, no-store, must-revalidate",
    pragma: "no-cache",
  };
  if (method === "HEAD") {
    res.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": 0, ...headers });
    res.end();
  } else sendText(res, 200, "OK", headers);
}

async function events(backend: SystemBackend, { query, res, signal, apiMinor }: ApiContext): Promise<void> {
  const [sinceMs, untilMs] = [timestamp(query, "since"), timestamp(query, "until")];
  if (untilMs !== undefined && untilMs < (sinceMs ?? 0)) {
    const [since, until] = [query.get("since") ?? "", query.get("until")];
    throw invalidArgument(`\`since\` time (${since}) cannot be after \`until\` time (${until})`, {
      code: "DockerApi.Query",
    });
  }
  const stream = backend.engine
    .events({
      sinceMs,
      untilMs,
      filters: filters(query),
      signal,
    })
    [Symbol.asyncIterator]();
  res.writeHead(200, { "content-type": "application/json" });
  res.flushHeaders();
  try {
    for (let next = await stream.next(); !next.done; next = await stream.next()) {
      // That an image was made is told since API 1.46.
      if (apiMinor < 46 && next.value.Type === "image" && next.value.Action === "create") continue;
      if (!(await writeChunk(res, `${JSON.stringify(eventJson(next.value))}\n`))) break;
    }
  } finally {
    await stream.return?.();
  }
  res.end();
}

/** Older clients read what happened from `status`, `id` and `from`. */
function eventJson(event: EngineEvent): Record<string, unknown> {
  if (event.Type !== "container" && event.Type !== "image") return { ...event };
  const { image } = event.Actor.Attributes;
  return {
    status: event.Action,
    id: event.Actor.ID,
    ...(event.Type === "container" && image ? { from: image } : {}),
    ...event,
  };
}
