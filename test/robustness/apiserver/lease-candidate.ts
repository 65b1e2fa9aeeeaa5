import { randomUUID } from "node:crypto";
import { errorMessage, isGantryError, rfc3339Micros, systemClock } from "../../../src/base/index.ts";
import { type KubeObject, leases } from "../../../src/kube/api/index.ts";
import type { KubeClient } from "../../../src/kube/client/index.ts";

/** A term of which a candidate was told that it is its own. */
export interface Term {
  holder: string;
  term: number;
  resourceVersion: string;
}

const NAME = "leader";
const NAMESPACE = "default";
const LEASE_MS = 300;
const RETRY_MS = 30;
/** Then the candidate stands still itself, between the look at its lease and the renewal. */
const RENEWALS = 4;

/**
 * Competes for a Lease as client-go's leaderelection does: whoever sees it unchanged for its duration takes it, by an update that
 * only holds if nobody was faster. Beside the time of each step it knows nothing of the others.
 */
export class LeaseCandidate {
  /** Terms won, in order; renewals are not in it. */
  readonly terms: Term[] = [];
  /** Answers other than success and conflict. */
  readonly failures: string[] = [];
  readonly #client: KubeClient;
  readonly #identity = randomUUID();
  #renewals = 0;
  #observed = { version: "", atMs: 0 };

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        if (!isGantryError(error, "Conflict") && !isGantryError(error, "AlreadyExists"))
          this.failures.push(errorMessage(error));
      }
      await systemClock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }

  async #step(): Promise<void> {
    const lease = await this.#find();
    if (!lease) {
      const metadata = { name: NAME, namespace: NAMESPACE };
      this.#won(await this.#client.create(leases, { metadata, spec: this.#spec(0) }));
      return;
    }
    const nowMs = systemClock.monotonicMs();
    const version = lease.metadata.resourceVersion;
    if (version !== this.#observed.version) this.#observed = { version, atMs: nowMs };
    const isMine = lease.spec.holderIdentity === this.#identity;
    if (!isMine && nowMs - this.#observed.atMs < LEASE_MS) return;
    if (isMine && ++this.#renewals % RENEWALS === 0) await systemClock.sleep(3 * LEASE_MS);
    const term = lease.spec.leaseTransitions + (isMine ? 0 : 1);
    const next = await this.#client.update(leases, { ...lease, spec: this.#spec(term) } as KubeObject);
    if (!isMine) this.#won(next);
  }

  async #find(): Promise<KubeObject | undefined> {
    try {
      return await this.#client.get(leases, NAMESPACE, NAME);
    } catch (error) {
      if (isGantryError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #spec(leaseTransitions: number) {
    const renewTime = rfc3339Micros(systemClock.nowMs());
    return { holderIdentity: this.#identity, leaseDurationSeconds: 1, leaseTransitions, renewTime };
  }

  #won({ metadata, spec }: KubeObject): void {
    const { resourceVersion } = metadata;
    this.terms.push({ holder: this.#identity, term: spec.leaseTransitions, resourceVersion });
  }
}
