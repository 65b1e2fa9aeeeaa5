import { errorMessage, GantryError, invalidArgument } from "../../base/index.ts";
import type { Filters } from "../../engine/types.ts";
import { sendEmpty, sendJson } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { volumeCreateOptions } from "../json/index.ts";
import { filters, flag } from "../wire/query.ts";
import { optionalBody } from "../wire/request-body.ts";
import type { VolumesBackend } from "./backend.ts";

/** Endpoints under `/volumes`. */
export function volumeRoutes(backend: VolumesBackend): ApiRoute[] {
  return [
    { method: "GET", path: "/volumes", handle: (context) => list(backend, context) },
    { method: "POST", path: "/volumes/create", handle: (context) => create(backend, context) },
    { method: "POST", path: "/volumes/prune", handle: (context) => prune(backend, context) },
    { method: "GET", path: "/volumes/:name", handle: (context) => inspect(backend, context) },
    { method: "DELETE", path: "/volumes/:name", handle: (context) => remove(backend, context) },
    { method: "PUT", path: "/volumes/:name", handle: refuseUpdate },
  ];
}

async function list(backend: VolumesBackend, { query, res }: ApiContext): Promise<void> {
  sendJson(res, 200, { Volumes: await backend.listVolumes(listFilters(query)), Warnings: null });
}

function listFilters(query: URLSearchParams): Filters {
  try {
    return filters(query);
  } catch (error) {
    throw invalidArgument(`error reading volume filters: ${errorMessage(error)}`, {
      code: "DockerApi.Filter",
      cause: error,
    });
  }
}

async function create(backend: VolumesBackend, context: ApiContext): Promise<void> {
  const body = await optionalBody(context, volumeCreateOptions);
  const { Name, Driver, DriverOpts, Labels } = body as Parameters<VolumesBackend["createVolume"]>[0];
  const volume = await backend.createVolume({
    Name,
    Driver,
    DriverOpts: DriverOpts ?? undefined,
    Labels: Labels ?? undefined,
  });
  sendJson(context.res, 201, volume);
}

async function inspect(backend: VolumesBackend, { params, res }: ApiContext): Promise<void> {
  sendJson(res, 200, await backend.inspectVolume(params.name!));
}

async function remove(backend: VolumesBackend, { params, query, res }: ApiContext): Promise<void> {
  await backend.removeVolume(params.name!, flag(query, "force"));
  sendEmpty(res, 204);
}

async function prune(backend: VolumesBackend, { query, res }: ApiContext): Promise<void> {
  sendJson(res, 200, await backend.pruneVolumes(filters(query)));
}

function refuseUpdate(): never {
  throw new GantryError(
    "Unavailable",
    "volume update only valid for cluster volumes, but swarm is unavailable",
    { code: "DockerApi.NoSwarm" },
  );
}
