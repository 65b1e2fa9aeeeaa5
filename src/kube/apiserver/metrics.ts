import { monitorEventLoopDelay } from "node:perf_hooks";
import { memoryUsage, uptime } from "node:process";
import type { Clock } from "../../base/index.ts";
import { counter, gauge, Histogram, histogram, label } from "../../formats/index.ts";
import type { AdmissionMetrics } from "./admission/admission-metrics.ts";
import { AuditMetrics } from "./audit/audit-metrics.ts";
import { AuthenticationMetrics } from "./authentication/authentication-metrics.ts";
import type { Authorization } from "./authorization/authorizer.ts";
import type { FlowControl } from "./flow-control/flow-control.ts";
import { flowControlMetrics } from "./flow-control/flow-metrics.ts";
import { WatchMetrics } from "./http/watch-metrics.ts";
import { isLongRunning } from "./long-running.ts";
import type { RequestInfo } from "./request-info.ts";
import type { ObservedRequest, RequestObserver, RequestRecord } from "./request-observer.ts";

/** Upper bounds in seconds (apiserver_request_duration_seconds). */
const BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

type AuthorizationResult = "allowed" | "denied" | "no-opinion" | "error";

function resultOf({ decision, error }: Authorization): AuthorizationResult {
  if (decision === "allow") return "allowed";
  if (error !== undefined) return "error";
  return decision === "deny" ? "denied" : "no-opinion";
}

/** Counts requests and their times, and the event loop's delay; written out in Prometheus' text form. */
export class ApiServerMetrics implements RequestObserver {
  readonly #clock: Clock;
  readonly #flowControl: FlowControl;
  readonly #requests = new Map<string, number>();
  /** What was written out before, by what it is of. */
  readonly #labels = new Map<string, string>();
  readonly #durations = new Map<string, Histogram>();
  readonly #consistencyChecks = new Map<string, number>();
  readonly #gauges: () => Record<string, number>;
  readonly #storedObjects: () => Iterable<readonly [resource: string, count: number]>;
  readonly #ofOthers: () => readonly string[];
  readonly #ofThreads: () => Promise<readonly string[]>;
  readonly #authorizations: Record<AuthorizationResult, number> = {
    allowed: 0,
    denied: 0,
    "no-opinion": 0,
    error: 0,
  };
  readonly #authentication = new AuthenticationMetrics();
  readonly #watches = new WatchMetrics();
  readonly #admission: AdmissionMetrics | undefined;
  #longRunning = 0;
  #eventLoop: ReturnType<typeof monitorEventLoopDelay> | undefined;

  /** Counted by the audit log, where there is one. */
  readonly audit = new AuditMetrics();

  constructor(options: {
    clock: Clock;
    flowControl: FlowControl;
    admission?: AdmissionMetrics;
    gauges?: () => Record<string, number>;
    /** `deployments.apps`, and how many of it there are. */
    storedObjects?: () => Iterable<readonly [resource: string, count: number]>;
    /** What other parts of the program tell, in the same form. */
    ofOthers?: () => readonly string[];
    /** Likewise of those that work in threads of their own. */
    ofThreads?: () => Promise<readonly string[]>;
  }) {
    this.#clock = options.clock;
    this.#flowControl = options.flowControl;
    this.#admission = options.admission;
    this.#gauges = options.gauges ?? (() => ({}));
    this.#storedObjects = options.storedObjects ?? (() => []);
    this.#ofOthers = options.ofOthers ?? (() => []);
    this.#ofThreads = options.ofThreads ?? (async () => []);
  }

  start(): void {
    this.#eventLoop = monitorEventLoopDelay({ resolution: 20 });
    this.#eventLoop.enable();
  }

  stop(): void {
    this.#eventLoop?.disable();
  }

  begin({ info, local }: Pick<ObservedRequest, "info" | "local">): RequestRecord {
    const startedMs = this.#clock.monotonicMs();
    const long = isLongRunning(info);
    if (long) this.#longRunning++;
    let isKnown = local;
    return {
      authenticated: (caller) => {
        // Callers in the same process need not say who they are.
        if (!local) this.#authentication.known(caller);
        isKnown = true;
        return undefined;
      },
      called: (call) => {
        if (info.verb === "watch" && !local) call.eventSent = this.#watches.of(call.kind);
      },
      authorized: (authorization) => {
        this.#authorizations[resultOf(authorization)]++;
      },
      end: ({ code, error }) => {
        if (!isKnown) this.#authentication.refused(error);
        if (long) this.#longRunning--;
        this.#count(info, code, long ? undefined : (this.#clock.monotonicMs() - startedMs) / 1000);
      },
    };
  }

  countConsistencyCheck(resource: string, status: "success" | "failure" | "error"): void {
    const labels = `{${label("resource", resource)},${label("status", status)}}`;
    this.#consistencyChecks.set(labels, (this.#consistencyChecks.get(labels) ?? 0) + 1);
  }

  async textOfAll(): Promise<string> {
    const ofThreads = await this.#ofThreads();
    return this.text() + ofThreads.map((line) => `${line}\n`).join("");
  }

  text(): string {
    const { executing, waiting } = this.#flowControl.inFlight;
    const lines = [
      ...counter("apiserver_request_total", "Requests by verb, resource and answer.", this.#requests),
      ...histogram(
        "apiserver_request_duration_seconds",
        "Time to answer, long-running requests left out.",
        this.#durations,
      ),
      ...counter(
        "apiserver_storage_consistency_checks_total",
        "Comparisons of the watch cache with the store.",
        this.#consistencyChecks,
      ),
      ...gauge(
        "apiserver_storage_objects",
        "Objects that are kept, by resource.",
        [...this.#storedObjects()].map(([resource, count]) => [`{${label("resource", resource)}}`, count]),
      ),
      ...counter(
        "authorization_attempts_total",
        "Requests by what was said of them when they were to be authorized.",
        Object.entries(this.#authorizations).map(([result, count]) => [
          `{${label("result", result)}}`,
          count,
        ]),
      ),
      ...gauge("apiserver_current_inflight_requests", "Requests being worked on.", {
        '{request_kind="mutating"}': executing.mutating,
        '{request_kind="readOnly"}': executing.reading,
      }),
      ...gauge("apiserver_current_inqueue_requests", "Requests that wait to be worked on.", {
        '{request_kind="mutating"}': waiting.mutating,
        '{request_kind="readOnly"}': waiting.reading,
      }),
      ...this.#authentication.lines(),
      ...(this.#admission?.lines() ?? []),
      ...this.#watches.lines(),
      ...flowControlMetrics(this.#flowControl),
      ...gauge("apiserver_longrunning_requests", "Watches and streams that are open.", {
        "": this.#longRunning,
      }),
      ...this.#auditLines(),
      ...gauge("process_resident_memory_bytes", "Resident memory size.", { "": memoryUsage.rss() }),
      ...gauge("process_uptime_seconds", "Time since the start.", { "": uptime() }),
    ];
    lines.push(...this.#ofOthers());
    for (const [name, value] of Object.entries(this.#gauges()))
      lines.push(...gauge(name, name, { "": value }));
    const loop = this.#eventLoop;
    if (loop) {
      const seconds = (nanos: number) => (Number.isFinite(nanos) ? nanos / 1e9 : 0);
      lines.push(
        ...gauge("gantry_event_loop_delay_seconds", "Delay of the event loop since the start.", {
          '{quantile="0.5"}': seconds(loop.percentile(50)),
          '{quantile="0.99"}': seconds(loop.percentile(99)),
          '{quantile="1"}': seconds(loop.max),
        }),
      );
    }
    return `${lines.join("\n")}\n`;
  }

  #auditLines(): string[] {
    const { events, rejected, levels, errors } = this.audit;
    const by = (name: string, counts: ReadonlyMap<string, number>) =>
      new Map([...counts].map(([value, count]) => [`{${label(name, value)}}`, count]));
    return [
      ...counter("apiserver_audit_event_total", "Audit events made.", new Map([["", events]])),
      ...counter(
        "apiserver_audit_requests_rejected_total",
        "Requests refused because their event was not written.",
        new Map([["", rejected]]),
      ),
      ...counter("apiserver_audit_level_total", "Requests by level of the policy.", by("level", levels)),
      ...counter("apiserver_audit_error_total", "Audit events lost, by plugin.", by("plugin", errors)),
    ];
  }

  #count(info: RequestInfo, code: number, seconds: number | undefined): void {
    const labels = this.#labelsOf(info);
    const counted = `{code="${code}",${labels}}`;
    // Names of resources come from outside: only as many series as a cluster has reason for.
    if (this.#requests.size < 5000 || this.#requests.has(counted)) {
      this.#requests.set(counted, (this.#requests.get(counted) ?? 0) + 1);
    }
    if (seconds === undefined || code === 404) return;
    const series = this.#durations.get(labels) ?? new Histogram(BUCKETS);
    if (this.#durations.size < 2000) this.#durations.set(labels, series);
    series.observe(seconds);
  }

  #labelsOf(info: RequestInfo): string {
    const { verb } = info;
    const [group, resource, subresource = ""] = info.isResource
      ? [info.group, info.resource, info.subresource]
      : ["", "", info.path.split("/", 2)[1]];
    const key = `${verb} ${group}/${resource}/${subresource}`;
    const known = this.#labels.get(key);
    if (known !== undefined) return known;
    const labels = [
      label("verb", verb.toUpperCase()),
      label("group", group),
      label("resource", resource),
      label("subresource", subresource),
    ].join(",");
    if (this.#labels.size < 2000) this.#labels.set(key, labels);
    return labels;
  }
}
