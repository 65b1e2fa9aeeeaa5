import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { backoffMs, type Clock, GantryError, invalidArgument, readAll } from "../base/index.ts";
import {
  type Descriptor,
  digestOf,
  familiarName,
  formatFamiliar,
  isDigest,
  MediaType,
  tryParseDigest,
} from "../formats/index.ts";
import { networkError, parseErrorBody, registryError } from "./client-errors.ts";
import { discard, type HttpAnswer, readShort } from "./client-http.ts";
import type { RegistrySession } from "./client-session.ts";

const ACCEPTED = [
  MediaType.ociManifest,
  MediaType.ociIndex,
  MediaType.dockerManifest,
  MediaType.dockerManifestList,
  "application/json",
].join(", ");
const MANIFEST_LIMIT = 4 * 2 ** 20;
const ERROR_LIMIT = 64 * 1024;
const UPLOAD_ATTEMPTS = 3;

export interface UploadRequest {
  open(): Readable | AsyncIterable<Uint8Array>;
  digest?: string;
  sizeBytes?: number;
  onProgress?: (sentBytes: number) => void;
}

/** One repository: the operations of the OCI distribution specification 1.1 that pull and push need. */
export class ClientRepository {
  readonly #session: RegistrySession;
  readonly #name: { domain: string; path: string };
  readonly #push: boolean;
  readonly #clock: Clock;

  constructor(session: RegistrySession, name: { domain: string; path: string }, push: boolean, clock: Clock) {
    this.#session = session;
    this.#name = name;
    this.#push = push;
    this.#clock = clock;
  }

  /** By tag or digest. The digest is always computed from the bytes; one that was asked for or announced has to match. */
  async fetchManifest(
    tagOrDigest: string,
    signal?: AbortSignal,
  ): Promise<{ digest: string; mediaType: string; bytes: Buffer }> {
    const target = this.#path(`manifests/${tagOrDigest}`);
    const answer = await this.#session.send({ method: "GET", target, headers: { accept: ACCEPTED }, signal });
    if (answer.status !== 200) throw await this.#error(answer, tagOrDigest);
    const bytes = await readAll(answer.body, MANIFEST_LIMIT).catch((error) => {
      answer.body.destroy();
      throw networkError(error, "GET", answer.url, signal);
    });
    const digest = digestOf(bytes, tryParseDigest(tagOrDigest)?.algorithm);
    const announced = answer.headers["docker-content-digest"];
    const expected = isDigest(tagOrDigest)
      ? tagOrDigest
      : typeof announced === "string" && announced.startsWith("sha256:")
        ? announced
        : digest;
    if (digest !== expected) {
      throw invalidArgument(`manifest verification failed for digest ${expected}`, {
        code: "Content.DigestMismatch",
      });
    }
    return { digest, mediaType: mediaTypeOf(answer, bytes), bytes };
  }

  /** All tags of the repository, page after page (distribution-spec, Listing tags). */
  async listTags(signal?: AbortSignal): Promise<string[]> {
    const tags: string[] = [];
    for (let target: string | undefined = this.#path("tags/list"); target !== undefined; ) {
      const answer = await this.#session.send({ method: "GET", target, signal });
      if (answer.status !== 200) throw await this.#error(answer);
      const text = (await readAll(answer.body, MANIFEST_LIMIT)).toString("utf8");
      const page = tagsOf(text);
      tags.push(...page);
      target = page.length > 0 ? nextPage(answer) : undefined;
    }
    return tags;
  }

  async openBlob(descriptor: Descriptor, startBytes: number, signal?: AbortSignal): Promise<Readable> {
    const target = this.#path(`blobs/${descriptor.digest}`);
    const headers: Record<string, string> = startBytes > 0 ? { range: `bytes=${startBytes}-` } : {};
    const answer = await this.#session.send({ method: "GET", target, headers, signal });
    if (answer.status !== 200 && answer.status !== 206) throw await this.#error(answer);
    const starts = answer.status === 206 ? rangeStart(answer) : 0;
    if (starts > startBytes) {
      answer.body.destroy();
      throw new GantryError("Unavailable", "the registry sent another range than it was asked for", {
        code: "Registry.WrongRange",
      });
    }
    // A registry without ranges starts from the beginning again.
    return Readable.from(bodyFrom(answer, startBytes - starts, signal), { objectMode: false });
  }

  async hasBlob(digest: string, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#session.send({
      method: "HEAD",
      target: this.#path(`blobs/${digest}`),
      signal,
    });
    await discard(answer);
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw registryError(answer.status, parseErrorBody(answer.status, Buffer.alloc(0)), this.#context());
  }

  async mountBlob(digest: string, fromRepository: string, signal?: AbortSignal): Promise<boolean> {
    const query = new URLSearchParams({ mount: digest, from: fromRepository });
    const target = this.#path(`blobs/uploads/?${query}`);
    const extraScope = `repository:${fromRepository}:pull`;
    const answer = await this.#session.send({
      method: "POST",
      target,
      headers: { "content-length": "0" },
      extraScope,
      signal,
    });
    await discard(answer);
    if (answer.status === 201) return true;
    // The registry began an ordinary upload instead.
    const { location } = answer.headers;
    if (answer.status === 202 && location) {
      const cancel = await this.#session.send({
        method: "DELETE",
        target: new URL(location, answer.url),
        signal,
      });
      await discard(cancel);
    }
    return false;
  }

  async uploadBlob(
    upload: UploadRequest,
    signal?: AbortSignal,
  ): Promise<{ digest: string; sizeBytes: number }> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#upload(upload, signal);
      } catch (error) {
        const isPassing = error instanceof GantryError && error.kind === "Unavailable";
        if (!isPassing || attempt + 1 >= UPLOAD_ATTEMPTS || signal?.aborted) throw error;
        await this.#clock.sleep(backoffMs(attempt, { initialMs: 250, maxMs: 5_000 }), signal);
      }
    }
  }

  /** POST opens a session, PATCH streams the bytes, PUT closes it with the digest (distribution-spec, Pushing a blob). */
  async #upload(upload: UploadRequest, signal?: AbortSignal): Promise<{ digest: string; sizeBytes: number }> {
    const begun = await this.#session.send({
      method: "POST",
      target: this.#path("blobs/uploads/"),
      headers: { "content-length": "0" },
      signal,
    });
    if (begun.status !== 202) throw await this.#error(begun);
    const session = await this.#location(begun);
    const { source, result } = hashed(upload);
    const length: Record<string, string> =
      upload.sizeBytes === undefined ? {} : { "content-length": String(upload.sizeBytes) };
    const sent = await this.#session.send({
      method: "PATCH",
      target: session,
      headers: { "content-type": "application/octet-stream", ...length },
      body: source,
      signal,
    });
    if (sent.status !== 202) throw await this.#error(sent);
    const closing = await this.#location(sent);
    const { digest, sizeBytes } = result();
    closing.searchParams.set("digest", digest);
    const done = await this.#session.send({
      method: "PUT",
      target: closing,
      headers: { "content-length": "0" },
      signal,
    });
    if (done.status !== 201) throw await this.#error(done);
    await discard(done);
    return { digest, sizeBytes };
  }

  async putManifest(
    tagOrDigest: string,
    mediaType: string,
    bytes: Buffer,
    signal?: AbortSignal,
  ): Promise<{ digest: string }> {
    const headers = { "content-type": mediaType, "content-length": String(bytes.length) };
    const target = this.#path(`manifests/${tagOrDigest}`);
    const answer = await this.#session.send({ method: "PUT", target, headers, body: bytes, signal });
    if (answer.status !== 201 && answer.status !== 200) throw await this.#error(answer);
    await discard(answer);
    return { digest: digestOf(bytes) };
  }

  async #location(answer: HttpAnswer): Promise<URL> {
    await discard(answer);
    const { location } = answer.headers;
    if (!location)
      throw new GantryError("Unavailable", "the registry did not say where to upload to", {
        code: "Registry.NoLocation",
      });
    return new URL(location, answer.url);
  }

  #path(rest: string): string {
    return `/v2/${this.#name.path}/${rest}`;
  }

  async #error(answer: HttpAnswer, tagOrDigest?: string): Promise<GantryError> {
    const body = parseErrorBody(answer.status, await readShort(answer.body, ERROR_LIMIT));
    return registryError(answer.status, body, this.#context(tagOrDigest));
  }

  #context(tagOrDigest?: string) {
    const reference =
      tagOrDigest === undefined
        ? undefined
        : isDigest(tagOrDigest)
          ? { digest: tagOrDigest }
          : { tag: tagOrDigest };
    return {
      familiarName: familiarName(this.#name),
      familiarReference: reference && formatFamiliar({ ...this.#name, ...reference }),
      push: this.#push,
    };
  }
}

/** The type that was announced; registries that announce none, or a vague one, leave it to the document. */
function mediaTypeOf(answer: HttpAnswer, bytes: Buffer): string {
  const announced = (answer.headers["content-type"] ?? "").split(";", 1)[0]!.trim();
  if (!["", "application/json", "application/octet-stream", "text/plain"].includes(announced))
    return announced;
  try {
    const { mediaType, manifests, schemaVersion } = JSON.parse(bytes.toString("utf8")) as Record<
      string,
      unknown
    >;
    if (typeof mediaType === "string") return mediaType;
    if (schemaVersion === 2) return manifests === undefined ? MediaType.ociManifest : MediaType.ociIndex;
  } catch {
    // The reader of the document will say what is wrong with it.
  }
  return announced;
}

function rangeStart(answer: HttpAnswer): number {
  return Number(/^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "")?.[1] ?? 0);
}

async function* bodyFrom(
  answer: HttpAnswer,
  skipBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  let skip = skipBytes;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      yield skip > 0 ? chunk.subarray(skip) : chunk;
      skip = 0;
    }
  } catch (error) {
    throw networkError(error, "GET", answer.url, signal);
  } finally {
    answer.body.destroy();
  }
}

/** The upload's bytes, hashed on their way when nobody has told their digest. */
function hashed(upload: UploadRequest): {
  source: AsyncIterable<Uint8Array>;
  result: () => { digest: string; sizeBytes: number };
} {
  const hash = upload.digest === undefined ? createHash("sha256") : undefined;
  let sizeBytes = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for await (const chunk of upload.open() as AsyncIterable<Uint8Array>) {
      hash?.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
      upload.onProgress?.(sizeBytes);
    }
  }
  return {
    source: source(),
    result: () => ({ digest: upload.digest ?? `sha256:${hash!.digest("hex")}`, sizeBytes }),
  };
}

function tagsOf(text: string): string[] {
  let tags: unknown;
  try {
    ({ tags } = JSON.parse(text) as { tags?: unknown });
  } catch {
    throw invalidArgument("the registry's list of tags is not JSON", { code: "Registry.Malformed" });
  }
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];
}

/** Path and query of `<…>; rel="next"`, on the same registry whatever host it names. */
function nextPage({ headers, url }: HttpAnswer): string | undefined {
  const { link } = headers;
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(typeof link === "string" ? link : "")?.[1];
  if (target === undefined) return undefined;
  const { pathname, search } = new URL(target, url);
  return pathname + search;
}
