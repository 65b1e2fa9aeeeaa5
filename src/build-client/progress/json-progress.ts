import type { SolveEvent } from "../../build/index.ts";
import type { BuildTrace } from "./build-trace.ts";
import type { BuildProgress } from "./types.ts";

/** One JSON object a line, as `--progress rawjson` has it (moby/buildkit, client.SolveStatus). */
export class JsonProgress implements BuildProgress {
  readonly #trace: BuildTrace;
  readonly #write: (text: string) => void;

  constructor(trace: BuildTrace, write: (text: string) => void) {
    this.#trace = trace;
    this.#write = write;
  }

  take(events: readonly SolveEvent[]): void {
    this.#trace.take(events);
    const status = {
      vertexes: ofKind(
        events,
        "vertex",
        ({ digest, inputs, name, startedMs, completedMs, cached, error }) => ({
          digest,
          ...(inputs.length > 0 ? { inputs } : {}),
          name,
          ...{ started: timeOf(startedMs), completed: timeOf(completedMs) },
          ...(cached ? { cached } : {}),
          ...(error === "" ? {} : { error }),
        }),
      ),
      statuses: ofKind(events, "status", (event) => ({
        ...{ id: event.id, vertex: event.vertex },
        ...(event.name === "" ? {} : { name: event.name }),
        ...(event.total === 0 ? {} : { total: event.total }),
        current: event.current,
        timestamp: timeOf(event.timestampMs),
        ...{ started: timeOf(event.startedMs), completed: timeOf(event.completedMs) },
      })),
      logs: ofKind(events, "log", ({ vertex, stream, data, timestampMs }) => ({
        ...{ vertex, stream, data: data.toString("base64"), timestamp: timeOf(timestampMs) },
      })),
      warnings: ofKind(events, "warning", ({ vertex, level, short, detail, url, info, ranges }) => ({
        ...{ vertex, level, short: base64(short), detail: detail.map(base64) },
        ...(url === "" ? {} : { url }),
        ...(info ? { sourceInfo: { ...info, data: Buffer.from(info.data).toString("base64") } } : {}),
        ...(ranges.length > 0 ? { range: ranges } : {}),
      })),
    };
    this.#write(`${JSON.stringify(status)}\n`);
  }

  end(): void {}
}

type OfKind<K extends SolveEvent["kind"]> = Extract<SolveEvent, { kind: K }>;

function ofKind<K extends SolveEvent["kind"], T>(
  events: readonly SolveEvent[],
  kind: K,
  form: (event: OfKind<K>) => T,
): T[] | undefined {
  const found = events.filter((event): event is OfKind<K> => event.kind === kind);
  return found.length === 0 ? undefined : found.map(form);
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
