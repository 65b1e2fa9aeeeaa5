import { FairTurn } from "../../base/index.ts";
import { type KindDefinition, statusBadRequest, statusUnsupportedMediaType, toStatus } from "../api/index.ts";
import type { ApiRequest, UserInfo } from "../client/types.ts";
import type { AggregatedServices, RemoteApiService } from "./aggregation/aggregated-services.ts";
import { refuseUnlessAllowed } from "./authorization/authorizer.ts";
import { deprecationOf } from "./deprecations.ts";
import type { Classification, FlowControl } from "./flow-control/flow-control.ts";
import type { Rendering } from "./http/encode-answer.ts";
import { type Impersonation, impersonate } from "./impersonation.ts";
import type { Offload } from "./offload/offload.ts";
import { performRequest } from "./perform-request.ts";
import type { RequestInfo, ResourceRequestInfo } from "./request-info.ts";
import type { ObservedRequest, RequestObserver } from "./request-observer.ts";
import { routeOf } from "./routes.ts";
import type { Answer, ResourceCall, ServerContext } from "./server-context.ts";
import { PlainBody, type RequestBody } from "./verbs/decode-object.ts";
import { PATCH_TYPES } from "./verbs/patch-object.ts";

/** A request as it came in: over HTTP, or as a call from the same process. */
export interface Exchange extends ObservedRequest {
  /** From the same process: not subject to flow control, and no limits on what they hold. */
  local: boolean;
  authenticate(): Promise<UserInfo>;
  /** Called once it is known of which priority level the request is, with which every answer is marked. */
  classified(of: Classification): void;
  /** Whom the caller wants to act as; throws what is wrong with how it says so. */
  impersonation(): Impersonation | undefined;
  /** The parameters that all resources share; throws what is wrong with them. */
  parseQuery(): ApiRequest["query"];
  /** The code that went out; undefined while there is none, and for local calls. */
  sentCode?(): number | undefined;
  /** What the client is warned of, with whatever it is answered. */
  warnings: string[];
  /** All query parameters, for subresources that have their own. */
  params: URLSearchParams;
  patchType: ApiRequest["patchType"];
  userAgent: string;
  /**
   * How the answer is to be written out, where it is; throws NotAcceptable before anything is done.
   */
  negotiate(route: { info: ResourceRequestInfo; kind: KindDefinition }): Rendering | undefined;
  /** Resolves when the body has come whole. */
  readBody(query: ApiRequest["query"], user: UserInfo): Promise<RequestBody>;
  /** Made when it is first asked for. */
  readonly signal: AbortSignal;
  /** Answers paths that are no resources (`/version`, discovery, health); returns the status code. */
  answerPath(info: RequestInfo, user: UserInfo): Promise<number>;
  /** Lets another server answer; returns the status code. Absent where the caller wants what this server has itself. */
  passOn?(info: RequestInfo, user: UserInfo, service: RemoteApiService): Promise<number>;
}

export interface ChainOptions {
  context: ServerContext;
  aggregated: AggregatedServices;
  observer: RequestObserver;
  flowControl: FlowControl;
  offload: Offload;
}

/**
 * The way of every request, in this order: request info (in the exchange) -> audit -> authentication -> impersonation ->
 * authorization -> (another server, where an APIService says so) -> body -> flow control -> decode -> admission ->
 * defaults -> validation -> store (the last four in `verbs/`, in a thread where they take long) -> `respond`, which
 * encodes the answer. Whatever throws on the way is the client's answer.
 */
export async function serveRequest<T>(
  options: ChainOptions,
  exchange: Exchange,
  respond: (answer: Answer, call: ResourceCall) => Promise<T> | T,
): Promise<T | undefined> {
  const { context, observer, flowControl } = options;
  const { info, local } = exchange;
  const record = observer.begin(exchange);
  let outcome: { code: number; error?: unknown } = { code: 200 };
  let leave = () => {};
  let forgetWatch = () => {};
  try {
    const caller = await exchange.authenticate();
    await record.authenticated?.(caller);
    const user = await impersonate(caller, exchange.impersonation(), context.authorizer);
    if (user !== caller) record.impersonating?.(user);
    const classification = local ? undefined : flowControl.classify(info, user);
    if (classification) exchange.classified(classification);
    const authorization = await context.authorizer.authorize(user, info);
    record.authorized?.(authorization);
    refuseUnlessAllowed(authorization, user, info);
    const elsewhere = exchange.passOn && options.aggregated.answering(info);
    if (elsewhere) {
      leave = await enter(flowControl, classification, exchange, { user, bodyBytes: 0 });
      // When it begins there is not known here.
      if (info.verb === "watch") leave();
      outcome.code = await exchange.passOn!(info, user, elsewhere);
      return undefined;
    }
    // Who is slow to send a body holds nobody else's place.
    const received = info.isResource ? await receive(context, exchange, info, user) : undefined;
    const bodyBytes = received?.call.body.sizeBytes ?? 0;
    leave = await enter(flowControl, classification, exchange, { user, bodyBytes });
    if (info.isResource && info.verb === "watch") forgetWatch = flowControl.watches.register(info);
    if (!received) {
      outcome.code = await exchange.answerPath(info, user);
      return undefined;
    }
    const { call, form } = received;
    record.called?.(call);
    const answer = await perform(options, received, local);
    if (answer.form === "object" || answer.form === "encoded") outcome.code = answer.code;
    // A watch takes its seats until it has begun.
    if (answer.form === "watch") answer.watch.begun.then(leave);
    await record.answering?.(answer, form);
    const responded = await respond(answer, call);
    outcome.code = exchange.sentCode?.() ?? outcome.code;
    return responded;
  } catch (error) {
    outcome = { code: toStatus(error).code ?? 500, error };
    throw error;
  } finally {
    leave();
    forgetWatch();
    record.end(outcome);
  }
}

/** Waits for seats; returns how they are given back. Who has no class (callers in the same process) needs none. */
async function enter(
  flowControl: FlowControl,
  classification: Classification | undefined,
  exchange: Exchange,
  by: { user: UserInfo; bodyBytes: number },
): Promise<() => void> {
  if (!classification) return () => {};
  const { info, params } = exchange;
  return flowControl.enter(classification, {
    info,
    params,
    get signal() {
      return exchange.signal;
    },
    ...by,
  });
}

interface Received {
  call: ResourceCall;
  form: Rendering | undefined;
}

async function perform(
  { context, offload }: ChainOptions,
  { call, form }: Received,
  local: boolean,
): Promise<Answer> {
  if (local) return performRequest(context, call);
  // Many small requests at once are much work, too.
  const turn = new FairTurn(undefined, call.user.name);
  if (turn.isSpent) {
    await turn.next();
    call.signal.throwIfAborted();
  }
  return (form && (await offload.answer(call, form))) ?? performRequest(context, call);
}

/** Custom objects have no strategic merge patch. */
function refusePatchType(
  kind: KindDefinition,
  info: ResourceRequestInfo,
  patchType: Exchange["patchType"],
): void {
  const isCustom = kind.readStructure !== undefined && info.subresource !== "scale";
  const types = Object.entries(PATCH_TYPES).filter(([, type]) => !isCustom || type !== "strategic");
  if (types.some(([, type]) => type === patchType)) return;
  throw statusUnsupportedMediaType(types.map(([name]) => name));
}

const NO_BODY = new PlainBody(undefined);

async function receive(
  context: ServerContext,
  exchange: Exchange,
  info: ResourceRequestInfo,
  user: UserInfo,
): Promise<Received> {
  const kind = context.metricValues.kindOf(info) ?? routeOf(context.kinds, info);
  const { params, patchType, userAgent, warnings } = exchange;
  const deprecation = deprecationOf(kind);
  if (deprecation) warnings.push(deprecation);
  if (info.verb === "patch" && info.subresource !== "proxy") refusePatchType(kind, info, patchType);
  const form = exchange.negotiate({ info, kind });
  if (kind.namespaced && info.namespace === "" && info.verb !== "create") {
    throw statusBadRequest("Namespace parameter required.");
  }
  const query = exchange.parseQuery();
  // What is passed on is not read.
  const body = info.subresource === "proxy" ? NO_BODY : await exchange.readBody(query, user);
  const auditAnnotations = new Map<string, string>();
  return {
    call: {
      info,
      kind,
      user,
      userAgent,
      query,
      params,
      patchType,
      body,
      warnings,
      auditAnnotations,
      get signal() {
        return exchange.signal;
      },
    },
    form,
  };
}
