import { FairTurn, isGantryError } from "../../../base/index.ts";
import { type KindDefinition, StatusError, statusExpired } from "../../api/index.ts";
import { loadAs, loadFrom } from "../objects/load-objects.ts";
import type { ObjectBatch } from "../objects/object-cache.ts";
import { isReadyFor, type ObjectFilter, parseFilter } from "../objects/object-filter.ts";
import { searchPrefix } from "../objects/object-keys.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ResourceCall, ServerContext, WatchAnswer, WatchItem } from "../server-context.ts";
import { refuseWatchOptions } from "./list-options.ts";
import { parseVersion, waitForCache } from "./read-objects.ts";

const INITIAL_EVENTS_END = "k8s.io/initial-events-end";
/** Without a wish of the client's, a watch ends after 30 to 60 minutes (apiserver MinRequestTimeout). */
const DEFAULT_SECONDS = 1800;
/** How often a watcher without events is told how far it is. */
const BOOKMARK_MS = 60_000;
/** How much of the initial state is told at a time. */
const SLICE_BYTES = 128 * 1024;

/**
 * Watches a resource. Without a version (or with 0) first comes the current state as ADDED; with one, what happened
 * since then. `sendInitialEvents` gives the current state and marks its end by a bookmark (WatchList).
 */
export async function watchObjects(context: ServerContext, call: ResourceCall): Promise<WatchAnswer> {
  const { kind, query, info } = call;
  refuseWatchOptions(query);
  const filter = parseFilter(kind, query, info.name);
  const version = query.resourceVersion ? parseVersion(query.resourceVersion) : 0;
  const wantsState = query.sendInitialEvents ?? version === 0;
  const mustBeNewest = wantsState && !query.resourceVersion;
  await waitForCache(context, mustBeNewest ? await context.objects.revision() : version);
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  return { items: events(context, call, filter, wantsState ? undefined : version, resolve), begun };
}

async function* events(
  context: ServerContext,
  call: ResourceCall,
  filter: ObjectFilter | undefined,
  afterVersion: number | undefined,
  onBegun: () => void,
): AsyncGenerator<readonly WatchItem[]> {
  const { kind, info, query } = call;
  const prefix = searchPrefix(kind, info);
  const seconds = query.timeoutSeconds || Math.round(DEFAULT_SECONDS * (1 + Math.random()));
  const over = new AbortController();
  const cancel = context.clock.after(seconds * 1000, () => over.abort(), { unref: true });
  const signal = AbortSignal.any([call.signal, over.signal]);
  const bookmarks = new Bookmarks(context, query.allowWatchBookmarks === true);
  const turn = new FairTurn(undefined, call.user.name);
  try {
    const wantsState = afterVersion === undefined;
    const after = afterVersion ?? context.cache.revision;
    const state = wantsState ? context.cache.list(prefix) : [];
    // The watch begins now: a client that takes long for the state does not lose its place meanwhile.
    const changes = context.cache.watch(prefix, after, signal);
    yield* initialEvents(kind, state, filter);
    if (wantsState && query.sendInitialEvents && query.allowWatchBookmarks) yield [initialEventsEnd(after)];
    onBegun();
    for await (const batch of changes) {
      for (const { object, previous } of batch.events) {
        if (!isReadyFor(kind, filter, object)) await loadAs(kind, object);
        if (previous && !isReadyFor(kind, filter, previous)) await loadAs(kind, previous);
      }
      if (turn.isSpent) await turn.next();
      const items = visible(kind.storedAs || kind.conversion ? viewed(batch, kind) : batch, filter);
      if (items.length > 0) bookmarks.sent();
      else if (bookmarks.isDue()) items.push({ type: "BOOKMARK", resourceVersion: String(batch.revision) });
      if (items.length > 0) yield items;
    }
  } catch (error) {
    throw watchFailure(error, afterVersion);
  } finally {
    cancel();
    over.abort();
  }
}

class Bookmarks {
  readonly #context: ServerContext;
  readonly #wanted: boolean;
  #lastMs: number;

  constructor(context: ServerContext, wanted: boolean) {
    this.#context = context;
    this.#wanted = wanted;
    this.#lastMs = context.clock.monotonicMs();
  }

  sent(): void {
    if (this.#wanted) this.#lastMs = this.#context.clock.monotonicMs();
  }

  isDue(): boolean {
    if (!this.#wanted || this.#context.clock.monotonicMs() - this.#lastMs < BOOKMARK_MS) return false;
    this.sent();
    return true;
  }
}

/** The state as events, some at a time and in turns, so that a long one does not hold the event loop. */
async function* initialEvents(
  kind: KindDefinition,
  state: readonly StoredObject[],
  filter: ObjectFilter | undefined,
): AsyncGenerator<readonly WatchItem[]> {
  const turn = new FairTurn();
  let items: WatchItem[] = [];
  let bytes = 0;
  for (const [index, stored] of state.entries()) {
    if (turn.isSpent) await turn.next();
    if (!isReadyFor(kind, filter, stored)) await loadFrom(kind, state, index);
    const object = stored.viewedAs(kind);
    if (filter && !filter.matches(object)) continue;
    items.push({ type: "ADDED", object, encoded: new Map() });
    bytes += object.bytes.length;
    if (bytes < SLICE_BYTES) continue;
    yield items;
    items = [];
    bytes = 0;
  }
  if (items.length > 0) yield items;
}

function initialEventsEnd(revision: number): WatchItem {
  return {
    type: "BOOKMARK",
    resourceVersion: String(revision),
    annotations: { [INITIAL_EVENTS_END]: "true" },
  };
}

/**
 * What a watcher with a selector sees: an object that begins to match is ADDED, one that no longer does is DELETED, with
 * its last matching state at the version of the change.
 */
function visible(batch: ObjectBatch, filter: ObjectFilter | undefined): WatchItem[] {
  if (!filter) return batch.events.map(({ type, object, encoded }) => ({ type, object, encoded }));
  const items: WatchItem[] = [];
  for (const { type, object, previous, encoded } of batch.events) {
    const matched = type !== "ADDED" && previous !== undefined && filter.matches(previous);
    const matches = type !== "DELETED" && filter.matches(object);
    if (matches) items.push({ type: matched ? "MODIFIED" : "ADDED", object, encoded });
    else if (!matched) continue;
    else if (type === "DELETED") items.push({ type, object, encoded });
    else items.push({ type: "DELETED", object: previous.deletedAt(object.revision), encoded: new Map() });
  }
  return items;
}

function viewed({ revision, events }: ObjectBatch, kind: KindDefinition): ObjectBatch {
  return {
    revision,
    events: events.map(({ type, object, previous }) => ({
      type,
      object: object.viewedAs(kind),
      previous: previous?.viewedAs(kind),
      encoded: new Map(),
    })),
  };
}

function watchFailure(error: unknown, afterVersion: number | undefined): unknown {
  if (error instanceof StatusError || !isGantryError(error)) return error;
  if (error.kind === "Gone")
    return statusExpired(
      `too old resource version: ${afterVersion} (${error.details?.oldest ?? "compacted"})`,
    );
  if (error.kind === "ResourceExhausted") {
    return statusExpired("the watcher was too slow and lost its place; list again");
  }
  return error;
}
