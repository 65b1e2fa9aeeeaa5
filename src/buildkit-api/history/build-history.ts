import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AsyncQueue, type Clock, type Logger, notFound, writeFileDurably } from "../../base/index.ts";
import { digestOf, protobuf } from "../../formats/index.ts";
import type { FinishedBuild, RunningBuild } from "../control/builds.ts";
import { toGrpcError } from "../control/error-details.ts";
import { statusResponses } from "../control/status-responses.ts";
import { timestampOf } from "../messages/common-messages.ts";
import type { UPDATE_BUILD_HISTORY } from "../messages/control-messages.ts";
import {
  HistoryEventType,
  HistoryRecord,
  type LISTEN_BUILD_HISTORY,
  StatusResponse,
} from "../messages/control-messages.ts";
import { historyFilter } from "./history-filter.ts";

type Record = protobuf.Message<typeof HistoryRecord>;
type Event = protobuf.Outgoing<(typeof LISTEN_BUILD_HISTORY)["response"]>;
type ListenRequest = protobuf.Message<(typeof LISTEN_BUILD_HISTORY)["request"]>;
type UpdateRequest = protobuf.Message<(typeof UPDATE_BUILD_HISTORY)["request"]>;

/** As many as dockerd keeps, beside those that are pinned. */
const MAX_RECORDS = 50;
const STATUS_TYPE = "application/vnd.buildkit.status.v0";
/** What may stand in a build's id if it is to be a file's name: clients make them of letters and digits. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Builds that have ended, and their progress: two files each, which stand or fall together (`REF.record`, `REF.status`). */
export class BuildHistory {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #records = new Map<string, Record>();
  readonly #active = new Map<string, Record>();
  readonly #listeners = new Set<AsyncQueue<Event>>();

  constructor(dir: string, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#dir = dir;
    this.#clock = clock;
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    for (const name of await readdir(this.#dir)) {
      if (!name.endsWith(".record")) continue;
      try {
        const record = protobuf.decode(HistoryRecord, await readFile(join(this.#dir, name)));
        this.#records.set(record.ref, record);
      } catch (error) {
        this.#logger.warn("a build's record cannot be read", { name, error });
      }
    }
  }

  started(build: RunningBuild): void {
    const record = recordOf(build, {});
    this.#active.set(record.ref, record);
    this.#tell({ type: HistoryEventType.STARTED, record });
  }

  async finished(build: FinishedBuild): Promise<void> {
    const { ref } = build.request;
    const { total, completed, cached, warnings } = build.progress.counts();
    const status = framed([...statusResponses(build.progress.all())]);
    const error = build.error === undefined ? undefined : toGrpcError(build.error);
    const record = recordOf(build, {
      completedAt: timestampOf(build.endedMs),
      exporterResponse: build.response,
      numTotalSteps: total,
      numCompletedSteps: completed,
      numCachedSteps: cached,
      numWarnings: warnings,
      logs: { mediaType: STATUS_TYPE, digest: digestOf(status), size: status.length },
      ...(error ? { error: { code: error.code, message: error.message, details: [...error.details] } } : {}),
    });
    this.#active.delete(ref);
    this.#tell({ type: HistoryEventType.COMPLETE, record });
    if (!FILE_NAME.test(ref)) return;
    try {
      await writeFileDurably(this.#path(ref, "status"), status);
      await this.#save(record);
      await this.#forgetOldest();
    } catch (error) {
      // The build is done whether it can be remembered or not.
      this.#logger.warn("a build cannot be recorded", { ref, error });
    }
  }

  /** The progress of a build that has ended; undefined for one that has not, or is not known. */
  async status(ref: string): Promise<protobuf.Message<typeof StatusResponse>[] | undefined> {
    if (!this.#records.has(ref)) return undefined;
    return unframed(await readFile(this.#path(ref, "status")));
  }

  async *listen(request: ListenRequest, signal: AbortSignal): AsyncGenerator<Event> {
    const fits = historyFilter(request.filter, this.#clock.nowMs());
    const queue = new AsyncQueue<Event>(10_000);
    const isWanted = (record: Record) => (request.ref === "" || record.ref === request.ref) && fits(record);
    this.#listeners.add(queue);
    const onAbort = () => queue.end();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (const record of this.#active.values())
        if (isWanted(record)) yield { type: HistoryEventType.STARTED, record };
      if (!request.activeOnly) {
        const sorted = [...this.#records.values()].filter(isWanted).sort(byAge);
        const wanted = request.limit > 0 ? sorted.slice(-request.limit) : sorted;
        for (const record of wanted) yield { type: HistoryEventType.COMPLETE, record };
      }
      if (request.earlyExit) return;
      for await (const event of queue) if (isWanted(event.record as Record)) yield event;
    } finally {
      this.#listeners.delete(queue);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async update(request: UpdateRequest): Promise<void> {
    const record = this.#records.get(request.ref);
    if (request.finalize && !request.delete) return;
    if (!record) throw notFound(`no such build record ${request.ref}`);
    if (request.delete) await this.#delete(record);
    else if (record.pinned !== request.pinned) await this.#save({ ...record, pinned: request.pinned });
  }

  async #delete(record: Record): Promise<void> {
    this.#records.delete(record.ref);
    await rm(this.#path(record.ref, "record"), { force: true });
    await rm(this.#path(record.ref, "status"), { force: true });
    this.#tell({ type: HistoryEventType.DELETED, record });
  }

  async #save(record: Record): Promise<void> {
    await writeFileDurably(this.#path(record.ref, "record"), protobuf.encode(HistoryRecord, record));
    this.#records.set(record.ref, record);
  }

  async #forgetOldest(): Promise<void> {
    const loose = [...this.#records.values()].filter(({ pinned }) => !pinned).sort(byAge);
    for (const record of loose.slice(0, Math.max(0, loose.length - MAX_RECORDS))) await this.#delete(record);
  }

  #tell(event: Event): void {
    for (const listener of this.#listeners) listener.push(event);
  }

  #path(ref: string, kind: "record" | "status"): string {
    return join(this.#dir, `${ref}.${kind}`);
  }
}

function recordOf(
  { request, startedMs }: RunningBuild,
  rest: protobuf.Outgoing<typeof HistoryRecord>,
): Record {
  const { ref, frontend, frontendAttrs, exporters } = request;
  const outgoing = { ref, frontend, frontendAttrs, exporters, createdAt: timestampOf(startedMs), ...rest };
  return protobuf.decode(HistoryRecord, protobuf.encode(HistoryRecord, outgoing));
}

function byAge(a: Record, b: Record): number {
  const at = ({ createdAt }: Record) => (createdAt?.seconds ?? 0) * 1e9 + (createdAt?.nanos ?? 0);
  return at(a) - at(b);
}

/** Each message behind its length in four bytes, the lowest first (llbsolver, history). */
function framed(responses: readonly protobuf.Outgoing<typeof StatusResponse>[]): Buffer {
  return Buffer.concat(
    responses.flatMap((response) => {
      const bytes = protobuf.encode(StatusResponse, response);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(bytes.length);
      return [head, bytes];
    }),
  );
}

function unframed(bytes: Buffer): protobuf.Message<typeof StatusResponse>[] {
  const found: protobuf.Message<typeof StatusResponse>[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    found.push(protobuf.decode(StatusResponse, bytes.subarray(at + 4, end)));
    at = end;
  }
  return found;
}
