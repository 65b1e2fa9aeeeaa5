import { pipeline } from "node:stream/promises";
import { type HttpContext, sendEmpty } from "../http/index.ts";
import { digestParameter, type RegistryState, repositoryName } from "./server-context.ts";
import { RegistryFailure } from "./server-errors.ts";

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`, with byte ranges (distribution-spec, Pulling blobs). */
export async function getBlob(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const digest = digestParameter(ctx.params.digest);
  const info = state.repositories.isHidden(name, digest) ? undefined : await state.content.stat(digest);
  if (!info) throw blobUnknown(digest);
  state.recent.add(digest);
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    "cache-control": "max-age=31536000",
    etag: `"${digest}"`,
  };
  const range = rangeOf(ctx.req.headers.range, info.sizeBytes);
  const [start, end] = range ?? [0, info.sizeBytes - 1];
  const partial = range ? { "content-range": `bytes ${start}-${end}/${info.sizeBytes}` } : {};
  const status = range ? 206 : 200;
  if (ctx.method === "HEAD" || info.sizeBytes === 0) {
    ctx.res.writeHead(status, { ...headers, ...partial, "content-length": end - start + 1 });
    ctx.res.end();
    return;
  }
  const blob = state.content.open(digest, { start, end });
  ctx.res.writeHead(status, { ...headers, ...partial, "content-length": end - start + 1 });
  await pipeline(blob, ctx.res, { signal: ctx.signal }).catch((error) => {
    // A client that goes away in the middle is no failure of ours.
    if (!ctx.signal.aborted && !ctx.res.destroyed) throw error;
  });
}

/** `bytes=a-b`, `a-` and `-n`; several ranges at once are answered with the whole (RFC 9110 §14.2). */
function rangeOf(header: string | undefined, sizeBytes: number): [start: number, end: number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const last = sizeBytes - 1;
  const start = match[1] === "" ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1]);
  const end = match[1] === "" || match[2] === "" ? last : Math.min(last, Number(match[2]));
  if (start > last || start > end) {
    throw new RegistryFailure("RANGE_INVALID", "the range cannot be satisfied", {
      headers: { "content-range": `bytes */${sizeBytes}` },
    });
  }
  return [start, end];
}

/** `DELETE /v2/<name>/blobs/<digest>`. Blobs are shared: one that others need stays, but not for this repository. */
export async function deleteBlob(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const digest = digestParameter(ctx.params.digest);
  if (state.repositories.isHidden(name, digest) || !(await state.content.stat(digest)))
    throw blobUnknown(digest);
  state.recent.delete(digest);
  const { deleted } = await state.content.deleteUnreferenced([digest]);
  if (deleted.length === 0) await state.repositories.hide(name, digest);
  sendEmpty(ctx.res, 202);
}

const blobUnknown = (digest: string) =>
  new RegistryFailure("BLOB_UNKNOWN", "blob unknown to registry", { detail: { digest } });
