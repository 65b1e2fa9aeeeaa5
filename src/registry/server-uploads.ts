import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isGantryError, shortHash } from "../base/index.ts";
import type { Ingest } from "../content/index.ts";
import { bodyStream, type HttpContext, sendEmpty } from "../http/index.ts";
import { digestParameter, type RegistryState, repositoryName } from "./server-context.ts";
import { RegistryFailure } from "./server-errors.ts";

/**
 * `POST /v2/<name>/blobs/uploads/`: begins an upload, or takes the whole blob (`?digest=`), or takes over a blob that is
 * here already (`?mount=`), from whatever repository (distribution-spec, Pushing blobs).
 */
export async function beginUpload(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const mount = ctx.query.get("mount");
  if (mount !== null && (await state.content.stat(digestParameter(mount)))) {
    await finished(state, ctx, name, mount);
    return;
  }
  const id = `${ownerTag(name)}-${randomUUID()}`;
  if (ctx.query.has("digest")) {
    const expectedDigest = digestParameter(ctx.query.get("digest"));
    await state.content.ingest(bodyOf(ctx.req), { expectedDigest, signal: ctx.signal });
    await finished(state, ctx, name, expectedDigest);
    return;
  }
  const ingest = await state.content.startIngest(id);
  sendEmpty(ctx.res, 202, progressHeaders(name, ingest));
}

/** `GET …/uploads/<id>`. */
export async function uploadStatus(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const ingest = await findUpload(state, ctx, name);
  sendEmpty(ctx.res, 204, progressHeaders(name, ingest));
}

/** `PATCH …/uploads/<id>`: one chunk, or a stream of everything. */
export async function appendUpload(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const ingest = await findUpload(state, ctx, name);
  assertInOrder(ctx, name, ingest);
  await ingest.append(bodyOf(ctx.req), ctx.signal);
  sendEmpty(ctx.res, 202, progressHeaders(name, ingest));
}

/** `PUT …/uploads/<id>?digest=`: perhaps a last chunk, then the digest makes it a blob. */
export async function finishUpload(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const ingest = await findUpload(state, ctx, name);
  const expectedDigest = digestParameter(ctx.query.get("digest"));
  assertInOrder(ctx, name, ingest);
  if (ctx.req.headers["content-length"] !== "0") await ingest.append(bodyOf(ctx.req), ctx.signal);
  state.recent.add(expectedDigest);
  await ingest.commit({ expectedDigest });
  await finished(state, ctx, name, expectedDigest);
}

/** `DELETE …/uploads/<id>`. */
export async function cancelUpload(state: RegistryState, ctx: HttpContext): Promise<void> {
  const ingest = await findUpload(state, ctx, repositoryName(ctx));
  await ingest.abort();
  sendEmpty(ctx.res, 204);
}

async function finished(state: RegistryState, ctx: HttpContext, name: string, digest: string): Promise<void> {
  state.recent.add(digest);
  await state.repositories.unhide(name, digest);
  sendEmpty(ctx.res, 201, { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest });
}

async function findUpload(state: RegistryState, ctx: HttpContext, name: string): Promise<Ingest> {
  const id = ctx.params.id ?? "";
  const isOwn = /^[0-9a-f]{16}-[0-9a-f-]{36}$/.test(id) && id.startsWith(ownerTag(name));
  const ingest = isOwn ? await state.content.resumeIngest(id) : undefined;
  if (!ingest)
    throw new RegistryFailure("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", {
      detail: id.slice(0, 100),
    });
  return ingest;
}

/** Part of an upload's id: it belongs to the repository in which it was begun. */
function ownerTag(name: string): string {
  return shortHash(name, 16);
}

/** Chunks have to follow each other without a gap; where they do not, 416 says how far the upload is. */
function assertInOrder(ctx: HttpContext, name: string, ingest: Ingest): void {
  const header = ctx.req.headers["content-range"];
  if (header === undefined) return;
  const match = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/.exec(header);
  const length = ctx.req.headers["content-length"];
  const isLength =
    !match || length === undefined || Number(match[2]) - Number(match[1]) + 1 === Number(length);
  if (match && Number(match[1]) === ingest.offsetBytes && isLength) return;
  throw new RegistryFailure("RANGE_INVALID", "the chunk does not follow the bytes that were sent before", {
    headers: progressHeaders(name, ingest),
  });
}

function progressHeaders(name: string, ingest: Ingest): Record<string, string> {
  return {
    location: `/v2/${name}/blobs/uploads/${ingest.id}`,
    range: `0-${Math.max(0, ingest.offsetBytes - 1)}`,
    "docker-upload-uuid": ingest.id,
  };
}

/** A body that is cut off fails the upload, and does not look like its end. */
async function* bodyOf(req: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* bodyStream(req);
  } catch (error) {
    if (!isGantryError(error) || error.code !== "Http.BodyCut") throw error;
    throw new RegistryFailure("BLOB_UPLOAD_INVALID", "the request's body was cut off");
  }
}
