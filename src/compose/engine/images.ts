import { errorMessage, GantryError, invalidArgument, isGantryError } from "../../base/index.ts";
import { parsePlatform } from "../../formats/index.ts";
import { type ImageInspect, jsonLines } from "../docker/index.ts";
import { imageOf, type Project, parseDuration, type Service } from "../model/index.ts";
import { buildImages, type ServicesToBuild } from "./build.ts";
import type { ComposeContext } from "./compose-context.ts";
import { LABEL } from "./labels.ts";
import { all, Limit } from "./walk-services.ts";

export interface EnsureImagesOptions {
  /** What may be built; nothing where it is undefined (`--no-build`). */
  build: ServicesToBuild | undefined;
  quietPull: boolean;
}

/** Pulls and builds what is not there, and labels services with the ids of their images. */
export async function ensureImages(
  context: ComposeContext,
  project: Project,
  options: EnsureImagesOptions,
): Promise<void> {
  const local = await localImages(context, project);
  await pullRequired(context, project, local, options.quietPull);
  if (options.build) {
    const built = await buildImages(context, project, options.build, (image) => local.has(image));
    for (const [image, id] of built) local.set(image, id);
  }
  for (const service of Object.values(project.services)) {
    const id = local.get(imageOf(service, project, context.separator));
    if (id !== undefined) service.customLabels[LABEL.image] = id;
  }
}

/** Ids of the images of a project that are on the engine, for the platforms that are asked for. */
async function localImages(context: ComposeContext, project: Project): Promise<Map<string, string>> {
  const wanted = new Map<string, string | undefined>();
  for (const service of Object.values(project.services)) {
    if (service.provider) continue;
    wanted.set(imageOf(service, project, context.separator), service.platform);
    for (const { type, source } of service.volumes ?? [])
      if (type === "image" && source) wanted.set(source, undefined);
  }
  const found = new Map<string, string>();
  await all(
    [...wanted].map(async ([name, platform]) => {
      const image = await inspectImage(context, name);
      if (image && (!platform || isOf(image, platform))) found.set(name, image.Id);
    }),
  );
  return found;
}

export async function inspectImage(
  { client }: ComposeContext,
  name: string,
): Promise<ImageInspect | undefined> {
  try {
    return await client.get<ImageInspect>(`/images/${name}/json`);
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    if (!isGantryError(error)) throw error;
    throw new GantryError(error.kind, `unable to get image '${name}': ${error.message}`, { cause: error });
  }
}

function isOf(image: ImageInspect, platform: string): boolean {
  const { os, architecture } = parsePlatform(platform);
  return image.Os === os && image.Architecture === architecture;
}

async function pullRequired(
  context: ComposeContext,
  project: Project,
  local: Map<string, string>,
  quiet: boolean,
): Promise<void> {
  const wanted: { name: string; image: string; platform?: string; canBuild: boolean }[] = [];
  for (const service of Object.values(project.services)) {
    const canBuild = isBuilt(service, project);
    if (await mustPull(context, service, local)) {
      wanted.push({ name: service.name, image: service.image!, platform: service.platform, canBuild });
    }
    for (const [index, { type, source }] of (service.volumes ?? []).entries()) {
      if (type !== "image" || !source || local.has(source)) continue;
      wanted.push({ name: `${service.name}:volume ${index}`, image: source, canBuild: false });
    }
  }
  const limit = new Limit(context.parallel);
  await all(
    wanted.map(({ name, image, platform, canBuild }) =>
      limit.run(async () => {
        try {
          local.set(image, await pullImage(context, { name, image, platform, canBuild, quiet }));
        } catch (error) {
          if (!canBuild) throw error;
        }
      }),
    ),
  );
}

const isBuilt = (service: Service, project: Project): boolean =>
  Boolean(service.build) ||
  Object.values(project.services).some((one) => one.build && one.image && one.image === service.image);

async function mustPull(
  context: ComposeContext,
  service: Service,
  local: Map<string, string>,
): Promise<boolean> {
  const { image, provider, pull_policy: policy = "" } = service;
  if (provider || !image) return false;
  if (policy === "always") return true;
  if (policy === "never" || policy === "build") return false;
  const age = refreshAfter(policy);
  if (age === undefined || !local.has(image)) return !local.has(image);
  const tagged = Date.parse((await inspectImage(context, image))?.Metadata?.LastTagTime ?? "");
  return !Number.isFinite(tagged) || context.clock.nowMs() > tagged + age / 1e6;
}

function refreshAfter(policy: string): number | undefined {
  if (policy === "daily") return parseDuration("24h");
  if (policy === "weekly") return parseDuration("7d");
  return policy.startsWith("every_") ? parseDuration(policy.slice("every_".length)) : undefined;
}

export interface PullRequest {
  /** As the progress calls it. */
  name: string;
  image: string;
  platform?: string;
  /** A failure is only a warning then. */
  canBuild: boolean;
  quiet: boolean;
}

interface PullMessage {
  id?: string;
  status?: string;
  error?: string;
  errorDetail?: { message?: string };
  progress?: string;
  progressDetail?: { current?: number; total?: number };
}

/** Pulls an image; returns its id. */
export async function pullImage(context: ComposeContext, request: PullRequest): Promise<string> {
  const { client, report } = context;
  const { name, image, canBuild } = request;
  report.event({ id: name, status: "working", text: "Pulling" });
  try {
    const stream = await client.stream("POST", "/images/create", {
      query: { ...nameAndTag(image), platform: request.platform },
      headers: { "X-Registry-Auth": await context.registryAuth(image) },
    });
    for await (const message of jsonLines<PullMessage>(stream)) {
      const failure = message.errorDetail?.message ?? message.error;
      if (failure !== undefined) throw new GantryError("Unavailable", failure, { code: "Compose.Pull" });
      if (!request.quiet) reportLayer(context, name, message);
    }
  } catch (error) {
    const statusText = errorMessage(error).replace(/^Error response from daemon: /, "");
    const [status, text] = canBuild ? (["warning", "Warning"] as const) : (["error", "Error"] as const);
    report.event({ id: name, status, text, statusText });
    throw error;
  }
  report.event({ id: name, status: "done", text: "Pulled" });
  const pulled = await inspectImage(context, image);
  if (!pulled) throw invalidArgument(`image ${image} is not there after it was pulled`);
  return pulled.Id;
}

/** A tag is asked for by itself; without one it is `latest`, unless a digest says which. */
export function nameAndTag(image: string): { fromImage: string; tag?: string } {
  if (image.includes("@")) return { fromImage: image };
  const colon = image.lastIndexOf(":");
  if (colon < 0 || image.includes("/", colon)) return { fromImage: image, tag: "latest" };
  return { fromImage: image.slice(0, colon), tag: image.slice(colon + 1) };
}

const OVER = new Set(["Download complete", "Already exists", "Pull complete"]);

function reportLayer({ report }: ComposeContext, parentId: string, message: PullMessage): void {
  const { id, status = "", progress = "", progressDetail } = message;
  if (!id || !progressDetail) return;
  const isOver = OVER.has(status);
  report.event({
    id,
    parentId,
    status: isOver ? "done" : "working",
    text: status,
    statusText: progress,
    current: progressDetail.current ?? 0,
    total: progressDetail.total ?? 0,
  });
}
