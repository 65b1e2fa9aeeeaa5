import { backoffMs, type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { podKey } from "../naming.ts";
import { podResource } from "../pod-resource.ts";
import type { Pod, PodStatus } from "../pod-types.ts";
import { statusPatch } from "./status-patch.ts";

const RETRY = { initialMs: 100, maxMs: 30_000 };

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
  /** What the API has, as far as is known: the answer to the last patch, until the informer is as far. */
  known: PodStatus;
  sending: Promise<void> | undefined;
  failures: number;
}

/** Writes pods' statuses to the API: at once, one request at a time for each pod, and only what has changed. */
export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();
  #stopped = false;

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The newest status of the pod: what was decided here, or else what the API has. */
  statusOf(pod: Pod): PodStatus {
    return this.#entries.get(pod.metadata.uid)?.wanted ?? pod.status ?? {};
  }

  /** Conditions of others come from the API, so that they are not written back in an older state. */
  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid;
    const entry = this.#entries.get(uid);
    if (entry) {
      entry.pod = pod;
      entry.wanted = status;
    } else {
      this.#entries.set(uid, {
        pod,
        wanted: status,
        known: pod.status ?? {},
        sending: undefined,
        failures: 0,
      });
    }
    this.#send(uid);
  }

  /** Resolves when what was set so far has been written, or cannot be. */
  async flush(uid: string): Promise<void> {
    await this.#entries.get(uid)?.sending;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  stop(): void {
    this.#stopped = true;
  }

  #send(uid: string): void {
    const entry = this.#entries.get(uid);
    if (!entry || entry.sending) return;
    entry.sending = this.#sendAll(uid, entry).finally(() => {
      entry.sending = undefined;
    });
  }

  async #sendAll(uid: string, entry: Entry): Promise<void> {
    for (;;) {
      if (this.#stopped || this.#entries.get(uid) !== entry) return;
      const patch = statusPatch(entry.known, entry.wanted);
      if (!patch) return;
      if (!(await this.#sendOne(entry, patch))) return;
    }
  }

  /** False when the pod is gone and nothing more is to be written. */
  async #sendOne(entry: Entry, status: Record<string, unknown>): Promise<boolean> {
    const { client, clock, logger } = this.#options;
    const sent = entry.wanted;
    const { namespace, name, uid } = entry.pod.metadata;
    try {
      const body = { metadata: { uid }, status };
      await client.patch(podResource, namespace, name, "strategic", body, { subresource: "status" });
      // Not the answer: the server may put a value into another form, which must not be sent again and again.
      entry.known = sent;
      return true;
    } catch (error) {
      if (isGantryError(error, "NotFound") || isGantryError(error, "Conflict")) {
        // Conflict: another pod has the name by now (the uid differs). Otherwise the newest state is fetched anew.
        const current = this.#options.podOf(podKey(entry.pod));
        if (current?.metadata.uid !== uid) return false;
        entry.known = current.status ?? {};
      } else {
        logger.warn("a pod's status was not written, will retry", {
          pod: podKey(entry.pod),
          error: errorMessage(error),
        });
      }
      await clock.sleep(backoffMs(entry.failures++, RETRY));
      return true;
    }
  }
}
