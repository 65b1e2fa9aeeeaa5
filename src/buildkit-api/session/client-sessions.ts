import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, GantryError, invalidArgument } from "../../base/index.ts";
import { RemoteSession } from "./remote-session.ts";

/** A client starts its session and its build at once: whichever comes first waits for the other. */
const WAIT_MS = 5_000;
const MAX_SESSIONS = 1_000;
const MAX_ID_CHARACTERS = 256;

/** Sessions of the clients that are connected, by the id that each client gave. */
export class ClientSessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, RemoteSession>();
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws InvalidArgument for a request that cannot become a session, before its connection is touched. */
  assertAcceptable(headers: IncomingHttpHeaders): string {
    const id = textOf(headers["x-docker-expose-session-uuid"]);
    if (id === "" || id.length > MAX_ID_CHARACTERS) throw invalidArgument("the session has no usable id");
    if (this.#sessions.has(id)) throw invalidArgument(`session ${id} already exists`);
    if (this.#sessions.size >= MAX_SESSIONS)
      throw new GantryError("ResourceExhausted", "too many sessions are open");
    return id;
  }

  /** Resolves when the session has ended. */
  serve(headers: IncomingHttpHeaders, methods: readonly string[], socket: Duplex): Promise<void> {
    const id = this.assertAcceptable(headers);
    const session = new RemoteSession({
      id,
      sharedKey: textOf(headers["x-docker-expose-session-sharedkey"]),
      methods: new Set(methods.map((method) => method.toLowerCase())),
      socket,
      other: (wanted, signal) => this.get(wanted, signal),
      clock: this.#clock,
    });
    this.#sessions.set(id, session);
    for (const wake of this.#waiting) wake();
    return new Promise((resolve) => {
      const onGone = () => {
        if (this.#sessions.get(id) === session) this.#sessions.delete(id);
        resolve();
      };
      if (session.signal.aborted) onGone();
      else session.signal.addEventListener("abort", onGone, { once: true });
    });
  }

  /** The session of that id; waits for one that is about to come. */
  async get(given: string, signal?: AbortSignal): Promise<RemoteSession> {
    // A prefix tells contexts of one session apart (session/manager.go, Get).
    const id = given.slice(given.indexOf(":") + 1) || given;
    const deadlineMs = this.#clock.monotonicMs() + WAIT_MS;
    for (;;) {
      const session = this.#sessions.get(id);
      if (session) return session;
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      if (leftMs <= 0 || signal?.aborted)
        throw new GantryError("NotFound", `no active session for ${id}: context deadline exceeded`, {
          code: "Build.NoSession",
        });
      await this.#change(leftMs, signal);
    }
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
  }

  #change(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#clock.after(timeoutMs, done);
      this.#waiting.add(done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === "string" ? header : "";
}
