import type { SolveEvent, VertexEvent, WarningEvent } from "../../build/index.ts";
import { TraceVertex } from "./trace-vertex.ts";

/** What a build has told so far. Operations of a progress group are one. */
export class BuildTrace {
  readonly #byDigest = new Map<string, TraceVertex>();
  /** In the order in which they started. */
  readonly started: TraceVertex[] = [];
  readonly warnings: WarningEvent[] = [];
  /** Those with something new. */
  readonly updated = new Set<TraceVertex>();
  /** When the first operation started, by the engine's clock. */
  startedMs: number | undefined;

  take(events: readonly SolveEvent[]): void {
    for (const event of events) this.#take(event);
  }

  get all(): TraceVertex[] {
    return [...new Set(this.#byDigest.values())];
  }

  get counts(): { total: number; completed: number } {
    const all = this.all;
    return { total: all.length, completed: all.filter(({ isCompleted }) => isCompleted).length };
  }

  #take(event: SolveEvent): void {
    if (event.kind === "vertex") {
      this.#takeVertex(event);
      return;
    }
    if (event.kind === "warning") this.warnings.push(event);
    const vertex = this.#byDigest.get(event.vertex);
    if (!vertex) return;
    if (event.kind === "status") {
      vertex.statuses.set(event.id, event);
      vertex.changedStatuses.add(event.id);
    } else if (event.kind === "warning") vertex.warnings.push(event);
    else vertex.takeLog(event);
    this.#update(vertex);
  }

  #takeVertex(event: VertexEvent): void {
    const { digest, progressGroup, startedMs } = event;
    const key = progressGroup?.id || digest;
    const vertex = this.#byDigest.get(digest) ?? this.#byDigest.get(key) ?? new TraceVertex(key);
    this.#byDigest.set(digest, vertex);
    this.#byDigest.set(key, vertex);
    const wasStarted = vertex.isStarted;
    const isChanged = vertex.takeVertex(progressGroup ? { ...event, name: progressGroup.name } : event);
    if (startedMs !== undefined) this.startedMs = Math.min(this.startedMs ?? startedMs, startedMs);
    if (!wasStarted && vertex.isStarted) this.started.push(vertex);
    if (isChanged) this.#update(vertex);
  }

  #update(vertex: TraceVertex): void {
    vertex.count++;
    this.updated.add(vertex);
  }
}
