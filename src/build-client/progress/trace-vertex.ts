import type { LogEvent, StatusEvent, VertexEvent, WarningEvent } from "../../build/index.ts";

const KEPT_LINES = 10;
/** Lines that a failed operation is told with, where no display shows them as they come. */
const MAX_LINES = 2_000;

interface Interval {
  startedMs: number;
  completedMs: number | undefined;
}

/** One operation as a display sees it: what it is, how long it took, and what it said. */
export class TraceVertex {
  readonly digest: string;
  name = "";
  isCached = false;
  error = "";
  /** Number in plain output; 0 before it is first shown. */
  index = 0;
  readonly statuses = new Map<string, StatusEvent>();
  readonly changedStatuses = new Set<string>();
  readonly warnings: WarningEvent[] = [];
  /** Whole lines that no display has taken yet. */
  newLines: string[] = [];
  /** All lines, up to a limit. */
  readonly lines: string[] = [];
  /** The last lines of output without times. */
  readonly lastLines: string[] = [];
  /** How often it was changed since a display looked. */
  count = 0;
  readonly #intervals = new Map<number, Interval>();
  #partial: { text: string; atMs: number } | undefined;

  constructor(digest: string) {
    this.digest = digest;
  }

  get isStarted(): boolean {
    return this.#intervals.size > 0;
  }

  get isCompleted(): boolean {
    return (
      this.isStarted && [...this.#intervals.values()].every(({ completedMs }) => completedMs !== undefined)
    );
  }

  get isCanceled(): boolean {
    return this.error.endsWith("context canceled");
  }

  get completedMs(): number {
    return Math.max(0, ...[...this.#intervals.values()].map(({ completedMs }) => completedMs ?? 0));
  }

  /** Time that it ran; one that runs counts until `nowMs`. */
  durationMs(nowMs: number): number {
    const sorted = [...this.#intervals.values()].sort((left, right) => left.startedMs - right.startedMs);
    let total = 0;
    let endMs = 0;
    for (const { startedMs, completedMs = nowMs } of sorted) {
      total += Math.max(0, completedMs - Math.max(startedMs, endMs));
      endMs = Math.max(endMs, completedMs);
    }
    return total;
  }

  /** Returns whether anything of it is new. */
  takeVertex({ name, cached, error, startedMs, completedMs }: VertexEvent): boolean {
    this.name = name;
    if (startedMs === undefined) return false;
    // Several builds tell of the step that they share, each as of its own.
    const isToldAgain = this.isCompleted && completedMs !== undefined && error === this.error;
    if (isToldAgain && !this.#intervals.has(startedMs)) return false;
    const known = this.#intervals.get(startedMs);
    const isChanged =
      !known || known.completedMs !== completedMs || cached !== this.isCached || error !== this.error;
    this.isCached = cached;
    this.error = error;
    this.#intervals.set(startedMs, { startedMs, completedMs });
    if (completedMs !== undefined) this.#endLine();
    return isChanged;
  }

  takeLog({ data, timestampMs }: LogEvent): void {
    const pieces = data.toString("utf8").split("\n");
    for (const [at, piece] of pieces.entries()) {
      const isLast = at === pieces.length - 1;
      if (isLast && piece === "") break;
      this.#partial = { text: (this.#partial?.text ?? "") + piece, atMs: this.#partial?.atMs ?? timestampMs };
      if (!isLast) this.#endLine();
    }
  }

  #endLine(): void {
    if (!this.#partial) return;
    const { text, atMs } = this.#partial;
    this.#partial = undefined;
    const startedMs = Math.max(0, ...this.#intervals.keys());
    const line = `${seconds(startedMs === 0 ? 0 : (atMs - startedMs) / 1000)} ${text.replace(/\r$/, "")}`;
    this.newLines.push(line);
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
    const shown = lastState(text);
    if (shown === "") return;
    this.lastLines.push(shown);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
  }
}

/** Three digits before ten seconds, two before a hundred, one after. */
function seconds(value: number): string {
  return value.toFixed(value < 10 ? 3 : value < 100 ? 2 : 1);
}

/** What a line looks like in the end: programs that draw in it write it again after each return. */
function lastState(line: string): string {
  const plain = line.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-_])/g, "");
  const states = plain.split("\r").filter((state) => state.trim() !== "");
  return (states.at(-1) ?? "").replace(/\t/g, "    ").replace(/[\x00-\x1f\x7f]/g, "");
}
