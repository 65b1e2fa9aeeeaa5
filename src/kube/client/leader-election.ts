import { type Clock, errorMessage, isGantryError, type Logger, rfc3339Micros } from "../../base/index.ts";
import { type Lease, leases } from "../api/index.ts";
import type { KubeClient } from "./types.ts";

export interface LeaderElectionOptions {
  client: KubeClient;
  /** `kube-system/kube-scheduler` */
  namespace: string;
  name: string;
  /** Who stands for election; of two processes never the same one at a time. */
  identity: string;
  times?: LeadershipTimes;
  logger: Logger;
  clock: Clock;
}

/** client-go's defaults: who cannot renew his lease for so long lays down his office before another one may take it. */
export interface LeadershipTimes {
  leaseMs: number;
  renewDeadlineMs: number;
  retryMs: number;
}

const TIMES: LeadershipTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 };

/**
 * Of several processes one works at a time, told by a Lease (client-go's tools/leaderelection). What counts is how long a lease
 * stands unchanged before one's own eyes, not what time it says: clocks differ.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #times: LeadershipTimes;
  #seen: { mark: string; atMs: number } | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
  }

  /** Does the work whenever it leads, until the signal aborts; its signal aborts with the office. */
  async run(signal: AbortSignal, work: (term: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, logger, name, identity } = this.#options;
    while (!signal.aborted) {
      if (!(await this.#tryToHold())) {
        await clock.sleep(this.#times.retryMs, signal).catch(() => {});
        continue;
      }
      logger.info("leads from here on", { lease: name, identity });
      await this.#lead(signal, work);
    }
  }

  async #lead(signal: AbortSignal, work: (term: AbortSignal) => Promise<void>): Promise<void> {
    const { logger, name } = this.#options;
    const term = new AbortController();
    const working = work(AbortSignal.any([signal, term.signal]));
    const renewing = this.#renew(AbortSignal.any([signal, term.signal]));
    try {
      await Promise.race([working, renewing]);
      if (!signal.aborted) logger.warn("does not lead any more", { lease: name });
    } finally {
      term.abort();
      await Promise.allSettled([working, renewing]);
    }
    await this.#release();
  }

  /** Returns when the office is lost, or the signal aborts. */
  async #renew(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { renewDeadlineMs, retryMs } = this.#times;
    let heldAtMs = clock.monotonicMs();
    for (;;) {
      await clock.sleep(retryMs, signal).catch(() => {});
      const leftMs = heldAtMs + renewDeadlineMs - clock.monotonicMs();
      if (signal.aborted || leftMs <= 0) return;
      const askedAtMs = clock.monotonicMs();
      // Who is not answered knows no more than who is refused.
      const late = clock.sleep(leftMs, signal).then(
        () => false,
        () => false,
      );
      if (await Promise.race([this.#tryToHold(), late])) heldAtMs = askedAtMs;
    }
  }

  /** Whether the lease is this one's now. */
  async #tryToHold(): Promise<boolean> {
    const { client, namespace, name, identity, clock, logger } = this.#options;
    const now = rfc3339Micros(clock.nowMs());
    const leaseDurationSeconds = Math.ceil(this.#times.leaseMs / 1000);
    const held = { holderIdentity: identity, leaseDurationSeconds, renewTime: now };
    try {
      const known = await this.#find();
      if (!known) {
        const spec = { ...held, acquireTime: now, leaseTransitions: 0 };
        await client.create<Lease>(leases, { metadata: { namespace, name }, spec });
        return true;
      }
      const { spec = {} } = known;
      if (spec.holderIdentity !== identity && !this.#isFree(known)) return false;
      const isNew = spec.holderIdentity !== identity;
      const next = {
        ...spec,
        ...held,
        acquireTime: isNew ? now : spec.acquireTime,
        leaseTransitions: (spec.leaseTransitions ?? 0) + (isNew ? 1 : 0),
      };
      await client.update<Lease>(leases, { ...known, spec: next });
      return true;
    } catch (error) {
      // Somebody else was quicker, or nobody can be asked.
      if (!isGantryError(error, "Conflict") && !isGantryError(error, "AlreadyExists"))
        logger.warn("a lease cannot be had", { lease: name, error: errorMessage(error) });
      return false;
    }
  }

  #isFree({ spec = {} }: Lease): boolean {
    if (!spec.holderIdentity) return true;
    const { clock } = this.#options;
    const mark = `${spec.holderIdentity} ${spec.renewTime}`;
    if (this.#seen?.mark !== mark) this.#seen = { mark, atMs: clock.monotonicMs() };
    return clock.monotonicMs() - this.#seen.atMs > (spec.leaseDurationSeconds ?? 0) * 1000;
  }

  async #find(): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get<Lease>(leases, namespace, name);
    } catch (error) {
      if (isGantryError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** So that the next one need not wait. */
  async #release(): Promise<void> {
    const { client, identity } = this.#options;
    try {
      const known = await this.#find();
      if (known?.spec?.holderIdentity !== identity) return;
      const spec = { ...known.spec, holderIdentity: "", leaseDurationSeconds: 1 };
      await client.update<Lease>(leases, { ...known, spec });
    } catch {
      // Then it runs out.
    }
  }
}
