import { type Clock, invalidArgument, type Logger, notImplemented } from "../../base/index.ts";
import type { Filters } from "../../engine/types.ts";
import { shortId } from "../../formats/index.ts";
import { sendEmpty, sendJson } from "../../http/index.ts";
import type { ImageRecord, RemovedImage } from "../../images/types.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { booleanFilter, filters, flag, onlyFilters, text } from "../wire/query.ts";
import type { ImagesBackend } from "./backend.ts";
import { IMAGE_FILTERS, isDangling, isTagged, parseUntil, selectImages } from "./image-filters.ts";
import { imageHistory, imageInspect, imageSummary } from "./image-json.ts";
import { layersSize } from "./layers-size.ts";
import { createImage, loadImages, push, saveImages, tagged } from "./transfers.ts";

/** Endpoints under `/images`. Names of images hold slashes. */
export function imageRoutes(backend: ImagesBackend, clock: Clock, logger: Logger): ApiRoute[] {
  return [
    { method: "GET", path: "/images/json", handle: (context) => list(backend, clock, context) },
    { method: "POST", path: "/images/create", handle: (context) => createImage(backend, context, logger) },
    { method: "POST", path: "/images/load", handle: (context) => loadImages(backend, context, logger) },
    { method: "POST", path: "/images/prune", handle: (context) => prune(backend, clock, context) },
    { method: "GET", path: "/images/search", handle: refuseSearch },
    {
      method: "GET",
      path: "/images/get",
      handle: (context) =>
        saveImages(
          backend,
          context,
          context.query
            .getAll("names")
            .flatMap((names) => names.split(","))
            .filter(Boolean),
        ),
    },
    { method: "GET", path: "/images/:name*/json", handle: (context) => inspect(backend, context) },
    { method: "GET", path: "/images/:name*/history", handle: (context) => history(backend, context) },
    {
      method: "GET",
      path: "/images/:name*/get",
      handle: (context) => saveImages(backend, context, [context.params.name!]),
    },
    { method: "POST", path: "/images/:name*/push", handle: (context) => push(backend, context, logger) },
    { method: "POST", path: "/images/:name*/tag", handle: (context) => tag(backend, context) },
    { method: "DELETE", path: "/images/:name*", handle: (context) => remove(backend, context) },
  ];
}

function refuseSearch(): never {
  throw notImplemented("searching a registry is not supported", {
    code: "DockerApi.NotSupported",
    hint: "search on the registry's web page",
  });
}

async function list({ images, engine }: ImagesBackend, clock: Clock, context: ApiContext): Promise<void> {
  const { query, res, apiMinor } = context;
  const selected = selectImages(await images.list(), {
    all: flag(query, "all"),
    filters: listFilters(query, apiMinor),
    nowMs: clock.nowMs(),
  });
  const counts = apiMinor >= 42 && flag(query, "shared-size") ? await containersByImage(engine) : undefined;
  const rows = selected.map((image) =>
    imageSummary(image, { containers: counts ? (counts.get(image.id)?.length ?? 0) : -1, apiMinor }),
  );
  sendJson(res, 200, rows);
}

/** Before API 1.41 a pattern of names could be a parameter of its own. */
function listFilters(query: URLSearchParams, apiMinor: number): Filters {
  const given = onlyFilters(filters(query), IMAGE_FILTERS);
  const pattern = apiMinor < 41 ? text(query, "filter") : undefined;
  return pattern === undefined ? given : { ...given, reference: [...(given.reference ?? []), pattern] };
}

async function inspect({ images }: ImagesBackend, { params, res, apiMinor }: ApiContext): Promise<void> {
  sendJson(res, 200, imageInspect(await images.get(params.name!), apiMinor));
}

async function history({ images }: ImagesBackend, { params, res }: ApiContext): Promise<void> {
  const image = await images.get(params.name!);
  const parents = new Map((await images.list()).map((record) => [record.id, record]));
  sendJson(res, 200, imageHistory(image, parents));
}

async function tag({ images }: ImagesBackend, { params, query, res }: ApiContext): Promise<void> {
  const repository = text(query, "repo");
  if (repository === undefined)
    throw invalidArgument("invalid reference format", { code: "Reference.Invalid" });
  const reference = tagged(repository, text(query, "tag"));
  // By the name that was given: one of an index stands for all of it.
  await images.get(params.name!);
  await images.tag(params.name!, reference);
  sendEmpty(res, 201);
}

async function remove({ images, engine }: ImagesBackend, { params, query, res }: ApiContext): Promise<void> {
  if (params.name!.trim() === "") {
    throw invalidArgument("image name cannot be blank", { code: "DockerApi.Query" });
  }
  const users = await containersByImage(engine);
  const removed = await images.remove(params.name!, {
    force: flag(query, "force"),
    prune: !flag(query, "noprune"),
    inUse: (imageId) => useOf(users.get(imageId)),
  });
  sendJson(res, 200, removed.map(toDockerRemoved));
}

interface User {
  id: string;
  running: boolean;
}

/** Which container uses an image, in the words that the image store reads. */
function useOf(users: readonly User[] | undefined): string | undefined {
  const user = users?.find(({ running }) => running) ?? users?.[0];
  return user && `${user.running ? "running" : "stopped"} container ${shortId(user.id)}`;
}

/** Pods' containers count as well: there is one image store. */
async function containersByImage(engine: ImagesBackend["engine"]): Promise<Map<string, User[]>> {
  const byImage = new Map<string, User[]>();
  for (const owner of ["docker", "cri"] as const) {
    for (const container of await engine.listContainers({ owner, all: true })) {
      const users = byImage.get(container.ImageID) ?? [];
      users.push({
        id: container.Id,
        running: ["running", "paused", "restarting"].includes(container.State),
      });
      byImage.set(container.ImageID, users);
    }
  }
  return byImage;
}

function toDockerRemoved(removed: RemovedImage): Record<string, string> {
  return removed.untagged === undefined ? { Deleted: removed.deleted! } : { Untagged: removed.untagged };
}

/** `POST /images/prune`: dangling images, or with `dangling=false` all that no container uses. */
async function prune(
  { images, engine }: ImagesBackend,
  clock: Clock,
  { query, res }: ApiContext,
): Promise<void> {
  const given = onlyFilters(filters(query), ["dangling", "label", "label!", "until"]);
  const danglingOnly = booleanFilter(given, "dangling") ?? true;
  const all = await images.list();
  const users = await containersByImage(engine);
  const parents = new Set(all.map((image) => image.parentId).filter((id) => id !== undefined));
  const untilMs = Math.min(...(given.until ?? []).map((value) => parseUntil(value, clock.nowMs())));
  const doomed = selectImages(all, {
    all: true,
    filters: { label: given.label ?? [] },
    nowMs: clock.nowMs(),
  }).filter(
    (image) =>
      !users.has(image.id) &&
      image.createdAtMs < untilMs &&
      !(given["label!"] ?? []).some((entry) => hasLabel(image, entry)) &&
      (isDangling(image, parents) || (!danglingOnly && isTagged(image))),
  );
  const removed: RemovedImage[] = [];
  for (const image of doomed) removed.push(...(await removeAll(images, image, users)));
  const reclaimed = Math.max(0, layersSize(all) - layersSize(await images.list()));
  const { freedBytes } = await images.collectGarbage();
  const SpaceReclaimed = reclaimed + freedBytes;
  engine.emitEvent("image", "prune", "", { reclaimed: String(SpaceReclaimed) });
  sendJson(res, 200, {
    ImagesDeleted: removed.length > 0 ? removed.map(toDockerRemoved) : null,
    SpaceReclaimed,
  });
}

async function removeAll(
  images: ImagesBackend["images"],
  image: ImageRecord,
  users: ReadonlyMap<string, User[]>,
): Promise<RemovedImage[]> {
  const removed: RemovedImage[] = [];
  const inUse = (id: string) => useOf(users.get(id));
  const names = isTagged(image) ? [...image.references, ...image.digestReferences] : [image.id];
  for (const name of names) {
    // Removing one name may have taken the image and with it the others.
    if (await images.find(name)) removed.push(...(await images.remove(name, { prune: true, inUse })));
  }
  return removed;
}

function hasLabel(image: ImageRecord, entry: string): boolean {
  const [key = "", value] = entry.split("=", 2);
  const found = image.config.config?.Labels?.[key];
  return found !== undefined && (value === undefined || found === value);
}
