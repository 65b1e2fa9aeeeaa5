import type { Clock } from "../../../../base/index.ts";
import { aggregateText, type KubeObject, statusTooManyRequests } from "../../../api/index.ts";
import { TokenBucket } from "../../token-bucket.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "../admission.ts";
import type { EventLimit } from "./read-configuration.ts";

type KeyOf = (request: AdmissionRequest) => string;

const KEYS: Record<EventLimit["type"], KeyOf> = {
  Server: () => "",
  Namespace: ({ namespace = "" }) => namespace,
  User: ({ user }) => user.name,
  SourceAndObject: ({ object }) => sourceAndObject(object!),
};

/** Takes events of the core group at certain rates; dry runs cost the store nothing, and do not count. */
export function eventRateLimit(limits: readonly EventLimit[], clock: Clock): AdmissionPlugin {
  const enforcers = limits.map((limit) => new LimitEnforcer(limit, clock));
  return {
    name: "EventRateLimit",
    looksAt: ["events"],
    validate(request) {
      if (!concerns(request, "", "events", "CREATE", "UPDATE") || request.dryRun) return;
      const problems = enforcers.flatMap((enforcer) => enforcer.problemOf(request) ?? []);
      if (problems.length > 0) throw statusTooManyRequests(aggregateText(problems), 0);
    },
  };
}

/** Counts for each key of one type; of too many the one that was asked for longest ago begins anew. */
class LimitEnforcer {
  readonly #limit: EventLimit;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limit: EventLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  problemOf(request: AdmissionRequest): string | undefined {
    const { type } = this.#limit;
    const key = KEYS[type](request);
    return this.#bucketOf(key).tryTake() ? undefined : `limit reached on type ${type} for key ${key}`;
  }

  #bucketOf(key: string): TokenBucket {
    const { qps, burst, cacheSize } = this.#limit;
    const bucket = this.#buckets.get(key) ?? new TokenBucket({ perSecond: qps, burst, clock: this.#clock });
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > cacheSize) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}

function sourceAndObject({ source = {}, involvedObject = {} }: KubeObject): string {
  const { kind, namespace, name, uid, apiVersion } = involvedObject;
  return [source.component, source.host, kind, namespace, name, uid, apiVersion].join("");
}
