import { counter, gauge, Histogram, histogram, label } from "../../formats/index.ts";
import {
  type DnsAnswer,
  type DnsCache,
  type DnsCacheKind,
  DnsCode,
  type DnsReply,
  type DnsRequest,
} from "../../network/index.ts";

/** CoreDNS' (plugin/pkg: `TimeBuckets`), in seconds. */
const BUCKETS = Array.from({ length: 16 }, (_, index) => 0.00025 * 2 ** index);
/** Types of questions that CoreDNS tells apart (plugin/metrics/vars: `monitorType`). */
const TYPES = new Set(
  "AAAA A CNAME DNSKEY DS HTTPS MX NS NSEC NSEC3 NULL OPT PTR RRSIG SOA SRV SVCB TXT".split(" "),
);
const CODE_NAMES = new Map<number, string>(Object.entries(DnsCode).map(([name, code]) => [code, name]));
const SERVER = `${label("server", "dns://:53")},${label("view", "")},${label("zone", ".")}`;
const CACHE = `${label("server", "dns://:53")},${label("view", "")},${label("zones", ".")}`;
const KINDS: readonly DnsCacheKind[] = ["success", "denial"];

/** Who has answered, as CoreDNS calls its plugins. */
export type DnsAnswerer = "kubernetes" | "forward";

/** What the name service has done, under CoreDNS' names. */
export class DnsMetrics {
  readonly #cache: DnsCache;
  readonly #requests = new Map<string, number>();
  readonly #responses = new Map<string, number>();
  readonly #durations = new Histogram(BUCKETS);

  constructor(cache: DnsCache) {
    this.#cache = cache;
  }

  observe(request: DnsRequest, reply: DnsReply | undefined, by: DnsAnswerer, seconds: number): void {
    const { type } = request.message.questions![0]!;
    const asked = [
      label("proto", request.transport),
      label("family", "1"),
      label("type", TYPES.has(type) ? type : "other"),
    ];
    count(this.#requests, `{${SERVER},${asked.join(",")}}`);
    const rcode = CODE_NAMES.get(codeOf(reply)) ?? `RCODE${codeOf(reply)}`;
    count(this.#responses, `{${SERVER},${label("rcode", rcode)},${label("plugin", by)}}`);
    this.#durations.observe(seconds);
  }

  text(): string {
    const { requests, misses, servedStale, hits } = this.#cache.counts;
    const byKind = (value: (kind: DnsCacheKind) => number) =>
      KINDS.map((kind) => [`{${CACHE},${label("type", kind)}}`, value(kind)] as const);
    const lines = [
      ...counter(
        "coredns_dns_requests_total",
        "Counter of DNS requests made per zone, protocol and family.",
        this.#requests,
      ),
      ...counter("coredns_dns_responses_total", "Counter of response status codes.", this.#responses),
      ...histogram(
        "coredns_dns_request_duration_seconds",
        "Histogram of the time (in seconds) each request took per zone.",
        [[SERVER, this.#durations]],
      ),
      ...gauge(
        "coredns_cache_entries",
        "The number of elements in the cache.",
        byKind((kind) => this.#cache.size(kind)),
      ),
      ...counter(
        "coredns_cache_hits_total",
        "The count of cache hits.",
        byKind((kind) => hits[kind]),
      ),
      ...counter("coredns_cache_requests_total", "The count of cache requests.", [[`{${CACHE}}`, requests]]),
      ...counter(
        "coredns_cache_misses_total",
        "The count of cache misses. Deprecated, derive misses from cache hits/requests counters.",
        [[`{${CACHE}}`, misses]],
      ),
      ...counter(
        "coredns_cache_served_stale_total",
        "The number of requests served from stale cache entries.",
        [[`{${CACHE}}`, servedStale]],
      ),
    ];
    return `${lines.join("\n")}\n`;
  }
}

function codeOf(reply: DnsReply | undefined): number {
  if (reply === undefined) return DnsCode.SERVFAIL;
  return Buffer.isBuffer(reply) ? reply[3]! & 0xf : (reply as DnsAnswer).code;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
