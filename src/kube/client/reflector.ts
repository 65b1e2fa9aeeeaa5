import { type Clock, GantryError, type Logger } from "../../base/index.ts";
import type { KubeObject } from "../api/types.ts";
import type { IndexedInformer } from "./informer.ts";
import { pause } from "./pause.ts";
import { ReflectorTrouble } from "./reflector-trouble.ts";
import type { KubeClient, ListOptions, ResourceRef } from "./types.ts";

export interface ReflectorOptions {
  client: KubeClient;
  resource: ResourceRef;
  selectors: { fieldSelector?: string; labelSelector?: string };
  target: IndexedInformer;
  pageSize: number | undefined;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

/** Watches are renewed after 5 to 10 minutes, spread so that not all informers come back at once. */
const WATCH_SECONDS = 300;

/**
 * Keeps an informer equal to the server: one list, then watches that go on where the one before ended. A lost
 * connection resumes at the last version seen; only when the server no longer has that version (410) it lists again.
 * Resolves when the signal aborts.
 */
export async function runReflector(options: ReflectorOptions): Promise<void> {
  const { logger, resource, signal } = options;
  const trouble = new ReflectorTrouble(resource, logger);
  let resumeAt: string | undefined;
  while (!signal.aborted) {
    try {
      resumeAt ??= await listAll(options);
      for await (const version of watchFrom(options, resumeAt)) {
        resumeAt = version;
        trouble.over();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isExpired(error)) resumeAt = undefined;
      if (await pause(options, trouble.failed(error))) trouble.reconsider();
    }
  }
}

async function listAll(options: ReflectorOptions): Promise<string> {
  const { client, resource, selectors, pageSize, signal } = options;
  const objects: KubeObject[] = [];
  let next: ListOptions = {};
  for (;;) {
    const page = await client.list(resource, { ...selectors, ...next, limit: pageSize, signal });
    objects.push(...page.items);
    if (!page.metadata.continue) {
      options.target.replace(objects);
      return page.metadata.resourceVersion;
    }
    next = { continue: page.metadata.continue };
  }
}

/** Applies events as they come and yields the version to resume at. */
async function* watchFrom(options: ReflectorOptions, resourceVersion: string): AsyncGenerator<string> {
  const { client, resource, selectors, target, signal } = options;
  const events = client.watch(resource, {
    ...selectors,
    resourceVersion,
    allowWatchBookmarks: true,
    timeoutSeconds: Math.round(WATCH_SECONDS * (1 + Math.random())),
    signal,
  });
  for await (const event of events) {
    if (event.type !== "BOOKMARK") target.apply(event.type, event.object);
    yield event.object.metadata.resourceVersion;
  }
}

function isExpired(error: unknown): boolean {
  return error instanceof GantryError && error.kind === "Gone";
}
