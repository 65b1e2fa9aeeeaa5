import { type Descriptor, MediaType } from "../formats/index.ts";
import { type HttpContext, sendBytes, sendJson } from "../http/index.ts";
import { digestParameter, type RegistryState, repositoryName } from "./server-context.ts";
import { RegistryFailure } from "./server-errors.ts";

const MAX_PAGE = 10_000;

/** `GET /v2/<name>/tags/list`, a page at a time with `n` and `last` (distribution-spec, Listing tags). */
export function listTags(state: RegistryState, ctx: HttpContext): void {
  const name = repositoryName(ctx);
  const repository = state.repositories.get(name);
  if (!repository || repository.manifests.size === 0) {
    throw new RegistryFailure("NAME_UNKNOWN", "repository name not known to registry", { detail: { name } });
  }
  const { page, link } = paged(ctx, [...repository.tags.keys()].sort());
  sendJson(ctx.res, 200, { name, tags: page }, link);
}

/** `GET /v2/_catalog`, which is not of the specification but of every registry. */
export function listRepositories(state: RegistryState, ctx: HttpContext): void {
  const { page, link } = paged(ctx, state.repositories.names());
  sendJson(ctx.res, 200, { repositories: page }, link);
}

function paged(ctx: HttpContext, names: readonly string[]): { page: string[]; link: Record<string, string> } {
  const last = ctx.query.get("last");
  const after = last === null ? [...names] : names.filter((name) => name > last);
  const text = ctx.query.get("n");
  if (text === null) return { page: after, link: {} };
  const count = /^\d{1,9}$/.test(text) ? Math.min(Number(text), MAX_PAGE) : undefined;
  if (count === undefined)
    throw new RegistryFailure("SIZE_INVALID", "n is not a number", { detail: text.slice(0, 100) });
  const page = after.slice(0, count);
  if (count === 0 || page.length === after.length) return { page, link: {} };
  const next = new URLSearchParams({ n: String(count), last: page.at(-1)! });
  return { page, link: { link: `<${ctx.path}?${next}>; rel="next"` } };
}

/** `GET /v2/<name>/referrers/<digest>`: what names the manifest as its subject (distribution-spec, Listing referrers). */
export function listReferrers(state: RegistryState, ctx: HttpContext): void {
  const name = repositoryName(ctx);
  const subject = digestParameter(ctx.params.digest);
  const wanted = ctx.query.get("artifactType");
  const manifests: Descriptor[] = [];
  for (const [digest, facts] of state.repositories.get(name)?.manifests ?? []) {
    const { mediaType, sizeBytes: size, artifactType, annotations } = facts;
    if (facts.subject !== subject || (wanted !== null && artifactType !== wanted)) continue;
    manifests.push({
      mediaType,
      digest,
      size,
      ...(artifactType ? { artifactType } : {}),
      ...(annotations ? { annotations } : {}),
    });
  }
  const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  const filters: Record<string, string> = wanted === null ? {} : { "oci-filters-applied": "artifactType" };
  sendBytes(ctx.res, 200, MediaType.ociIndex, Buffer.from(JSON.stringify(index)), filters);
}
