import { type Clock, GantryError, silentLogger, systemClock } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import { builtInKinds, ipAddresses, type KindDefinition, services, toStatus } from "../../api/index.ts";
import { quotaPrefix } from "../admission/resource-quota/resource-quotas.ts";
import { ALLOCATIONS } from "../allocation/pool.ts";
import { ServiceAllocator } from "../allocation/service-allocator.ts";
import { CallAudit } from "../audit/call-audit.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { RBAC_PREFIX } from "../authorization/rbac-cache.ts";
import { ServerAuthorization } from "../authorization/server-authorization.ts";
import { judgingContext } from "../create-context.ts";
import { CONTENT_TYPES, refuseOtherShape } from "../http/accept.ts";
import { encodeObject, encodeValue, type Rendering } from "../http/encode-answer.ts";
import { encodeListItem } from "../http/encode-list.ts";
import { WatchEncoder } from "../http/encode-watch.ts";
import { parsePatchDocument } from "../http/patch-document.ts";
import { toldWarnings } from "../http/warning-headers.ts";
import { MetricValues } from "../metric-values/metric-values.ts";
import { FreshObjects } from "../objects/fresh-objects.ts";
import { keyPrefix } from "../objects/object-keys.ts";
import { StoredLookup } from "../objects/object-lookup.ts";
import { ObjectStore } from "../objects/object-store.ts";
import { StoredObject } from "../objects/stored-object.ts";
import { performRequest } from "../perform-request.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { EncodedBody } from "../verbs/decode-object.ts";
import { TlsAgents } from "../webhook/tls-agents.ts";
import { WebhookClient } from "../webhook/webhook-client.ts";
import { LearnedKinds } from "./learned-kinds.ts";
import { PrefixCache } from "./prefix-cache.ts";
import type {
  AuditedJob,
  DecodeJob,
  EncodedAs,
  EncodeJob,
  Job,
  JobResult,
  RequestJob,
  ThreadOptions,
} from "./thread-messages.ts";

const kinds = builtInKinds();
const agents = new TlsAgents();
const learned = new LearnedKinds(kinds, agents);
let serverAuthorization: ServerAuthorization | undefined;
const MANY_CAUSES = 100;
const NEVER = new AbortController().signal;

/** What a request was refused for, and what its client is warned of beside that. */
export class RefusedRequest extends Error {
  readonly warnings: string[];
  readonly audited: AuditedJob;

  constructor(cause: unknown, warnings: string[], audited: AuditedJob) {
    super("the request was refused", { cause });
    this.warnings = warnings;
    this.audited = audited;
  }
}

/** Does what one job asks for. Throws RefusedRequest around what a request fails with. */
export async function performJob(job: Job, store: Store, options: ThreadOptions): Promise<JobResult> {
  if (job.type !== "decode" && job.definedBy) await learned.learn(job.definedBy, store, systemClock);
  switch (job.type) {
    case "request":
      return answerRequest(job, store, options);
    case "decode":
      return decode(job);
    case "encode":
      return encode(job);
  }
}

async function answerRequest(job: RequestJob, store: Store, options: ThreadOptions): Promise<JobResult> {
  const { form } = job;
  const call = callOf(job);
  const told = () => ({ warnings: toldWarnings(call.warnings), audited: auditedOf(call) });
  try {
    const answer = await performRequest(await contextFor(call, store, options, job.nowMs), call);
    if (answer.form === "object") {
      refuseOtherShape(form, answer.kind, false);
      const bytes = encodeObject(answer.kind, answer.object, form);
      if (call.audit?.wish.takesResponse)
        call.audit.answered(
          encodeObject(answer.kind, answer.object, { ...form, encoding: "json", pretty: false }),
        );
      return { code: answer.code, contentType: CONTENT_TYPES[form.encoding], bytes, ...told() };
    }
    if (answer.form !== "status")
      throw new GantryError("Internal", `a write was answered with a ${answer.form}`);
    const code = typeof answer.status.code === "number" ? answer.status.code : 200;
    const encoding = form.encoding === "protobuf" ? "protobuf" : "json";
    const bytes = encodeValue(answer.status, encoding, form.pretty);
    call.audit?.answered(encodeValue(answer.status, "json"));
    return { code, contentType: CONTENT_TYPES[form.encoding], bytes, ...told() };
  } catch (error) {
    const status = toStatus(error);
    const { warnings, audited } = told();
    // What is short is told by who talks to the client.
    if ((status.details?.causes?.length ?? 0) < MANY_CAUSES)
      throw new RefusedRequest(error, warnings, audited);
    const bytes = encodeValue(status, form.encoding);
    const code = status.code ?? 500;
    return { code, contentType: CONTENT_TYPES[form.encoding], bytes, warnings, audited };
  }
}

function auditedOf({ auditAnnotations, audit }: ResourceCall): AuditedJob {
  return { annotations: [...auditAnnotations], notes: audit?.notes ?? {} };
}

function callOf(job: RequestJob): ResourceCall {
  const { info, user, userAgent, query, params, patchType, body, audit } = job;
  const kind = kinds.find(info.group, info.version, info.resource)!;
  const warnings: string[] = [];
  return {
    info,
    kind,
    user,
    userAgent,
    query,
    params: new URLSearchParams(params),
    patchType,
    body: bodyOf(body, query, warnings),
    warnings,
    auditAnnotations: new Map(),
    ...(audit ? { audit: new CallAudit(audit) } : {}),
    signal: NEVER,
  };
}

function bodyOf(
  { bytes, contentType }: RequestJob["body"],
  { fieldValidation }: RequestJob["query"],
  warnings: string[],
): EncodedBody {
  return new EncodedBody({ bytes, contentType, fieldValidation, warnings, parsePatch: parsePatchDocument });
}

/** The server as it is on the main thread, over the same store. What it looks up in memory is read before. */
async function contextFor(
  { kind, info }: ResourceCall,
  store: Store,
  options: ThreadOptions,
  nowMs: number,
): Promise<ServerContext> {
  const { serviceCidr, nodePorts, admissionPlugins: choice, eventTtlSeconds } = options;
  const cache = new PrefixCache();
  if (kind === services)
    for (const prefix of [ALLOCATIONS, keyPrefix(ipAddresses)]) await cache.load(store, prefix);
  if (info.namespace) await cache.load(store, quotaPrefix(info.namespace));
  if (kind.group === "rbac.authorization.k8s.io") await cache.load(store, RBAC_PREFIX);
  const clock: Clock = Object.assign(Object.create(systemClock) as Clock, { nowMs: () => nowMs });
  const objects = new ObjectStore({ store, cache, fresh: new FreshObjects(), eventTtlSeconds, clock });
  const lookup = new StoredLookup(objects);
  const webhooks = new WebhookClient({ lookup, clock, agents });
  serverAuthorization ??= new ServerAuthorization(options.authorization, {
    logger: silentLogger,
    clock: systemClock,
  });
  const authorization = serverAuthorization;
  const judging = judgingContext({
    clock,
    logger: silentLogger,
    kinds,
    objects,
    cache,
    lookup,
    rbacVersion: () => cache.revision,
    authorizerOver: (rbac) =>
      authorization.over({
        cache: undefined,
        rbac: whenLoaded(rbac, () => cache.load(store, RBAC_PREFIX)),
      }),
    findKind: (gvk) => learned.find(gvk, { lookup, store, clock }),
    webhooks,
    choice,
    services: new ServiceAllocator({ store, cache, serviceCidr, nodePorts, clock }),
  });
  return {
    ...judging,
    get tokens(): never {
      throw new GantryError("Internal", "tokens are the main thread's");
    },
    get tokenAuthenticator(): never {
      throw new GantryError("Internal", "tokens are the main thread's");
    },
    nodeAccess: () => undefined,
    kubelets: undefined,
    metricValues: new MetricValues({ source: () => undefined, isTakenOver: () => false }),
    components: [],
  };
}

/** Few requests ask a second time what their sender may do: roles are read for those. */
function whenLoaded(authorizer: Authorizer, load: () => Promise<void>): Authorizer {
  let loaded: Promise<void> | undefined;
  return {
    authorize: async (user, info) => {
      loaded ??= load();
      await loaded;
      return authorizer.authorize(user, info);
    },
  };
}

function decode({ kind, asOptions, query, body }: DecodeJob): JobResult {
  const warnings: string[] = [];
  const read = bodyOf(body, query, warnings);
  const object = asOptions ? read.options(kind) : read.as(kind);
  const bytes = Buffer.from(object === undefined ? "" : JSON.stringify(object));
  return { code: 200, contentType: CONTENT_TYPES.json, bytes, warnings: toldWarnings(warnings) };
}

function encode({
  kind: { group, version, resource },
  key,
  bytes,
  revision,
  form,
  as,
}: EncodeJob): JobResult {
  const kind = kinds.find(group, version, resource)!;
  const object = new StoredObject(key, bytes, revision);
  const encoded = encodeAs(kind, object, form, as);
  return { code: 200, contentType: CONTENT_TYPES[form.encoding], bytes: encoded, warnings: [] };
}

function encodeAs(kind: KindDefinition, object: StoredObject, form: Rendering, as: EncodedAs): Buffer {
  switch (as.of) {
    case "object":
      return encodeObject(kind, object, form);
    case "item":
      return encodeListItem(kind, object, as.index, form);
    case "event": {
      const encoder = new WatchEncoder(kind, form, as.hasColumns);
      return encoder.encode({ type: as.type, object, encoded: new Map() });
    }
  }
}
