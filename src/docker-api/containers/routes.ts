import {
  type Clock,
  conflict,
  GantryError,
  invalidArgument,
  isGantryError,
  notImplemented,
} from "../../base/index.ts";
import type { HostConfig } from "../../engine/types.ts";
import { sendEmpty, sendJson } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { updateConfig } from "../json/index.ts";
import { filters, flag, integer, text, unsigned32 } from "../wire/query.ts";
import { optionalBody } from "../wire/request-body.ts";
import { getArchive, headArchive, putArchive, sendTar } from "./archive.ts";
import type { ContainersBackend } from "./backend.ts";
import { inspectJson, summaryJson } from "./container-json.ts";
import { createContainer } from "./create.ts";
import { serveLogs } from "./logs.ts";
import { serveStats } from "./stats.ts";
import { serveWait } from "./wait.ts";

/** Endpoints under `/containers`. Attaching stands in attach.ts and attach-websocket.ts. */
export function containerRoutes(backend: ContainersBackend, clock: Clock, isCgroup2: boolean): ApiRoute[] {
  const done =
    (action: (context: ApiContext, id: string) => Promise<unknown>) => async (context: ApiContext) => {
      await action(context, context.params.id!);
      sendEmpty(context.res, 204);
    };
  return [
    { method: "GET", path: "/containers/json", handle: (context) => list(backend, context) },
    {
      method: "POST",
      path: "/containers/create",
      handle: (context) => createContainer(backend, context, isCgroup2),
    },
    { method: "POST", path: "/containers/prune", handle: (context) => prune(backend, context) },
    { method: "GET", path: "/containers/:id/json", handle: (context) => inspect(backend, context) },
    {
      method: "POST",
      path: "/containers/:id/start",
      handle: done((context, id) => start(backend, context, id)),
    },
    {
      method: "POST",
      path: "/containers/:id/stop",
      handle: done((context, id) => backend.stopContainer(id, stopOptions(context))),
    },
    {
      method: "POST",
      path: "/containers/:id/restart",
      handle: done((context, id) => backend.restartContainer(id, stopOptions(context))),
    },
    {
      method: "POST",
      path: "/containers/:id/kill",
      handle: done((context, id) => kill(backend, id, text(context.query, "signal"))),
    },
    { method: "POST", path: "/containers/:id/pause", handle: done((_, id) => backend.pauseContainer(id)) },
    {
      method: "POST",
      path: "/containers/:id/unpause",
      handle: done((_, id) => backend.unpauseContainer(id)),
    },
    {
      method: "POST",
      path: "/containers/:id/rename",
      handle: done((context, id) => backend.renameContainer(id, newName(context))),
    },
    {
      method: "DELETE",
      // A link's name is `container/alias`.
      path: "/containers/:id*",
      handle: done((context, id) => remove(backend, context, id)),
    },
    { method: "POST", path: "/containers/:id/update", handle: (context) => update(backend, context) },
    { method: "POST", path: "/containers/:id/wait", handle: (context) => serveWait(backend, context) },
    { method: "POST", path: "/containers/:id/resize", handle: (context) => resize(backend, context) },
    { method: "GET", path: "/containers/:id/logs", handle: (context) => serveLogs(backend, context) },
    { method: "GET", path: "/containers/:id/top", handle: (context) => top(backend, context) },
    {
      method: "GET",
      path: "/containers/:id/stats",
      handle: (context) => serveStats(backend, clock, context),
    },
    { method: "GET", path: "/containers/:id/changes", handle: (context) => changes(backend, context) },
    { method: "GET", path: "/containers/:id/export", handle: (context) => exportContainer(backend, context) },
    { method: "HEAD", path: "/containers/:id/archive", handle: (context) => headArchive(backend, context) },
    { method: "GET", path: "/containers/:id/archive", handle: (context) => getArchive(backend, context) },
    { method: "PUT", path: "/containers/:id/archive", handle: (context) => putArchive(backend, context) },
    { method: "GET", path: "/containers/:id/checkpoints", handle: refuse("checkpoints") },
    { method: "POST", path: "/containers/:id/checkpoints", handle: refuse("checkpoints") },
  ];
}

function refuse(what: string) {
  return () => {
    throw notImplemented(`${what} is not supported`, { code: "DockerApi.NotSupported" });
  };
}

async function list(backend: ContainersBackend, { query, res, apiMinor }: ApiContext): Promise<void> {
  const limit = integer(query, "limit");
  const containers = await backend.listContainers({
    all: flag(query, "all"),
    limit: limit !== undefined && limit > 0 ? limit : undefined,
    size: flag(query, "size"),
    filters: filters(query),
  });
  sendJson(
    res,
    200,
    containers.map((container) => summaryJson(container, apiMinor)),
  );
}

async function inspect(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const { params, query, res, apiMinor } = context;
  const container = await backend.inspectContainer(params.id!, { size: flag(query, "size") });
  sendJson(res, 200, inspectJson(container, apiMinor));
}

/** Docker says of every failure what it is about, save that the container's own state names it already. */
async function kill(backend: ContainersBackend, id: string, signal: string | undefined): Promise<void> {
  try {
    await backend.killContainer(id, signal);
  } catch (error) {
    if (!isGantryError(error) || error.message.startsWith("cannot kill container")) throw error;
    throw new GantryError(error.kind, `cannot kill container: ${id}: ${error.message}`, {
      code: error.code,
      cause: error,
    });
  }
}

/** Before API 1.24 a start could change the configuration; to ignore that would be a lie. Not even `null` has 7 bytes. */
async function start(backend: ContainersBackend, { req }: ApiContext, id: string): Promise<void> {
  const isChunked = req.headers["transfer-encoding"] !== undefined;
  if (isChunked || Number(req.headers["content-length"] ?? 0) > 7) {
    throw invalidArgument(
      "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
      { code: "DockerApi.Body" },
    );
  }
  await backend.startContainer(id);
}

function stopOptions({ query, apiMinor }: ApiContext): { timeoutSeconds?: number; signal?: string } {
  return {
    timeoutSeconds: integer(query, "t"),
    signal: apiMinor < 42 ? undefined : text(query, "signal"),
  };
}

function newName({ query }: ApiContext): string {
  const name = text(query, "name");
  if (name === undefined) {
    throw invalidArgument("Neither old nor new names may be empty", { code: "DockerApi.Query" });
  }
  return name;
}

async function remove(backend: ContainersBackend, { query }: ApiContext, id: string): Promise<void> {
  if (flag(query, "link")) {
    if (await backend.removeLink(id)) return;
    await backend.inspectContainer(id);
    throw conflict("Conflict, cannot remove the default link name of the container", {
      code: "DockerApi.DefaultName",
    });
  }
  await backend.removeContainer(id, { force: flag(query, "force"), removeVolumes: flag(query, "v") });
}

async function update(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const body = await optionalBody(context, updateConfig);
  if (context.apiMinor < 40) delete body.PidsLimit;
  const { warnings } = await backend.updateContainer(context.params.id!, body as Partial<HostConfig>);
  sendJson(context.res, 200, { Warnings: warnings.length > 0 ? warnings : null });
}

async function resize(backend: ContainersBackend, { params, query, res }: ApiContext): Promise<void> {
  const { columns, rows } = terminalSize(query);
  await backend.resizeContainer(params.id!, columns, rows);
  sendEmpty(res, 200);
}

/** `h` and `w` of a terminal, which Linux keeps in 16 bits. */
export function terminalSize(query: URLSearchParams): { columns: number; rows: number } {
  const rows = unsigned32(query, "h", "invalid resize height");
  const columns = unsigned32(query, "w", "invalid resize width");
  return { columns: columns & 0xffff, rows: rows & 0xffff };
}

async function top(backend: ContainersBackend, { params, query, res }: ApiContext): Promise<void> {
  sendJson(res, 200, await backend.containerTop(params.id!, text(query, "ps_args")));
}

async function changes(backend: ContainersBackend, { params, res }: ApiContext): Promise<void> {
  const found = await backend.containerChanges(params.id!);
  sendJson(res, 200, found.length > 0 ? found : null);
}

async function exportContainer(backend: ContainersBackend, context: ApiContext): Promise<void> {
  await sendTar(context, await backend.exportContainer(context.params.id!));
}

async function prune(backend: ContainersBackend, { query, res }: ApiContext): Promise<void> {
  const { ContainersDeleted, SpaceReclaimed } = await backend.pruneContainers(filters(query));
  sendJson(res, 200, {
    ContainersDeleted: ContainersDeleted.length > 0 ? ContainersDeleted : null,
    SpaceReclaimed,
  });
}
