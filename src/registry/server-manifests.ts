import { digestOf, isDigest, isTag, parseDigest } from "../formats/index.ts";
import { type HttpContext, readBody, sendBytes, sendEmpty } from "../http/index.ts";
import { type RegistryState, repositoryName } from "./server-context.ts";
import { RegistryFailure } from "./server-errors.ts";
import { type ManifestFacts, readManifestFacts } from "./server-manifest-document.ts";

/** The size that the specification asks registries to take at least. */
const MANIFEST_LIMIT = 4 * 2 ** 20;

/** `GET` and `HEAD /v2/<name>/manifests/<tag or digest>`. */
export async function getManifest(state: RegistryState, ctx: HttpContext): Promise<void> {
  const { digest, facts } = findManifest(state, ctx);
  const headers = { "docker-content-digest": digest, etag: `"${digest}"` };
  if (ctx.method === "HEAD") {
    ctx.res.writeHead(200, {
      ...headers,
      "content-type": facts.mediaType,
      "content-length": facts.sizeBytes,
    });
    ctx.res.end();
    return;
  }
  sendBytes(ctx.res, 200, facts.mediaType, await state.content.readBytes(digest, MANIFEST_LIMIT), headers);
}

/** `PUT /v2/<name>/manifests/<tag or digest>`: taken when all that it names is here. */
export async function putManifest(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const reference = referenceOf(ctx);
  const bytes = await readBody(ctx.req, MANIFEST_LIMIT);
  const facts = readManifestFacts(bytes, ctx.req.headers["content-type"] ?? "");
  const digest = digestOf(bytes, isDigest(reference) ? parseDigest(reference).algorithm : "sha256");
  if (isDigest(reference) && reference !== digest) {
    throw new RegistryFailure("DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  const lease = await state.content.lease([digest, ...facts.blobs, ...facts.manifests]);
  try {
    await assertComplete(state, name, facts);
    await state.content.ingest(bytes, { expectedDigest: digest });
    await state.repositories.putManifest(name, digest, facts, isDigest(reference) ? undefined : reference);
  } finally {
    await lease.release();
  }
  sendEmpty(ctx.res, 201, {
    location: `/v2/${name}/manifests/${digest}`,
    "docker-content-digest": digest,
    ...(facts.subject === undefined ? {} : { "oci-subject": facts.subject }),
  });
}

/** `DELETE /v2/<name>/manifests/<tag or digest>`: a tag alone, or the manifest with its tags. */
export async function deleteManifest(state: RegistryState, ctx: HttpContext): Promise<void> {
  const name = repositoryName(ctx);
  const reference = referenceOf(ctx);
  const { digest, facts } = findManifest(state, ctx);
  if (isDigest(reference)) {
    await state.repositories.deleteManifest(name, digest);
    await state.content.deleteUnreferenced([digest, ...facts.blobs]);
  } else {
    await state.repositories.deleteTag(name, reference);
  }
  sendEmpty(ctx.res, 202);
}

function findManifest(state: RegistryState, ctx: HttpContext): { digest: string; facts: ManifestFacts } {
  const name = repositoryName(ctx);
  const reference = referenceOf(ctx);
  const repository = state.repositories.get(name);
  const digest = isDigest(reference) ? reference : repository?.tags.get(reference);
  const facts = digest === undefined ? undefined : repository?.manifests.get(digest);
  if (digest === undefined || !facts) {
    throw new RegistryFailure("MANIFEST_UNKNOWN", "manifest unknown", { detail: { name, reference } });
  }
  return { digest, facts };
}

function referenceOf(ctx: HttpContext): string {
  const reference = ctx.params.reference ?? "";
  if (isDigest(reference) || isTag(reference)) return reference;
  const code = reference.includes(":") ? "DIGEST_INVALID" : "TAG_INVALID";
  throw new RegistryFailure(code, "invalid reference", { detail: reference.slice(0, 300) });
}

/** The subject may come later (distribution-spec, Pushing manifests with subject). */
async function assertComplete(state: RegistryState, name: string, facts: ManifestFacts): Promise<void> {
  const known = state.repositories.get(name)?.manifests;
  const missing = facts.manifests.filter((digest) => !known?.has(digest));
  for (const digest of facts.blobs) if (!(await state.content.stat(digest))) missing.push(digest);
  if (missing.length === 0) return;
  throw new RegistryFailure("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", {
    detail: { digest: missing[0] },
  });
}
