import { FairTurn, isGantryError } from "../../../base/index.ts";
import {
  type KindDefinition,
  statusBadRequest,
  statusNotFound,
  statusTooLargeResourceVersion,
  statusUnclassified,
} from "../../api/index.ts";
import { loadAs, loadFrom } from "../objects/load-objects.ts";
import { isReadyFor, type ObjectFilter, parseFilter } from "../objects/object-filter.ts";
import { objectKey, searchPrefix } from "../objects/object-keys.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ListAnswer, ResourceCall, ServerContext } from "../server-context.ts";
import { type Continue, decodeContinue, encodeContinue, expiredContinue } from "./continue-token.ts";
import { refuseListOptions } from "./list-options.ts";

/** How long a read waits for a version that the cache has not seen yet (storage/cacher blockTimeout). */
const FRESHNESS_TIMEOUT_MS = 3000;

/** Without a resourceVersion: the newest state. With one: a state at least as new, which the cache has. */
export async function getObject(context: ServerContext, call: ResourceCall): Promise<StoredObject> {
  const { info, kind, query } = call;
  if (query.resourceVersion === undefined || query.resourceVersion === "") {
    return context.objects.get(kind, info.namespace, info.name!);
  }
  await waitForCache(context, parseVersion(query.resourceVersion));
  const found = context.cache.get(objectKey(kind, info.namespace, info.name!));
  if (!found) throw statusNotFound(kind, info.name!);
  if (!found.isReadyAs(kind)) await loadAs(kind, found);
  return found.viewedAs(kind);
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions tells what each parameter means. */
export async function listObjects(context: ServerContext, call: ResourceCall): Promise<ListAnswer> {
  const { kind, query, info } = call;
  refuseListOptions(query);
  const filter = parseFilter(kind, query, info.name);
  const prefix = searchPrefix(kind, info);
  const version = listVersion(query.resourceVersion);
  if (query.continue) {
    if (version) throw statusBadRequest("specifying resource version is not allowed when using continue");
    return listFromStore(context, kind, prefix, decodeContinue(query.continue), filter, query.limit);
  }
  // A page of a version that is named, and not as the least one, is of just that version.
  const isExact =
    query.resourceVersionMatch === "Exact" || (!query.resourceVersionMatch && !!version && !!query.limit);
  if (isExact) {
    const from = { revision: version, startAfter: undefined };
    return listFromStore(context, kind, prefix, from, filter, query.limit);
  }
  await waitForCache(context, version ?? (await context.objects.revision()));
  // Whoever takes any version takes all of it: what is in memory is not paged.
  const limit = version === 0 ? 0 : query.limit;
  return pageOf(kind, context.cache.list(prefix), context.cache.revision, prefix, filter, limit);
}

/** The version that a read or a watch names (storage Versioner.ParseResourceVersion). */
export function parseVersion(text: string): number {
  const why = versionProblem(text);
  if (why === undefined) return Number(text);
  throw statusUnclassified(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`);
}

/** As `parseVersion`, of a list, whose refusal is classed (storage.ValidateListOptions). */
function listVersion(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const why = versionProblem(text);
  if (why === undefined) return Number(text);
  throw statusBadRequest(
    `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`,
  );
}

function versionProblem(text: string): string | undefined {
  const of = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^\d+$/.test(text)) return `${of}: invalid syntax`;
  return Number(text) < 2 ** 64 ? undefined : `${of}: value out of range`;
}

export async function waitForCache(context: ServerContext, revision: number): Promise<void> {
  if (context.cache.revision >= revision) return;
  if (await context.cache.waitFor(revision, FRESHNESS_TIMEOUT_MS)) return;
  throw statusTooLargeResourceVersion(revision, context.cache.revision);
}

/** The first `limit` matches of what is in memory; the rest is read from the store at the same revision. */
async function pageOf(
  kind: KindDefinition,
  objects: readonly StoredObject[],
  revision: number,
  prefix: string,
  filter: ObjectFilter | undefined,
  limit = 0,
): Promise<ListAnswer> {
  const resourceVersion = String(revision);
  const page = (items: readonly StoredObject[], remaining: number): ListAnswer => ({
    items,
    resourceVersion,
    continue: encodeContinue({ revision, startAfter: items.at(-1)!.key.slice(prefix.length) }),
    ...(filter ? {} : { remainingItemCount: remaining }),
  });
  if (!filter && !kind.storedAs && !kind.conversion) {
    const isWhole = limit <= 0 || objects.length <= limit;
    return isWhole
      ? { items: objects, resourceVersion }
      : page(objects.slice(0, limit), objects.length - limit);
  }
  const turn = new FairTurn();
  const items: StoredObject[] = [];
  for (const [index, stored] of objects.entries()) {
    if (turn.isSpent) await turn.next();
    if (!isReadyFor(kind, filter, stored)) await loadFrom(kind, objects, index);
    const object = stored.viewedAs(kind);
    if (filter && !filter.matches(object)) continue;
    items.push(object);
    if (items.length !== limit) continue;
    const remaining = objects.length - index - 1;
    if (remaining === 0) break;
    return page(items, remaining);
  }
  return { items, resourceVersion };
}

const PAGE = 500;

/** A list as it was at an earlier revision. */
async function listFromStore(
  context: ServerContext,
  kind: KindDefinition,
  prefix: string,
  from: Continue,
  filter: ObjectFilter | undefined,
  limit = 0,
): Promise<ListAnswer> {
  const turn = new FairTurn();
  const items: StoredObject[] = [];
  let startAfter = from.startAfter === undefined ? undefined : prefix + from.startAfter;
  let revision = from.revision;
  for (;;) {
    const want = limit > 0 && !filter ? limit - items.length : PAGE;
    const page = await readPage(context, prefix, revision, startAfter, want);
    revision ??= page.revision;
    const found = page.items.map(({ key, value, modRevision }) =>
      context.objects.fromItem(key, value, modRevision),
    );
    for (const [index, stored] of found.entries()) {
      if (turn.isSpent) await turn.next();
      const { key } = stored;
      startAfter = key;
      if (!isReadyFor(kind, filter, stored)) await loadFrom(kind, found, index);
      const object = stored.viewedAs(kind);
      if (filter && !filter.matches(object)) continue;
      items.push(object);
      const remaining = page.count - index - 1;
      if (limit > 0 && items.length === limit && remaining > 0) {
        const next = encodeContinue({ revision, startAfter: key.slice(prefix.length) });
        return {
          items,
          resourceVersion: String(revision),
          continue: next,
          ...(filter ? {} : { remainingItemCount: remaining }),
        };
      }
    }
    if (!page.more) return { items, resourceVersion: String(revision) };
  }
}

async function readPage(
  context: ServerContext,
  prefix: string,
  revision: number | undefined,
  startAfter: string | undefined,
  limit: number,
) {
  try {
    return await context.objects.range(prefix, { revision, startAfter, limit });
  } catch (error) {
    if (isGantryError(error, "Gone")) {
      throw expiredContinue(startAfter?.slice(prefix.length));
    }
    if (isGantryError(error) && error.code === "Store.FutureRevision") {
      throw statusTooLargeResourceVersion(revision ?? 0, await context.objects.revision());
    }
    throw error;
  }
}
