import { counter, Histogram, histogram, label } from "../../../formats/index.ts";
import type { KindDefinition } from "../../api/index.ts";

/** Upper bounds in bytes (apiserver_watch_events_sizes). */
const SIZES = Array.from({ length: 8 }, (_, index) => 1024 * 2 ** index);

/** Events that went to watchers, by kind. */
export class WatchMetrics {
  readonly #sizes = new Map<string, Histogram>();

  /** Takes the sizes of events of a kind, in bytes. */
  of({ group, version, kind }: KindDefinition): (sizeBytes: number) => void {
    const labels = [label("group", group), label("version", version), label("kind", kind)].join(",");
    const series = this.#sizes.get(labels) ?? new Histogram(SIZES);
    this.#sizes.set(labels, series);
    return (sizeBytes) => series.observe(sizeBytes);
  }

  lines(): string[] {
    const counts = [...this.#sizes].map(([labels, { count }]): [string, number] => [`{${labels}}`, count]);
    return [
      ...counter(
        "apiserver_watch_events_total",
        "Events sent to watchers.",
        counts.filter(([, count]) => count > 0),
      ),
      ...histogram("apiserver_watch_events_sizes", "Bytes of events sent to watchers.", this.#sizes),
    ];
  }
}
