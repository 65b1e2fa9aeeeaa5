import type { Clock } from "../../../base/index.ts";
import { parseJson } from "../../../formats/index.ts";
import { type KindDefinition, kindByGvk, statusTooLarge, subresourcesOf } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { Rendering } from "../http/encode-answer.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { objectKey } from "../objects/object-keys.ts";
import { BIG_BYTES, type StoredObject } from "../objects/stored-object.ts";
import type { Answer, ResourceCall } from "../server-context.ts";
import { type BodyKind, DELETE_OPTIONS, EncodedBody, PlainBody } from "../verbs/decode-object.ts";
import { JobFailure } from "./request-thread.ts";
import type { RequestThreads } from "./request-threads.ts";
import type { AuditedJob, EncodedAs, EncodeJob } from "./thread-messages.ts";

/** What may be left of the body of a request that nothing is stored of. */
const QUESTION_BYTES = 64 * 1024;

const WRITES = new Set(["create", "update", "patch", "delete"]);
/** What these do is the main thread's; their bodies are small by nature. */
const ONLY_DECODED = new Set(["token", "eviction"]);

export interface OffloadOptions {
  threads: Pick<RequestThreads, "run">;
  cache: Pick<ObjectCache, "get">;
  clock: Clock;
}

/** Sends to threads what takes long about a request. */
export class Offload {
  readonly #options: OffloadOptions;

  constructor(options: OffloadOptions) {
    this.#options = options;
  }

  /**
   * The answer to a write whose body, or whose object, is big; undefined for all other requests. Of those that store nothing a
   * big body is read elsewhere, and exchanged in `call`.
   */
  async answer(call: ResourceCall, form: Rendering): Promise<Answer | undefined> {
    const { body, info } = call;
    if (!(body instanceof EncodedBody)) return undefined;
    const isWrite = WRITES.has(info.verb) && !isQuestion(call);
    const sizeBytes = body.bytes.length + (isWrite ? this.#storedBytes(call) : 0);
    if (sizeBytes <= BIG_BYTES) return undefined;
    if (isWrite) return this.#write(call, body, form, sizeBytes);
    await this.#decode(call, body);
    return undefined;
  }

  /** A stored object in the form that is wanted; undefined where that is soon done. */
  async encode(
    kind: KindDefinition,
    { key, bytes, revision }: StoredObject,
    form: Rendering,
    as: EncodedAs,
    by: { user: UserInfo; readonly signal: AbortSignal },
  ): Promise<Buffer | undefined> {
    const isCopied = form.shape === "object" && form.encoding === "json" && !form.pretty;
    if (isCopied || bytes.length <= BIG_BYTES) return undefined;
    const { group, version, resource } = kind;
    const job: EncodeJob = {
      type: "encode",
      kind: { group, version, resource },
      key,
      bytes,
      revision,
      form,
      as,
      ...(kind.definedBy ? { definedBy: kind.definedBy } : {}),
    };
    return bufferOf((await this.#options.threads.run(job, by.user.name, bytes.length, by.signal)).bytes);
  }

  async #write(call: ResourceCall, body: EncodedBody, form: Rendering, sizeBytes: number): Promise<Answer> {
    const { info, user, userAgent, query, params, patchType, signal } = call;
    const { threads, clock } = this.#options;
    const job = {
      type: "request" as const,
      info,
      user,
      userAgent,
      query,
      params: params.toString(),
      patchType,
      body: { bytes: body.bytes, contentType: body.contentType },
      form,
      nowMs: clock.nowMs(),
      ...(call.kind.definedBy ? { definedBy: call.kind.definedBy } : {}),
      audit: call.audit?.wish,
    };
    try {
      const { warnings, audited, ...result } = await threads.run(job, user.name, sizeBytes, signal);
      call.warnings.push(...warnings);
      takeAudited(call, audited);
      return { form: "encoded", ...result, bytes: bufferOf(result.bytes) };
    } catch (error) {
      if (!(error instanceof JobFailure)) throw error;
      call.warnings.push(...error.warnings);
      takeAudited(call, error.audited);
      throw error.cause;
    }
  }

  #storedBytes({ kind, info: { namespace, name } }: ResourceCall): number {
    if (name === undefined) return 0;
    return this.#options.cache.get(objectKey(kind, namespace, name))?.bytes.length ?? 0;
  }

  async #decode(call: ResourceCall, { bytes, contentType }: EncodedBody): Promise<void> {
    const kind = bodyKindOf(call);
    if (!kind) return;
    const { user, query, signal } = call;
    const body = { bytes, contentType };
    const asOptions = kind.kind === DELETE_OPTIONS.kind;
    const job = { type: "decode" as const, kind, asOptions, query, body };
    const result = await this.#options.threads.run(job, user.name, bytes.length, signal).catch((error) => {
      throw error instanceof JobFailure ? error.cause : error;
    });
    if (result.bytes.length > QUESTION_BYTES) throw statusTooLarge(`limit is ${QUESTION_BYTES}`);
    call.warnings.push(...result.warnings);
    const text = bufferOf(result.bytes).toString("utf8");
    call.body = new PlainBody(text === "" ? undefined : parseJson(text));
  }
}

function takeAudited({ auditAnnotations, audit }: ResourceCall, audited: AuditedJob | undefined): void {
  for (const [key, value] of audited?.annotations ?? []) auditAnnotations.set(key, value);
  if (audit && audited) audit.notes = audited.notes;
}

/** Whether nothing is stored of the request's own body. */
function isQuestion({ kind, info }: ResourceCall): boolean {
  return kind.use !== undefined || ONLY_DECODED.has(info.subresource ?? "");
}

function bodyKindOf({ kind, info }: ResourceCall): BodyKind | undefined {
  const { verb, subresource } = info;
  if (verb === "delete" || verb === "deletecollection") return pure(DELETE_OPTIONS);
  if (subresource === undefined) return pure(kind);
  const served = subresourcesOf(kind).find(({ name }) => name === subresource);
  const found = served && kindByGvk(served.group, served.version, served.kind);
  return found && pure(found);
}

function pure({ group, version, kind, model }: BodyKind): BodyKind {
  return { group, version, kind, model };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
