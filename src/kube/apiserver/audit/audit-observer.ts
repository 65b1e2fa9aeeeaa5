import { type Clock, rfc3339Micros } from "../../../base/index.ts";
import { type Status, toStatus } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { Authorization } from "../authorization/authorizer.ts";
import { encodeObject, encodeValue, type Rendering } from "../http/encode-answer.ts";
import { encodeList } from "../http/encode-list.ts";
import { isLongRunning } from "../long-running.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ObservedRequest, RequestObserver, RequestOrigin, RequestRecord } from "../request-observer.ts";
import type { Answer, ResourceCall } from "../server-context.ts";
import type { AuditBackend } from "./audit-backend.ts";
import type { AuditEvent, AuditLevel, AuditStage } from "./audit-event.ts";
import type { AuditMetrics } from "./audit-metrics.ts";
import { type AuditConfig, type AuditPolicy, auditConfigOf } from "./audit-policy.ts";
import { CallAudit } from "./call-audit.ts";

const MAX_USER_AGENT = 1024;

export interface AuditObserverOptions {
  policy: AuditPolicy;
  backend: AuditBackend;
  metrics: AuditMetrics;
  clock: Clock;
}

/** Writes an audit log as the policy says (apiserver's filters.WithAudit and WithFailedAuthenticationAudit). */
export class AuditObserver implements RequestObserver {
  readonly #options: AuditObserverOptions;

  constructor(options: AuditObserverOptions) {
    this.#options = options;
  }

  begin(request: ObservedRequest): RequestRecord {
    return new AuditRecord(this.#options, request);
  }
}

/** Without managed columns of its own, as local callers get it. */
const PLAIN: Omit<Rendering, "nowMs"> = {
  encoding: "json",
  shape: "object",
  version: "v1",
  pretty: false,
  includeObject: "Metadata",
};

class AuditRecord implements RequestRecord {
  readonly #options: AuditObserverOptions;
  readonly #info: RequestInfo;
  readonly #origin: RequestOrigin;
  readonly #receivedAt: string;
  readonly #annotations = new Map<string, string>();
  #config: AuditConfig | undefined;
  #user: UserInfo | undefined;
  #impersonated: UserInfo | undefined;
  #call: ResourceCall | undefined;
  #isStarted = false;
  /** The answer where it is a refusal, in JSON. */
  #refusal: string | undefined;
  #status: AuditEvent["status"];

  constructor(options: AuditObserverOptions, request: ObservedRequest) {
    this.#options = options;
    this.#info = request.info;
    this.#origin = request.origin();
    this.#receivedAt = rfc3339Micros(options.clock.nowMs());
  }

  authenticated(caller: UserInfo): Promise<void> | undefined {
    this.#user = caller;
    this.#open();
    return this.#tell("RequestReceived");
  }

  impersonating(user: UserInfo): void {
    this.#impersonated = user;
  }

  authorized({ decision, reason = "", error }: Authorization): void {
    if (error && decision !== "allow") {
      this.#annotations.set("authorization.k8s.io/reason", "internal error");
      return;
    }
    this.#annotations.set("authorization.k8s.io/decision", decision === "allow" ? "allow" : "forbid");
    this.#annotations.set("authorization.k8s.io/reason", reason);
  }

  called(call: ResourceCall): void {
    this.#call = call;
    if (!this.#isAt("Metadata")) return;
    call.audit = new CallAudit({
      takesRequest: this.#isAt("Request"),
      takesResponse: this.#isAt("RequestResponse"),
      omitsManagedFields: this.#config!.omitsManagedFields,
    });
  }

  answering(answer: Answer, form: Rendering | undefined): Promise<void> | undefined {
    if (!this.#isAt("Metadata")) return undefined;
    const code = codeOf(answer);
    if (code !== undefined) this.#status = { ...statusOf(answer), code };
    const started = isLongRunning(this.#info) && code !== undefined ? this.#start() : undefined;
    const audit = this.#call?.audit;
    if (!audit?.wish.takesResponse) return started;
    return this.#takeAnswer(audit, answer, form);
  }

  end({ code, error }: { code: number; error?: unknown }): void {
    const isRefusedAtTheDoor = this.#config === undefined;
    if (isRefusedAtTheDoor) this.#open();
    if (!this.#isAt("Metadata")) return;
    if (error !== undefined) this.#fail(toStatus(error), code);
    else this.#status = { ...this.#status, code };
    if (isRefusedAtTheDoor || isLongRunning(this.#info)) void this.#start();
    if (!isRefusedAtTheDoor) void this.#tell("ResponseComplete");
  }

  #open(): void {
    this.#config = auditConfigOf(this.#options.policy, this.#info, this.#user);
    this.#options.metrics.countLevel(this.#config.level);
  }

  #isAt(level: AuditLevel): boolean {
    return ORDER[this.#config?.level ?? "None"] >= ORDER[level];
  }

  #start(): Promise<void> | undefined {
    if (this.#isStarted) return undefined;
    this.#isStarted = true;
    return this.#tell("ResponseStarted");
  }

  #fail(status: Status, code: number): void {
    this.#status = { ...status, code };
    if (this.#isAt("RequestResponse")) this.#refusal = JSON.stringify(status);
  }

  async #takeAnswer(audit: CallAudit, answer: Answer, form: Rendering | undefined): Promise<void> {
    const shown = {
      nowMs: this.#options.clock.nowMs(),
      ...PLAIN,
      ...form,
      encoding: "json" as const,
      pretty: false,
    };
    if (answer.form === "object") audit.answered(encodeObject(answer.kind, answer.object, shown));
    if (answer.form === "status") audit.answered(encodeValue(answer.status, "json"));
    if (answer.form !== "list") return;
    const pieces: Buffer[] = [];
    for await (const piece of encodeList(answer.kind, answer.list, shown)) pieces.push(piece);
    audit.answered(Buffer.concat(pieces));
  }

  #tell(stage: AuditStage): Promise<void> | undefined {
    if (!this.#isAt("Metadata") || this.#config!.omitStages.includes(stage)) return undefined;
    const { backend, metrics } = this.#options;
    metrics.countEvent();
    return backend.process(this.#event(stage));
  }

  #event(stage: AuditStage): AuditEvent {
    const notes = this.#call?.audit?.notes;
    const { auditId, uri, sourceIps, userAgent } = this.#origin;
    const isReceived = stage === "RequestReceived";
    return {
      level: this.#config!.level,
      auditId,
      stage,
      requestUri: uri,
      verb: this.#info.verb,
      user: this.#user,
      impersonatedUser: this.#impersonated,
      sourceIps,
      userAgent:
        userAgent.length > MAX_USER_AGENT ? `${userAgent.slice(0, MAX_USER_AGENT)}...TRUNCATED` : userAgent,
      object: this.#object(),
      status: isReceived ? undefined : this.#status,
      requestObject: notes?.requestObject,
      responseObject: this.#refusal ?? notes?.responseObject,
      receivedAt: this.#receivedAt,
      stageAt: isReceived ? this.#receivedAt : rfc3339Micros(this.#options.clock.nowMs()),
      annotations: new Map([...(this.#call?.auditAnnotations ?? []), ...this.#annotations]),
    };
  }

  #object(): AuditEvent["object"] {
    const info = this.#info;
    if (!info.isResource) return undefined;
    const sent = this.#call?.audit?.notes.sent;
    return {
      ...sent,
      resource: info.resource,
      namespace: info.namespace || sent?.namespace,
      name: info.name || sent?.name,
      apiGroup: info.group,
      apiVersion: info.version,
      subresource: info.subresource,
    };
  }
}

const ORDER: Record<AuditLevel, number> = { None: 0, Metadata: 1, Request: 2, RequestResponse: 3 };

/** Undefined: only who answers knows. */
function codeOf(answer: Answer): number | undefined {
  switch (answer.form) {
    case "object":
    case "encoded":
      return answer.code;
    case "status":
      return typeof answer.status.code === "number" ? answer.status.code : 200;
    case "upgrade":
      return 101;
    case "proxy":
      return undefined;
    default:
      return 200;
  }
}

/** What is told of an answer that is a status itself. */
function statusOf(answer: Answer): Partial<Status> | undefined {
  if (answer.form !== "status") return undefined;
  const { status, message, reason, details } = answer.status as unknown as Status;
  return { status, message, reason, details };
}
