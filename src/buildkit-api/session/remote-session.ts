import type { Duplex } from "node:stream";
import { type Clock, GantryError, notFound } from "../../base/index.ts";
import type {
  ClientContentStore,
  ClientSession,
  FileEntry,
  FileSync,
  FileSyncRequest,
} from "../../build/index.ts";
import type { RegistryAuth } from "../../images/types.ts";
import {
  type AnyMessage,
  GrpcClient,
  GrpcCode,
  GrpcError,
  type GrpcMetadata,
  type GrpcMethod,
} from "../grpc/index.ts";
import {
  CHECK_AGENT,
  CONTENT_INFO,
  CREDENTIALS,
  FILE_SYNC,
  FORWARD_AGENT,
  GET_SECRET,
  HEALTH_CHECK,
  LOCATE_DIRECTORY,
  SEND_FILE,
  SEND_TREE,
  UPLOAD_PULL,
} from "../messages/session-messages.ts";
import { ByteConnection } from "./byte-connection.ts";
import { fromClient } from "./client-errors.ts";
import { openInPlace } from "./open-in-place.ts";
import { RemoteContentStore } from "./remote-content-store.ts";
import { RemoteFileSync } from "./remote-file-sync.ts";
import { sendTreeOver } from "./send-tree.ts";

export interface RemoteSessionOptions {
  id: string;
  sharedKey: string;
  /** Paths of the methods that the client serves, in lower case. */
  methods: ReadonlySet<string>;
  socket: Duplex;
  /** Finds another session. */
  other(id: string, signal: AbortSignal): Promise<ClientSession>;
  clock: Clock;
}

const HEALTH_PERIOD_MS = 5_000;
const HEALTH_TIMEOUT_MS = 15_000;
const MAX_HEALTH_FAILURES = 2;
/** Go's servers take messages of 4 MiB at most. */
const SEND_CHUNK_BYTES = 1024 * 1024;
/** What Docker's clients keep the hub's credentials under. */
const HUB_HOST = "registry-1.docker.io";

/** A client's session over its connection: the client is the server there (moby/buildkit, session). */
export class RemoteSession implements ClientSession {
  readonly id: string;
  readonly sharedKey: string;
  readonly other: RemoteSessionOptions["other"];
  readonly #client: GrpcClient;
  readonly #methods: ReadonlySet<string>;
  #healthFailures = 0;

  constructor({ id, sharedKey, methods, socket, other, clock }: RemoteSessionOptions) {
    this.id = id;
    this.sharedKey = sharedKey;
    this.other = other;
    this.#methods = methods;
    this.#client = new GrpcClient(socket, clock);
    const stop = clock.every(HEALTH_PERIOD_MS, () => void this.#checkHealth(), { unref: true });
    this.signal.addEventListener("abort", stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#client.closed;
  }

  close(): void {
    this.#client.close();
  }

  async openFiles(request: FileSyncRequest, signal: AbortSignal): Promise<FileSync> {
    if (!this.#serves(FILE_SYNC)) throw notFound("no local sources enabled");
    const files = this.#serves(LOCATE_DIRECTORY) && (await this.#filesInPlace(request, signal));
    if (files) return files;
    const metadata = encodedLists({
      "dir-name": [request.name],
      "include-patterns": request.includePatterns,
      "exclude-patterns": request.excludePatterns,
      followpaths: request.followPaths,
    });
    return fromClient(async () => {
      const sync = new RemoteFileSync(this.#client.call(FILE_SYNC, { metadata, signal }));
      await sync.begun();
      return sync;
    });
  }

  /** The client's directory, read here; undefined where it is not to be seen from here as the client sees it. */
  async #filesInPlace(request: FileSyncRequest, signal: AbortSignal): Promise<FileSync | undefined> {
    const { name } = request;
    const place = await this.#optional(() => this.#client.unary(LOCATE_DIRECTORY, { name }, { signal }));
    return place && openInPlace(place, request);
  }

  async credentials(host: string, signal?: AbortSignal): Promise<RegistryAuth | undefined> {
    if (!this.#serves(CREDENTIALS)) return undefined;
    const asked = host === "docker.io" || host === "index.docker.io" ? HUB_HOST : host;
    const answer = await this.#optional(() => this.#client.unary(CREDENTIALS, { host: asked }, { signal }));
    if (!answer || answer.secret === "") return undefined;
    // An empty name stands for a token (authprovider, Credentials).
    if (answer.username === "") return { identityToken: answer.secret };
    return { username: answer.username, password: answer.secret };
  }

  async secret(id: string, signal?: AbortSignal): Promise<Buffer | undefined> {
    if (!this.#serves(GET_SECRET)) return undefined;
    const answer = await this.#optional(() => this.#client.unary(GET_SECRET, { id }, { signal }));
    return answer && Buffer.from(answer.data);
  }

  async sshAgent(id: string, signal?: AbortSignal): Promise<(() => Promise<Duplex>) | undefined> {
    if (!this.#serves(CHECK_AGENT)) return undefined;
    const name = id === "" ? "default" : id;
    try {
      await this.#client.unary(CHECK_AGENT, { id: name }, { signal });
    } catch (error) {
      // A client says in many words that it exposes no such agent, and always without a code.
      if (error instanceof GrpcError && error.code === GrpcCode.UNKNOWN) return undefined;
      throw error;
    }
    const metadata = { "buildkit.ssh.id": [name] };
    return async () => {
      const call = this.#client.call(FORWARD_AGENT, { metadata, signal });
      return new ByteConnection(call.messages(), (data) => call.send({ data }), call);
    };
  }

  async sendFile(
    exporterId: number,
    metadata: Readonly<Record<string, string>>,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    this.#assertTakesResults();
    await fromClient(async () => {
      const call = this.#client.call(SEND_FILE, { metadata: exportMetadata(exporterId, metadata), signal });
      const ended = this.#drain(call.messages());
      ended.catch(() => {});
      try {
        for await (const chunk of content) {
          for (let at = 0; at < chunk.length; at += SEND_CHUNK_BYTES)
            await call.send({ data: chunk.subarray(at, at + SEND_CHUNK_BYTES) });
        }
        call.end();
      } catch (error) {
        // Where the client has ended the call, it has said why.
        if (!(error instanceof GrpcError)) {
          call.cancel();
          throw error;
        }
      }
      await ended;
    });
  }

  async sendTree(
    exporterId: number,
    metadata: Readonly<Record<string, string>>,
    entries: AsyncIterable<FileEntry>,
    read: (path: string) => AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    this.#assertTakesResults();
    await fromClient(() =>
      sendTreeOver(
        this.#client.call(SEND_TREE, { metadata: exportMetadata(exporterId, metadata), signal }),
        entries,
        read,
      ),
    );
  }

  async *upload(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (!this.#serves(UPLOAD_PULL)) throw notFound(`no http response from session for ${path}`);
    const metadata = { urlpath: [path], urlhost: ["buildkit-session"] };
    const call = this.#client.call(UPLOAD_PULL, { metadata, signal });
    try {
      for await (const { data } of call.messages()) yield data;
    } finally {
      call.cancel();
    }
  }

  contentStore(id: string): ClientContentStore {
    return new RemoteContentStore(this.#client, id, this.#serves(CONTENT_INFO));
  }

  #serves(method: GrpcMethod<AnyMessage, AnyMessage>): boolean {
    return this.#methods.has(method.path.toLowerCase());
  }

  #assertTakesResults(): void {
    if (this.#serves(SEND_FILE)) return;
    throw new GantryError("Unavailable", `method ${SEND_FILE.path} not supported by the client`);
  }

  async #drain(messages: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of messages);
  }

  async #optional<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      const isMissing =
        error instanceof GrpcError &&
        (error.code === GrpcCode.NOT_FOUND || error.code === GrpcCode.UNIMPLEMENTED);
      if (isMissing) return undefined;
      return fromClient(() => Promise.reject(error));
    }
  }

  async #checkHealth(): Promise<void> {
    try {
      await this.#client.unary(HEALTH_CHECK, {}, { timeoutMs: HEALTH_TIMEOUT_MS });
      this.#healthFailures = 0;
    } catch {
      if (++this.#healthFailures >= MAX_HEALTH_FAILURES) this.close();
    }
  }
}

function exportMetadata(exporterId: number, metadata: Readonly<Record<string, string>>): GrpcMetadata {
  const entries = Object.entries(metadata).map(([key, value]) => [`exporter-md-${key}`, [value]]);
  return { ...Object.fromEntries(entries), "buildkit-attachable-exporter-id": [String(exporterId)] };
}

/** Lists with other characters than ASCII's go percent-encoded, and are said to (filesync, encodeOpts). */
function encodedLists(lists: Record<string, readonly string[]>): GrpcMetadata {
  const metadata: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(lists)) {
    if (values.length === 0) continue;
    const isPlain = values.every((value) => /^[\x20-\x7e]*$/.test(value));
    metadata[key] = isPlain ? [...values] : values.map((value) => encodeURIComponent(value));
    if (!isPlain) metadata[`${key}-encoded`] = ["1"];
  }
  return metadata;
}
