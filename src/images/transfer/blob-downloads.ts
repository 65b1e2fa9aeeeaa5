import type { Readable } from "node:stream";
import { backoffMs, type Clock, GantryError, invalidArgument } from "../../base/index.ts";
import type { ContentStore, Ingest } from "../../content/index.ts";
import { type Descriptor, parseDigest } from "../../formats/index.ts";
import type { RegistryRepository } from "./registry-transport.ts";

/** Where blobs come from. */
export type BlobOrigin = Pick<RegistryRepository, "openBlob">;

interface Download {
  done: Promise<void>;
  controller: AbortController;
  waiters: number;
  listeners: Set<(bytes: number) => void>;
}

const ATTEMPTS = 5;
const BACKOFF = { initialMs: 100, maxMs: 5_000 };

/**
 * Blobs on their way from registries into the content store. Whoever wants a blob that is on its way already waits for the
 * same transfer. A transfer that breaks goes on where it stopped, also after a restart of the program.
 */
export class BlobDownloads {
  readonly #content: ContentStore;
  readonly #clock: Clock;
  readonly #active = new Map<string, Download>();

  constructor(content: ContentStore, clock: Clock) {
    this.#content = content;
    this.#clock = clock;
  }

  /** Resolves when the blob is in the store, verified. The caller holds a lease on its digest. */
  async fetch(
    repository: BlobOrigin,
    descriptor: Descriptor,
    options: { onProgress?: (bytes: number) => void; signal?: AbortSignal } = {},
  ): Promise<void> {
    const download = this.#active.get(descriptor.digest) ?? this.#start(repository, descriptor);
    const { onProgress, signal } = options;
    if (onProgress) download.listeners.add(onProgress);
    download.waiters++;
    try {
      await untilAborted(download.done, signal);
    } finally {
      if (onProgress) download.listeners.delete(onProgress);
      if (--download.waiters === 0) download.controller.abort();
    }
  }

  #start(repository: BlobOrigin, descriptor: Descriptor): Download {
    const controller = new AbortController();
    const listeners = new Set<(bytes: number) => void>();
    const report = (bytes: number) => {
      for (const listener of listeners) listener(bytes);
    };
    const done = this.#transfer(repository, descriptor, report, controller.signal).finally(() =>
      this.#active.delete(descriptor.digest),
    );
    done.catch(() => {});
    const download = { done, controller, waiters: 0, listeners };
    this.#active.set(descriptor.digest, download);
    return download;
  }

  async #transfer(
    repository: BlobOrigin,
    descriptor: Descriptor,
    report: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let restarted = false;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#attempt(repository, descriptor, report, signal);
        return;
      } catch (error) {
        if (signal.aborted || attempt + 1 >= ATTEMPTS) throw error;
        if (isWrongContent(error)) {
          // Once more from the start: what was resumed may have been damaged.
          if (restarted) throw verificationFailed(descriptor, error);
          restarted = true;
        } else if (!isWorthRetrying(error)) throw error;
        await this.#clock.sleep(backoffMs(attempt, BACKOFF), signal);
      }
    }
  }

  async #attempt(
    repository: BlobOrigin,
    descriptor: Descriptor,
    report: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const ingest = await this.#ingestFor(descriptor);
    if (ingest.offsetBytes < descriptor.size) {
      const stream = await repository.openBlob(descriptor, ingest.offsetBytes, signal);
      const missing = descriptor.size - ingest.offsetBytes;
      try {
        await ingest.append(
          measured(stream, missing, (bytes) => report(descriptor.size - missing + bytes)),
          signal,
        );
      } catch (error) {
        if (isWrongContent(error)) await ingest.abort();
        throw error;
      }
      if (ingest.offsetBytes < descriptor.size) {
        throw new GantryError(
          "Unavailable",
          `the registry sent only ${ingest.offsetBytes} of ${descriptor.size} bytes`,
          {
            code: "Registry.ShortBlob",
          },
        );
      }
    }
    await ingest.commit({ expectedDigest: descriptor.digest, expectedSizeBytes: descriptor.size });
  }

  async #ingestFor(descriptor: Descriptor): Promise<Ingest> {
    const id = `pull-${parseDigest(descriptor.digest).hex.slice(0, 64)}`;
    const begun = await this.#content.resumeIngest(id);
    if (begun && begun.offsetBytes <= descriptor.size) return begun;
    await begun?.abort();
    return this.#content.startIngest(id);
  }
}

async function* measured(
  source: Readable | AsyncIterable<Uint8Array>,
  limitBytes: number,
  report: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > limitBytes) {
      throw invalidArgument("the registry sent more bytes than the manifest says", {
        code: "Content.SizeMismatch",
      });
    }
    yield chunk;
    report(bytes);
  }
}

function isWrongContent(error: unknown): boolean {
  return error instanceof GantryError && /^Content\.(?:Digest|Size)Mismatch$/.test(error.code);
}

function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof GantryError)) return true;
  return error.kind === "Unavailable" || error.kind === "DeadlineExceeded";
}

function verificationFailed(descriptor: Descriptor, cause: unknown): GantryError {
  return invalidArgument(`filesystem layer verification failed for digest ${descriptor.digest}`, {
    code: "Content.DigestMismatch",
    cause,
  });
}

async function untilAborted(done: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return done;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () =>
      reject(new GantryError("Canceled", "the operation was canceled", { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([done, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
