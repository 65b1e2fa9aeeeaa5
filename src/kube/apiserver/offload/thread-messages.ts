import type { ErrorKind } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import type { DefinedBy, Status } from "../../api/index.ts";
import type { ApiRequest, UserInfo } from "../../client/types.ts";
import type { PluginChoice } from "../admission/choose-plugins.ts";
import type { AuditNotes, AuditWish } from "../audit/call-audit.ts";
import type { AuthorizationOptions } from "../authorization/server-authorizer.ts";
import type { Rendering } from "../http/encode-answer.ts";
import type { ResourceRequestInfo } from "../request-info.ts";
import type { BodyKind } from "../verbs/decode-object.ts";

/** What a thread of the API server is started with. */
export interface ThreadOptions {
  serviceCidr: string;
  nodePorts: { first: number; last: number };
  admissionPlugins?: PluginChoice | undefined;
  authorization: AuthorizationOptions;
  eventTtlSeconds?: number | undefined;
  allowsPrivileged?: boolean | undefined;
}

export interface SentBody {
  bytes: Uint8Array;
  contentType: string | undefined;
}

/** A write from its body to its answer. */
export interface RequestJob {
  type: "request";
  info: ResourceRequestInfo;
  user: UserInfo;
  userAgent: string;
  query: ApiRequest["query"];
  params: string;
  patchType: ApiRequest["patchType"];
  body: SentBody;
  form: Rendering;
  nowMs: number;
  /** Of a custom kind: what it is defined by. */
  definedBy?: DefinedBy;
  /** What an audit log wants to know; absent: nothing. */
  audit: AuditWish | undefined;
}

/** A body as an object, for a request that is worked on elsewhere. */
export interface DecodeJob {
  type: "decode";
  kind: BodyKind;
  /** Whether it is read as the request's options. */
  asOptions: boolean;
  query: ApiRequest["query"];
  body: SentBody;
}

/** As what an object is written out. */
export type EncodedAs =
  | { of: "object" }
  | { of: "item"; index: number }
  | { of: "event"; type: "ADDED" | "MODIFIED" | "DELETED"; hasColumns: boolean };

/** A stored object in the form that a client wants. */
export interface EncodeJob {
  type: "encode";
  kind: Pick<ResourceRequestInfo, "group" | "version" | "resource">;
  definedBy?: DefinedBy;
  key: string;
  bytes: Uint8Array;
  revision: number;
  form: Rendering;
  as: EncodedAs;
}

export type Job = RequestJob | DecodeJob | EncodeJob;

export interface JobResult {
  code: number;
  contentType: string;
  bytes: Uint8Array;
  warnings: string[];
  audited?: AuditedJob;
}

/** What an audit log is told of a request that was worked on in a thread. */
export interface AuditedJob {
  annotations: [key: string, value: string][];
  notes: AuditNotes;
}

export interface SentError {
  kind: ErrorKind;
  code: string;
  message: string;
  details?: Record<string, unknown>;
  status?: Status;
  stack?: string;
}

/** What of the store a thread asks the main thread for. */
export type StoreMethod = "get" | "range" | "transact" | "grantLease";
export type StoreCall = {
  [method in StoreMethod]: { method: method; args: Parameters<Store[method]> };
}[StoreMethod];

export type ToThread =
  | { type: "job"; job: Job }
  | { type: "answer"; id: number; value: unknown }
  | { type: "refusal"; id: number; error: SentError };

export type FromThread =
  | ({ type: "call"; id: number } & StoreCall)
  | { type: "done"; result: JobResult }
  | { type: "failed"; error: SentError; warnings: string[]; audited?: AuditedJob };
