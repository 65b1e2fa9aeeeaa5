import { counter, Histogram, histogram, label } from "../../formats/index.ts";
import type { TransactionRequest } from "../types.ts";

/** Upper bounds in seconds (etcd_request_duration_seconds of apiserver's etcd3 metrics). */
const BOUNDS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

export type EtcdOperation = "get" | "list" | "create" | "update" | "delete";

/** What a transaction is mostly for: what it does to its first key. */
export function purposeOf({ compare = [], success }: TransactionRequest): [EtcdOperation, key: string] {
  const [first] = success;
  if (!first) return ["get", ""];
  if (first.type === "deletePrefix") return ["delete", first.prefix];
  if (first.type !== "put") return [first.type, first.key];
  const isNew = compare.some(({ target, value }) => target === "version" && value === 0);
  return [isNew ? "create" : "update", first.key];
}

/** How long etcd took for requests, by what they did and to which keys. */
export class EtcdRequestTimes {
  readonly #typeOf: (key: string) => string;
  readonly #durations = new Map<string, Histogram>();
  readonly #errors = new Map<string, number>();

  /** `typeOf` names what kind of thing lies under a key: there are to be few. */
  constructor(typeOf: (key: string) => string) {
    this.#typeOf = typeOf;
  }

  observe(operation: EtcdOperation, key: string, seconds: number, hasFailed: boolean): void {
    const labels = `${label("operation", operation)},${label("type", this.#typeOf(key))}`;
    let series = this.#durations.get(labels);
    if (!series) {
      series = new Histogram(BOUNDS);
      this.#durations.set(labels, series);
    }
    series.observe(seconds);
    if (hasFailed) this.#errors.set(labels, (this.#errors.get(labels) ?? 0) + 1);
  }

  /** In Prometheus' text form. */
  lines(): string[] {
    const braced = (values: Iterable<readonly [string, number]>) =>
      [...values].map(([labels, value]): [string, number] => [`{${labels}}`, value]);
    const counts = [...this.#durations].map(([labels, { count }]): [string, number] => [labels, count]);
    return [
      ...histogram("etcd_request_duration_seconds", "Time that etcd took for requests.", this.#durations),
      ...counter("etcd_requests_total", "Requests to etcd.", braced(counts)),
      ...counter("etcd_request_errors_total", "Requests to etcd that failed.", braced(this.#errors)),
    ];
  }
}
