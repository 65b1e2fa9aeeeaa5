/** What one client may take. Every field has a default, which is the API server's of Kubernetes where that has one. */
export interface HttpLimits {
  /** Request line and headers together: 1 MiB. Beyond it: 431. */
  maxHeaderBytes?: number;
  /** How many headers: 2000. Beyond it: 431. */
  maxHeaders?: number;
  /** Path and query: 128 KiB. Beyond it: 414. */
  maxTargetBytes?: number;
  /** From a request's first byte to the end of its headers: 32 s. After it: 408. */
  headersTimeoutMs?: number;
  /** Until a TLS handshake is done: 10 s. */
  handshakeTimeoutMs?: number;
  /** How long a connection may wait for its next request: 90 s. */
  keepAliveTimeoutMs?: number;
  /** Connections at a time: 15 000. Further ones are closed at once. */
  maxConnections?: number;
  /** A client of HTTP/2 that takes nothing of an answer for so long is not waited for: 30 s. */
  answerStallMs?: number;
  /** How long the rest of a body that no handler wanted is still read after the answer: 2 s. */
  bodyDrainTimeoutMs?: number;
  /** How long `close` waits for requests under way: 5 s. */
  closeTimeoutMs?: number;
}

const KIB = 1024;

export const DEFAULT_LIMITS: Required<HttpLimits> = {
  maxHeaderBytes: 1024 * KIB,
  maxHeaders: 2000,
  maxTargetBytes: 128 * KIB,
  headersTimeoutMs: 32_000,
  handshakeTimeoutMs: 10_000,
  keepAliveTimeoutMs: 90_000,
  maxConnections: 15_000,
  answerStallMs: 30_000,
  bodyDrainTimeoutMs: 2_000,
  closeTimeoutMs: 5_000,
};
