import type { Store, WatchBatch } from "../../../src/store/index.ts";
import { WatchHub } from "../../../src/store/watch/watch-hub.ts";
import type { KnownBad } from "./index.ts";
import { bound, withWatch } from "./wrap.ts";

type Publish = WatchHub["publish"];

/** Replaces how each commit's events go to the live watchers. */
function patchPublish(make: (publish: Publish) => Publish): () => void {
  return () => {
    const { publish } = WatchHub.prototype;
    WatchHub.prototype.publish = function (batch) {
      make(publish.bind(this)).call(this, batch);
    };
  };
}

let published = 0;
let held: WatchBatch | undefined;
const isEvery = (nth: number) => ++published % nth === 0;

export const skippedEvent: KnownBad = {
  patch: patchPublish((publish) => (batch) => {
    if (!isEvery(20)) publish(batch);
  }),
  breaks: ["watch reliable", "watch bookmarkable"],
};

export const swappedEvents: KnownBad = {
  patch: patchPublish((publish) => (batch) => {
    if (held) {
      publish(batch);
      publish(held);
      held = undefined;
    } else if (isEvery(20)) held = batch;
    else publish(batch);
  }),
  breaks: ["watch ordered"],
};

export const repeatedEvent: KnownBad = {
  patch: patchPublish((publish) => (batch) => {
    publish(batch);
    if (isEvery(20)) publish(batch);
  }),
  breaks: ["watch unique"],
};

export const splitRevision: KnownBad = {
  patch: patchPublish((publish) => ({ revision, events }) => {
    for (const event of events) publish({ revision, events: [event] });
  }),
  breaks: ["watch atomic"],
};

export const wrongPrevious: KnownBad = {
  patch: patchPublish((publish) => ({ revision, events }) => {
    const wrong = events.map((event) => ({ ...event, previous: isEvery(10) ? event.item : event.previous }));
    publish({ revision, events: wrong });
  }),
  breaks: ["watch previous value"],
};

export const earlyBookmark: KnownBad = {
  wrap: (store) =>
    withWatch(store, (batch) => (batch.progress ? { ...batch, revision: batch.revision + 2 } : batch)),
  breaks: ["watch bookmarkable", "watch ordered"],
};

export const lateStart: KnownBad = {
  wrap: (store: Store) => ({
    ...bound(store),
    watch: (options) => store.watch({ ...options, startRevision: (options.startRevision ?? 1) + 1 }),
  }),
  breaks: ["watch reliable"],
};

export const noFilter: KnownBad = {
  wrap: (store: Store) => ({
    ...bound(store),
    watch: (options) =>
      store.watch(options.key === "" ? options : { ...options, key: options.key.slice(0, 12), prefix: true }),
  }),
  breaks: ["watch filter"],
};
