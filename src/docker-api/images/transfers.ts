import { pipeline } from "node:stream/promises";
import { GantryError, invalidArgument, type Logger, notFound } from "../../base/index.ts";
import { fetchRemote } from "../../build/index.ts";
import {
  familiarName,
  familiarText,
  formatCanonical,
  type ImageReference,
  type ImageRuntimeConfig,
  type Platform,
  parseImageReference,
  parsePlatform,
  withDefaultTag,
} from "../../formats/index.ts";
import { bodyStream } from "../../http/index.ts";
import type { ProgressEvent } from "../../images/types.ts";
import type { ApiContext } from "../api-context.ts";
import { progressMessage } from "../wire/json-messages.ts";
import { MessageStream } from "../wire/message-stream.ts";
import { flag, text } from "../wire/query.ts";
import { decodeRegistryAuth } from "../wire/registry-auth.ts";
import type { ImagesBackend } from "./backend.ts";

/** `POST /images/create`: pull, or import of a tar archive. */
export async function createImage(
  backend: ImagesBackend,
  context: ApiContext,
  logger: Logger,
): Promise<void> {
  const { query } = context;
  if (text(query, "fromImage") !== undefined) return pull(backend, context, logger);
  if (text(query, "fromSrc") !== undefined) return importImage(backend, context, logger);
  throw invalidArgument("fromImage or fromSrc is needed", { code: "DockerApi.Query" });
}

async function pull({ images }: ImagesBackend, context: ApiContext, logger: Logger): Promise<void> {
  const { query, req, signal } = context;
  const platform = context.apiMinor < 32 ? undefined : platformOf(query);
  const asked = pullReference(text(query, "fromImage")!, text(query, "tag"));
  if (familiarName(asked) === "scratch") {
    throw new GantryError("PermissionDenied", "'scratch' is a reserved name", { code: "DockerApi.Query" });
  }
  const auth = decodeRegistryAuth(req.headers["x-registry-auth"]);
  const stream = new MessageStream(context, logger);
  const options = { auth, platform, signal };
  await stream.run(async () => {
    if (asked.tag === undefined && asked.digest === undefined) return pullAll(images, asked, options, stream);
    await images.pull(formatCanonical(asked), {
      ...options,
      onProgress: (event) => stream.write(progressMessage(event)),
    });
  });
}

/** Without a tag all of the repository's are pulled, and what became of them is said once, at the end. */
async function pullAll(
  images: ImagesBackend["images"],
  repository: ImageReference,
  options: Omit<Parameters<ImagesBackend["images"]["pull"]>[1], "onProgress">,
  stream: MessageStream,
): Promise<void> {
  let isNews = false;
  const onProgress = (event: ProgressEvent) => {
    if (event.status.startsWith("Status: Downloaded")) isNews = true;
    if (!event.status.startsWith("Status: ")) stream.write(progressMessage(event));
  };
  for (const tag of await images.listRemoteTags(formatCanonical(repository), options)) {
    await images.pull(formatCanonical({ ...repository, tag }), { ...options, onProgress });
  }
  const name = familiarName(repository);
  stream.write({
    status: isNews ? `Status: Downloaded newer image for ${name}` : `Status: Image is up to date for ${name}`,
  });
}

/** `tag` may be a tag or a digest, and wins over one in the name. */
function pullReference(name: string, tag: string | undefined): ImageReference {
  const reference = parseImageReference(name);
  if (tag === undefined) return reference;
  const { domain, path } = reference;
  const isDigest = tag.includes(":");
  if (!isDigest && !TAG.test(tag)) throw invalidArgument("invalid tag format", { code: "Reference.Invalid" });
  return parseImageReference(formatCanonical({ domain, path }) + (isDigest ? `@${tag}` : `:${tag}`));
}

function platformOf(query: URLSearchParams): Platform | undefined {
  const value = text(query, "platform");
  return value === undefined ? undefined : parsePlatform(value);
}

async function importImage(backend: ImagesBackend, context: ApiContext, logger: Logger): Promise<void> {
  const { query, signal } = context;
  const source = text(query, "fromSrc")!;
  const config: ImageRuntimeConfig = backend.builder.applyChanges({}, query.getAll("changes"));
  const repository = text(query, "repo");
  const reference = repository === undefined ? undefined : tagged(repository, text(query, "tag"));
  const platform = platformOf(query);
  const stream = new MessageStream(context, logger);
  await stream.run(async () => {
    const archive = source === "-" ? bodyStream(context.req) : (await fetchRemote(source, signal)).body;
    const image = await backend.images.importRootfs(archive, {
      config,
      reference,
      platform,
      message: text(query, "message") ?? `Imported from ${source}`,
    });
    stream.write({ status: image.id });
  });
}

/** `repo` and `tag` parameters as one canonical name; a tag of its own wins over one in the name. */
export function tagged(repository: string, tag: string | undefined): string {
  const reference = parseImageReference(repository);
  if (reference.digest !== undefined) {
    throw invalidArgument("cannot import digest reference", { code: "DockerApi.Query" });
  }
  if (tag === undefined) return formatCanonical(withDefaultTag(reference));
  if (!TAG.test(tag)) throw invalidArgument("invalid tag format", { code: "Reference.Invalid" });
  return formatCanonical({ domain: reference.domain, path: reference.path, tag });
}

const TAG = /^\w[\w.-]{0,127}$/;

/** `POST /images/{name}/push`. Without a tag every tag of the repository goes. */
export async function push({ images }: ImagesBackend, context: ApiContext, logger: Logger): Promise<void> {
  const { params, query, req, signal } = context;
  const auth = decodeRegistryAuth(req.headers["x-registry-auth"]);
  const named = parseImageReference(params.name!);
  const tag = text(query, "tag") ?? named.tag;
  const references = tag === undefined ? await allTags(images, named) : [tagged(familiarName(named), tag)];
  const stream = new MessageStream(context, logger);
  await stream.run(async () => {
    stream.write({ status: `The push refers to repository [${named.domain}/${named.path}]` });
    if (references.length === 0) throw notLocal(named);
    for (const reference of references) {
      if (!(await images.find(reference))) {
        if ((await allTags(images, named)).length === 0) throw notLocal(named);
        throw notFound(`tag does not exist: ${familiarText(reference)}`, { code: "Image.NotFound" });
      }
      await images.push(reference, {
        auth,
        signal,
        onProgress: (event) => stream.write(progressMessage(event)),
      });
    }
  });
}

function notLocal(named: ImageReference): Error {
  return notFound(`An image does not exist locally with the tag: ${familiarName(named)}`, {
    code: "Image.NotFound",
  });
}

async function allTags(images: ImagesBackend["images"], named: ImageReference): Promise<string[]> {
  const all = await images.list();
  return all
    .flatMap((image) => image.references)
    .filter((reference) => {
      const { domain, path } = parseImageReference(reference);
      return domain === named.domain && path === named.path;
    })
    .sort();
}

/** `GET /images/{name}/get` and `GET /images/get?names=…`. */
export async function saveImages(
  { images }: ImagesBackend,
  context: ApiContext,
  names: string[],
): Promise<void> {
  if (names.length === 0) throw invalidArgument("no image was named", { code: "DockerApi.Query" });
  const { res, signal } = context;
  const archive = images.save(names, signal);
  res.writeHead(200, { "content-type": "application/x-tar" });
  await pipeline(archive, res).catch((error) => {
    if (!signal.aborted) throw error;
  });
}

/** `POST /images/load`. What is wrong with an archive is told in the stream, also where that is all there is in it. */
export async function loadImages(
  { images }: ImagesBackend,
  context: ApiContext,
  logger: Logger,
): Promise<void> {
  const quiet = flag(context.query, "quiet", true);
  const stream = new MessageStream(context, logger);
  stream.open();
  await stream.run(async () => {
    const loaded = await images.load(bodyStream(context.req), (event) => {
      if (!quiet) stream.write(progressMessage(event));
    });
    for (const image of loaded) {
      for (const line of loadedLines(image.loadedAs, image.id)) stream.write({ stream: line });
    }
  });
}

function loadedLines(references: readonly string[], id: string): string[] {
  if (references.length === 0) return [`Loaded image ID: ${id}\n`];
  return references.map((reference) => `Loaded image: ${familiarText(reference)}\n`);
}
