import type { Readable } from "node:stream";
import { type EngineEvent, jsonLines } from "../docker/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { filters } from "./containers.ts";
import { LABEL } from "./labels.ts";

/** An engine that says nothing is asked again after this time. */
const POLL_MS = 500;

/** Wakes those who wait for a project's containers whenever something happens to one of them. */
export class StateChanges {
  readonly #context: ComposeContext;
  readonly #project: string;
  readonly #abort = new AbortController();
  readonly #waiting = new Set<() => void>();
  #stream: Promise<void> | undefined;

  constructor(context: ComposeContext, project: string) {
    this.#context = context;
    this.#project = project;
  }

  /** Resolves at the next change, or after half a second. Rejects when the signal aborts. */
  async next(signal?: AbortSignal): Promise<void> {
    this.#stream ??= this.#follow();
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiting.add(wake);
    signal?.addEventListener("abort", wake, { once: true });
    try {
      await this.#context.clock.sleep(POLL_MS, woken.signal).catch(() => {});
    } finally {
      this.#waiting.delete(wake);
      signal?.removeEventListener("abort", wake);
    }
    signal?.throwIfAborted();
  }

  async #follow(): Promise<void> {
    try {
      const stream: Readable = await this.#context.client.stream("GET", "/events", {
        query: { filters: filters({ type: ["container"], label: [`${LABEL.project}=${this.#project}`] }) },
        signal: this.#abort.signal,
      });
      for await (const _ of jsonLines<EngineEvent>(stream)) for (const wake of [...this.#waiting]) wake();
    } catch {
      // Who waits asks again after a while all the same.
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}
