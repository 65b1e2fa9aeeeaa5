import { type Clock, systemClock } from "../base/index.ts";
import type { DnsForwarder } from "./dns-forwarder.ts";
import { type DnsLifetime, lifetimeOf, questionEnd } from "./dns-lifetime.ts";
import type { DnsRequest } from "./dns-listener.ts";
import { DnsCode, DnsFlag } from "./dns-message.ts";

export interface DnsCacheOptions {
  forwarder: Pick<DnsForwarder, "forward">;
  clock?: Clock;
  /** Of answers, and likewise of denials; the one that was asked for longest ago goes first. */
  maxEntries?: number;
  maxBytes?: number;
}

/** `success` is a name with records, `denial` one without, in CoreDNS' words. */
export type DnsCacheKind = "success" | "denial";

interface Entry {
  kind: DnsCacheKind;
  response: Buffer;
  ttlOffsets: readonly number[];
  storedAtMs: number;
  expiresAtMs: number;
}

/** Longer than so nothing is believed, as with `cache 30` in kubeadm's Corefile. */
const MAX_SECONDS = 30;
/** RFC 2308 §7.1: a failure may be told again for a while, at most 5 minutes; CoreDNS does so for 5 s. */
const FAILURE_SECONDS = 5;
/** RFC 8767 §5: after so long without an answer what has run out is told, with a TTL of 30 s. */
const PATIENCE_MS = 1800;
const STALE_TTL_SECONDS = 30;
/** How long what has run out is kept for that. */
const MAX_STALE_MS = 3_600_000;
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_ENTRY_BYTES = 4096;
const CHECKING_DISABLED = 0x10;
const DNSSEC_OK = 0x8000;

/**
 * What other name servers have answered, kept for as long as they said. Questions that are asked at the same time are asked
 * once; where those servers fail or are slow, what has run out serves.
 */
export class DnsCache {
  readonly #options: DnsCacheOptions;
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Buffer>>();
  readonly #sizes: Record<DnsCacheKind, number> = { success: 0, denial: 0 };
  #bytes = 0;
  readonly counts = { requests: 0, misses: 0, servedStale: 0, hits: { success: 0, denial: 0 } };

  constructor(options: DnsCacheOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  size(kind: DnsCacheKind): number {
    return this.#sizes[kind];
  }

  /** The response's bytes. Unavailable when nobody answers and nothing is known. */
  async forward(request: DnsRequest): Promise<Buffer> {
    this.counts.requests++;
    const key = keyOf(request);
    const known = this.#look(key);
    const now = this.#clock.monotonicMs();
    if (known && known.expiresAtMs > now) {
      this.counts.hits[known.kind]++;
      return retold(known, request, Math.ceil((now - known.storedAtMs) / 1000));
    }
    this.counts.misses++;
    const asked = this.#ask(key, request);
    if (!known || isFailure(known.response)) return ofRequest(await asked, request);
    return this.#orStale(asked, known, request);
  }

  /** One question at a time for all who ask it; over TCP each asks for the whole answer. */
  #ask(key: string, request: DnsRequest): Promise<Buffer> {
    const askedKey = `${request.transport} ${key}`;
    const running = this.#asking.get(askedKey);
    if (running) return running;
    const asked = this.#options.forwarder
      .forward(request)
      .then((response) => {
        this.#keep(key, response);
        return response;
      })
      .finally(() => this.#asking.delete(askedKey));
    this.#asking.set(askedKey, asked);
    return asked;
  }

  async #orStale(asked: Promise<Buffer>, known: Entry, request: DnsRequest): Promise<Buffer> {
    const patience = Promise.withResolvers<undefined>();
    const cancel = this.#clock.after(PATIENCE_MS, () => patience.resolve(undefined), { unref: true });
    const answered = asked.then(
      (response) => (isFailure(response) ? undefined : response),
      () => undefined,
    );
    const response = await Promise.race([answered, patience.promise]);
    cancel();
    if (response) return ofRequest(response, request);
    this.counts.servedStale++;
    return retold(known, request, undefined);
  }

  #look(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (this.#clock.monotonicMs() - entry.expiresAtMs > MAX_STALE_MS) {
      this.#forgotten(entry);
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry;
  }

  #keep(key: string, response: Buffer): void {
    const lifetime = lifetimeOf(response);
    const seconds = lifetime && secondsOf(response, lifetime);
    if (!lifetime || !seconds || response.length > MAX_ENTRY_BYTES) return;
    const previous = this.#entries.get(key);
    // What once was answered serves better than that somebody fails now.
    if (previous && isFailure(response) && !isFailure(previous.response)) return;
    if (previous) {
      this.#entries.delete(key);
      this.#forgotten(previous);
    }
    const now = this.#clock.monotonicMs();
    const kind = lifetime.isNegative ? "denial" : "success";
    const { ttlOffsets } = lifetime;
    // A copy: the bytes received lie in a pool that many messages share.
    const entry = { kind, ttlOffsets, storedAtMs: now, expiresAtMs: now + seconds * 1000 } as const;
    this.#entries.set(key, { ...entry, response: Buffer.from(response) });
    this.#sizes[kind]++;
    this.#bytes += response.length;
    this.#evict();
  }

  #evict(): void {
    const { maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = this.#options;
    const isFull = (kind: DnsCacheKind) => this.#sizes[kind] > maxEntries || this.#bytes > maxBytes;
    for (const [key, entry] of this.#entries) {
      if (!isFull("success") && !isFull("denial")) return;
      if (!isFull(entry.kind)) continue;
      this.#entries.delete(key);
      this.#forgotten(entry);
    }
  }

  #forgotten({ kind, response }: Entry): void {
    this.#sizes[kind]--;
    this.#bytes -= response.length;
  }
}

/** Undefined: not to be kept. A response that was cut is none. */
function secondsOf(response: Buffer, { seconds }: DnsLifetime): number | undefined {
  if (isFailure(response)) return FAILURE_SECONDS;
  const flags = response.readUInt16BE(2);
  const code = flags & 0xf;
  if ((flags & DnsFlag.TRUNCATED) !== 0 || (code !== DnsCode.NOERROR && code !== DnsCode.NXDOMAIN))
    return undefined;
  return seconds === undefined ? undefined : Math.min(seconds, MAX_SECONDS);
}

function isFailure(response: Buffer): boolean {
  return (response.readUInt16BE(2) & 0xf) === DnsCode.SERVFAIL;
}

/** What an answer depends on: the question, and what its asker understands (RFC 6891, RFC 4035 §3.2). */
function keyOf({ message, bytes }: DnsRequest): string {
  const { name, type, class: ofClass = "IN" } = message.questions![0]!;
  const edns = message.additionals?.find((record) => record.type === "OPT");
  const dnssec = edns ? ((edns.flags ?? 0) & DNSSEC_OK ? "do" : "edns") : "";
  const unchecked = bytes.readUInt16BE(2) & CHECKING_DISABLED ? "cd" : "";
  const recursive = bytes.readUInt16BE(2) & DnsFlag.RECURSION_DESIRED ? "" : "norec";
  return `${name.toLowerCase()} ${type} ${ofClass} ${dnssec}${unchecked}${recursive}`;
}

/** A known response as the answer to this question; `ageSeconds` undefined: it has run out. */
function retold(
  { response, ttlOffsets }: Entry,
  request: DnsRequest,
  ageSeconds: number | undefined,
): Buffer {
  const copy = ofRequest(response, request);
  for (const offset of ttlOffsets) {
    const ttl = Math.max(0, copy.readInt32BE(offset));
    const left = ageSeconds === undefined ? STALE_TTL_SECONDS : Math.max(0, ttl - ageSeconds);
    copy.writeUInt32BE(left, offset);
  }
  return copy;
}

/** The question as this asker wrote it: some tell by upper and lower case whether an answer is theirs. */
function ofRequest(response: Buffer, { bytes }: DnsRequest): Buffer {
  const copy = Buffer.from(response);
  copy.writeUInt16BE(bytes.readUInt16BE(0), 0);
  if (copy.readUInt16BE(4) === 1 && questionEnd(copy) === questionEnd(bytes))
    bytes.copy(copy, 12, 12, questionEnd(bytes));
  return copy;
}
