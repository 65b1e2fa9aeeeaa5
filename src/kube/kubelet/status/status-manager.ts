import { isDeepStrictEqual } from "node:util";
import {
  backoffMs,
  type Cancel,
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
} from "../../../base/index.ts";
import type { Pod, PodStatus } from "../../api/index.ts";
import { pods } from "../../api/index.ts";
import { type KubeClient, pause } from "../../client/index.ts";
import { podKey } from "../naming.ts";
import { isMirrorOf, isStaticPod } from "../static-pods/static-pod.ts";
import { canonicalStatus } from "./canonical-status.ts";
import { statusPatch } from "./status-patch.ts";

const RETRY = { initialMs: 100, maxMs: 30_000 };
/** How soon after the last word the same is said again because somebody else has said otherwise (upstream's syncPeriod). */
const REPEAT_AFTER_MS = 10_000;

export interface StatusManagerOptions {
  client: KubeClient;
  /** The pod as the API last showed it. */
  podOf: (key: string) => Pod | undefined;
  logger: Logger;
  clock: Clock;
}

interface Entry {
  pod: Pod;
  wanted: PodStatus;
  /** What was written last, when, and the object as it was answered then. */
  sent: PodStatus | undefined;
  sentAtMs: number;
  answer: Pod | undefined;
  /** Version of an object that a repetition did not change: the server has another form for the same. */
  settledAt: string | undefined;
  isSending: boolean;
  /** Settles when nothing is to be sent any more. */
  sending: Promise<void>;
  cancelRepeat: Cancel;
  failures: number;
}

/** A status to be written: what makes it of the object. */
interface Word {
  base: Pod;
  patch: Record<string, unknown>;
}

/**
 * Writes pods' statuses to the API: at once, one request at a time for each pod, and only what the object does not say
 * already. It is the object that counts and not what was written last, for others write into it, too: what is not true is put
 * right, yet not more often than every ten seconds, whoever insists.
 */
export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ended = new AbortController();

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The newest status of the pod: what was decided here, or else what the API has. */
  statusOf(pod: Pod): PodStatus {
    return this.#entries.get(pod.metadata.uid)?.wanted ?? pod.status ?? {};
  }

  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid;
    const wanted = canonicalStatus(status);
    const entry = this.#entries.get(uid);
    if (!entry) {
      this.#entries.set(uid, {
        pod,
        wanted,
        sent: undefined,
        sentAtMs: 0,
        answer: undefined,
        settledAt: undefined,
        isSending: false,
        sending: Promise.resolve(),
        cancelRepeat: () => {},
        failures: 0,
      });
    } else {
      entry.pod = pod;
      if (!isDeepStrictEqual(entry.wanted, wanted)) entry.wanted = wanted;
    }
    this.#send(uid);
  }

  /** The pod's object has changed. */
  observe(pod: Pod): void {
    this.#send(pod.metadata.uid);
  }

  /** Resolves when what was set so far has been written, or cannot be. */
  async flush(uid: string): Promise<void> {
    await this.#entries.get(uid)?.sending;
  }

  forget(uid: string): void {
    this.#entries.get(uid)?.cancelRepeat();
    this.#entries.delete(uid);
  }

  stop(): void {
    this.#ended.abort();
    for (const entry of this.#entries.values()) entry.cancelRepeat();
  }

  #send(uid: string): void {
    const entry = this.#entries.get(uid);
    if (!entry || entry.isSending) return;
    const first = this.#next(uid, entry);
    if (!first) return;
    entry.isSending = true;
    entry.sending = this.#sendAll(uid, entry, first);
  }

  async #sendAll(uid: string, entry: Entry, first: Word): Promise<void> {
    try {
      for (let word: Word | undefined = first; word; word = this.#next(uid, entry))
        if (!(await this.#sendOne(entry, word))) return;
    } finally {
      entry.isSending = false;
    }
  }

  /** What is to be written now, if anything. */
  #next(uid: string, entry: Entry): Word | undefined {
    if (this.#ended.signal.aborted || this.#entries.get(uid) !== entry) return undefined;
    entry.cancelRepeat();
    const base = isStaticPod(entry.pod) ? this.#mirrorOf(entry) : this.#newest(entry);
    if (!base) return undefined;
    const patch = statusPatch(base.status ?? {}, entry.wanted);
    const isTold = entry.sent === entry.wanted && entry.answer?.metadata.uid === base.metadata.uid;
    if (!patch || !isTold) return patch && { base, patch };
    if (base.metadata.resourceVersion === entry.settledAt) return undefined;
    const { clock } = this.#options;
    const waitMs = entry.sentAtMs + REPEAT_AFTER_MS - clock.monotonicMs();
    if (waitMs <= 0) return { base, patch };
    entry.cancelRepeat = clock.after(waitMs, () => this.#send(uid), { unref: true });
    return undefined;
  }

  /** The object as the last answer or the informer has it: whichever is newer. */
  #newest({ pod, answer }: Entry): Pod {
    const held = answer ?? pod;
    const shown = this.#options.podOf(podKey(pod));
    if (!shown || shown.metadata.uid !== pod.metadata.uid) return held;
    return Number(shown.metadata.resourceVersion) > Number(held.metadata.resourceVersion) ? shown : held;
  }

  /** A static pod's status stands at its mirror, and waits until there is one. */
  #mirrorOf({ pod, answer }: Entry): Pod | undefined {
    const shown = this.#options.podOf(podKey(pod));
    if (!shown || !isMirrorOf(shown, pod)) return undefined;
    if (answer?.metadata.uid !== shown.metadata.uid) return shown;
    return Number(shown.metadata.resourceVersion) > Number(answer.metadata.resourceVersion) ? shown : answer;
  }

  /** False when the pod is gone and nothing more is to be written. */
  async #sendOne(entry: Entry, { base, patch }: Word): Promise<boolean> {
    const { client, clock, logger } = this.#options;
    const sent = entry.wanted;
    const { namespace, name } = entry.pod.metadata;
    const { uid } = base.metadata;
    try {
      const body = { metadata: { uid }, status: patch };
      const answer = await client.patch(pods, namespace, name, "strategic", body, {
        subresource: "status",
      });
      const { resourceVersion } = answer.metadata;
      entry.settledAt = resourceVersion === base.metadata.resourceVersion ? resourceVersion : undefined;
      entry.answer = answer;
      entry.sent = sent;
      entry.sentAtMs = clock.monotonicMs();
      entry.failures = 0;
      return true;
    } catch (error) {
      if (isGantryError(error, "NotFound") || isGantryError(error, "Conflict")) {
        // Conflict: another pod has the name by now (the uid differs).
        const current = this.#options.podOf(podKey(entry.pod));
        if (current?.metadata.uid !== uid) return false;
      } else {
        logger.warn("a pod's status was not written, will retry", {
          pod: podKey(entry.pod),
          error: errorMessage(error),
        });
      }
      const waitMs = backoffMs(entry.failures++, RETRY);
      if (await pause({ client, clock, signal: this.#ended.signal }, waitMs)) entry.failures = 0;
      return true;
    }
  }
}
