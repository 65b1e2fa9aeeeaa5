import type { Clock } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { serviceAccounts } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import type { TokenSource } from "./payload.ts";

/** Tokens are renewed after this part of their life, and after a day at the latest (upstream's rules). */
const RENEW_AT = 0.8;
const MAX_AGE_MS = 24 * 3600_000;

interface CachedToken {
  token: string;
  /** Monotonic. */
  renewAtMs: number;
  expiresAtMs: number;
}

/** Service-account tokens bound to pods, asked for by TokenRequest and renewed in good time. */
export class TokenManager implements TokenSource {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Map<string, CachedToken>>();

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async token(pod: Pod, request: { audience: string; expirationSeconds: number }): Promise<string> {
    const { uid } = pod.metadata;
    const ofPod = this.#tokens.get(uid) ?? new Map<string, CachedToken>();
    this.#tokens.set(uid, ofPod);
    const key = `${request.audience}\0${request.expirationSeconds}`;
    const cached = ofPod.get(key);
    if (cached && this.#clock.monotonicMs() < cached.renewAtMs) return cached.token;
    try {
      const fresh = await this.#request(pod, request);
      ofPod.set(key, fresh);
      return fresh.token;
    } catch (error) {
      // One that is still valid is better than none while the API server is away.
      if (cached && this.#clock.monotonicMs() < cached.expiresAtMs) return cached.token;
      throw error;
    }
  }

  /** When the pod's next token is due, in milliseconds from now. */
  renewalInMs(podUid: string): number | undefined {
    const due = [...(this.#tokens.get(podUid)?.values() ?? [])].map(({ renewAtMs }) => renewAtMs);
    if (due.length === 0) return undefined;
    return Math.max(1000, Math.min(...due) - this.#clock.monotonicMs());
  }

  release(podUid: string): void {
    this.#tokens.delete(podUid);
  }

  async #request(pod: Pod, request: { audience: string; expirationSeconds: number }): Promise<CachedToken> {
    const { name, namespace, uid } = pod.metadata;
    const answer = await this.#client.createSubresource(
      serviceAccounts,
      namespace!,
      pod.spec.serviceAccountName ?? "default",
      "token",
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {
          audiences: request.audience === "" ? [] : [request.audience],
          expirationSeconds: request.expirationSeconds,
          boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
        },
      },
    );
    const expiresAt = Date.parse(answer.status.expirationTimestamp);
    const livesMs = Math.max(0, expiresAt - this.#clock.nowMs());
    const now = this.#clock.monotonicMs();
    return {
      token: answer.status.token,
      renewAtMs: now + Math.min(livesMs * RENEW_AT, MAX_AGE_MS),
      expiresAtMs: now + livesMs,
    };
  }
}
