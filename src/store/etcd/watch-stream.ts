import { type ServiceError, status } from "@grpc/grpc-js";
import { backoffMs, type Clock, errorMessage, isGantryError, type Logger } from "../../base/index.ts";
import { closed } from "../errors.ts";
import type { EtcdConnection, Stream } from "./connection.ts";
import { etcdError, isStaleToken, isUnavailable, PERMISSION_DENIED } from "./etcd-errors.ts";
import { type EtcdEvent, type EtcdWatchResponse, WatchRequest, WatchResponse } from "./messages.ts";

const METHOD = { path: "/etcdserverpb.Watch/Watch", request: WatchRequest, response: WatchResponse };
const RECONNECT = { initialMs: 50, maxMs: 2_000 };

/** A watch of etcd's keys; all revisions are etcd's. */
export interface WatchTarget {
  key: Uint8Array;
  rangeEnd?: Uint8Array;
  /** All before it is delivered, or not wanted. */
  nextRevision: number;
  /** True as long as `nextRevision` is thought not to be there yet. */
  isFresh: boolean;
  onEvents(revision: number, events: EtcdEvent[]): void;
  /** Nothing up to this revision is missing. */
  onProgress(revision: number): void;
  /** The watch is over: `revision` is not there any more. */
  onCompacted(revision: number, compactRevision: number): void;
  /** The watch is over. */
  onFailure(error: unknown): void;
}

interface Watch {
  target: WatchTarget;
  /** Of this connection. */
  id: number;
  /** Events of a response that comes in several fragments. */
  fragments: EtcdEvent[];
  hasRenewedToken: boolean;
}

interface OpenStream {
  stream: Stream<typeof WatchRequest, typeof WatchResponse>;
  endpoint: string;
  token: string | undefined;
  /** Ids of watches in the order in which they were asked for, until etcd has answered to that. */
  unconfirmed: number[];
  leaveEndpoint(): void;
}

export interface WatchStreamOptions {
  connection: EtcdConnection;
  logger: Logger;
  clock: Clock;
}

/**
 * All watches of a store over one stream. When the stream breaks, they go on over the next one after the last revision that
 * each of them had, so that nothing is missed and nothing told twice; Gone when that was compacted in between.
 */
export class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #watches = new Map<number, Watch>();
  readonly #closing = new AbortController();
  #lastId = 0;
  #open: OpenStream | undefined;
  #connecting: Promise<void> | undefined;
  #failedAttempts = 0;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
  }

  /** Begins a watch; the returned function ends it. */
  add(target: WatchTarget): () => void {
    const watch: Watch = { target, id: ++this.#lastId, fragments: [], hasRenewedToken: false };
    this.#watches.set(watch.id, watch);
    if (this.#open) this.#create(this.#open, watch);
    else this.#connect();
    return () => this.#remove(watch);
  }

  close(): void {
    this.#closing.abort();
    for (const watch of [...this.#watches.values()]) this.#fail(watch, closed());
    this.#dropStream();
  }

  #connect(): void {
    this.#connecting ??= this.#connectUntilOpen().finally(() => {
      this.#connecting = undefined;
      // One that was added after the last look.
      if (!this.#open && this.#watches.size > 0 && !this.#closing.signal.aborted) this.#connect();
    });
  }

  async #connectUntilOpen(): Promise<void> {
    const { connection, clock, logger } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted && this.#watches.size > 0) {
      if (this.#failedAttempts > 0) {
        await clock.sleep(backoffMs(this.#failedAttempts - 1, RECONNECT), signal).catch(() => {});
      }
      this.#failedAttempts++;
      try {
        const opened = await connection.openStream<typeof WatchRequest, typeof WatchResponse>(METHOD);
        if (signal.aborted || this.#watches.size === 0) opened.stream.cancel();
        else this.#attach({ ...opened, endpoint: opened.endpoint.name, unconfirmed: [] });
        return;
      } catch (error) {
        if (signal.aborted) return;
        const isForGood = isGantryError(error) && !isGantryError(error, "Unavailable");
        if (isForGood) {
          this.#failAll(error);
          return;
        }
        logger.warn("etcd's watch stream cannot be opened; it is tried again", {
          error: errorMessage(error),
        });
      }
    }
  }

  #attach(open: OpenStream): void {
    this.#open = open;
    open.stream.on("data", (response: EtcdWatchResponse) => {
      if (this.#open === open) this.#receive(open, response);
    });
    open.stream.on("error", (error: ServiceError) => this.#onBroken(open, error));
    open.stream.on("end", () => this.#onBroken(open, undefined));
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    for (const watch of watches) {
      // A new number: whatever still comes for the old one belongs to nobody.
      watch.id = ++this.#lastId;
      watch.fragments = [];
      this.#watches.set(watch.id, watch);
      this.#create(open, watch);
    }
  }

  #onBroken(open: OpenStream, error: ServiceError | undefined): void {
    if (this.#open !== open) return;
    this.#dropStream();
    for (const { target } of this.#watches.values()) target.isFresh = false;
    if (error && isUnavailable(error)) open.leaveEndpoint();
    if (error && isStaleToken(error.details)) this.#options.connection.forgetToken(open.token);
    const why = error?.details ?? "the stream ended";
    this.#options.logger.warn("etcd's watch stream broke", { endpoint: open.endpoint, why });
    this.#connect();
  }

  #create({ stream, unconfirmed }: OpenStream, { id, target }: Watch): void {
    unconfirmed.push(id);
    // Asking for the revision before as well makes etcd refuse when `nextRevision` itself was compacted. It would
    // deliver it, but without the deletes in it and without previous values. What is not there yet needs no such care.
    const startRevision = Math.max(1, target.isFresh ? target.nextRevision : target.nextRevision - 1);
    stream.write({
      create_request: {
        key: target.key,
        range_end: target.rangeEnd,
        start_revision: startRevision,
        progress_notify: true,
        prev_kv: true,
        watch_id: id,
        fragment: true,
      },
    });
  }

  #receive(open: OpenStream, response: EtcdWatchResponse): void {
    const revision = response.header?.revision ?? 0;
    this.#options.connection.noteRevision(revision);
    // A watch that is refused is answered without its id.
    const id = response.created ? open.unconfirmed.shift() : response.watch_id;
    const watch = id === undefined ? undefined : this.#watches.get(id);
    if (!watch) return;
    if (response.canceled) {
      this.#onCanceled(open, watch, response);
      return;
    }
    this.#failedAttempts = 0;
    if (response.created) {
      if (watch.target.isFresh && revision >= watch.target.nextRevision) this.#createAgain(open, watch);
      return;
    }
    for (const event of response.events) watch.fragments.push(event);
    if (response.fragment) return;
    const events = watch.fragments;
    watch.fragments = [];
    if (events.length === 0) progress(watch.target, revision);
    else deliver(watch.target, events);
  }

  /** etcd was past the first revision already, and so reads it from what it has kept. */
  #createAgain(open: OpenStream, watch: Watch): void {
    open.stream.write({ cancel_request: { watch_id: watch.id } });
    this.#watches.delete(watch.id);
    watch.id = ++this.#lastId;
    watch.target.isFresh = false;
    this.#watches.set(watch.id, watch);
    this.#create(open, watch);
  }

  #onCanceled(open: OpenStream, watch: Watch, { compact_revision, cancel_reason }: EtcdWatchResponse): void {
    if (compact_revision > 0) {
      this.#remove(watch);
      watch.target.onCompacted(watch.target.nextRevision, compact_revision);
      return;
    }
    // The reason may have "rpc error: code = … desc = " before etcd's text.
    const reason = cancel_reason.replace(/^rpc error: .* desc = /, "");
    const mayBeToken = reason === PERMISSION_DENIED || isStaleToken(reason);
    if (mayBeToken && open.token && !watch.hasRenewedToken) {
      // The token belongs to the stream: all watches move to a new one.
      watch.hasRenewedToken = true;
      this.#options.connection.forgetToken(open.token);
      this.#dropStream();
      for (const { target } of this.#watches.values()) target.isFresh = false;
      this.#connect();
      return;
    }
    const code = reason === PERMISSION_DENIED ? status.PERMISSION_DENIED : status.UNKNOWN;
    const error = Object.assign(new Error(reason), { code, details: reason }) as unknown as ServiceError;
    this.#fail(watch, etcdError(error, { endpoint: open.endpoint, write: false }));
  }

  #remove(watch: Watch): void {
    if (this.#watches.get(watch.id) !== watch) return;
    this.#watches.delete(watch.id);
    if (this.#watches.size === 0) this.#dropStream();
    else this.#open?.stream.write({ cancel_request: { watch_id: watch.id } });
  }

  #fail(watch: Watch, error: unknown): void {
    this.#remove(watch);
    watch.target.onFailure(error);
  }

  #failAll(error: unknown): void {
    for (const watch of [...this.#watches.values()]) this.#fail(watch, error);
  }

  #dropStream(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.stream.cancel();
  }
}

/** Whole revisions in order; what the watch already has is left out. */
function deliver(target: WatchTarget, events: readonly EtcdEvent[]): void {
  for (let start = 0; start < events.length; ) {
    const revision = events[start]!.kv!.mod_revision;
    let end = start + 1;
    while (end < events.length && events[end]!.kv!.mod_revision === revision) end++;
    if (revision >= target.nextRevision) {
      target.nextRevision = revision + 1;
      target.onEvents(revision, events.slice(start, end));
    }
    start = end;
  }
}

function progress(target: WatchTarget, revision: number): void {
  if (revision < target.nextRevision) return;
  target.nextRevision = revision + 1;
  target.onProgress(revision);
}
