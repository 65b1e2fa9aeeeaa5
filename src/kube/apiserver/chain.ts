import { type KindDefinition, statusBadRequest, statusUnsupportedMediaType, toStatus } from "../api/index.ts";
import type { ApiRequest, UserInfo } from "../client/types.ts";
import type { RequestObserver } from "./audit.ts";
import { authorize } from "./authorization/authorizer.ts";
import { deprecationOf } from "./deprecations.ts";
import { type Impersonation, impersonate } from "./impersonation.ts";
import type { InFlightLimits } from "./in-flight.ts";
import type { RequestInfo, ResourceRequestInfo } from "./request-info.ts";
import { review } from "./reviews/review.ts";
import { methodNotAllowed, routeOf } from "./routes.ts";
import type { Answer, ResourceCall, ServerContext } from "./server-context.ts";
import { subresourceHandler } from "./subresources/subresources.ts";
import { PlainBody, type RequestBody } from "./verbs/decode-object.ts";
import { deleteCollection, deleteObject } from "./verbs/delete-objects.ts";
import { applyPatch, PATCH_TYPES } from "./verbs/patch-object.ts";
import { getObject, listObjects } from "./verbs/read-objects.ts";
import { watchObjects } from "./verbs/watch-objects.ts";
import { createObject, requireBody, requireUpdate, updateObject } from "./verbs/write-object.ts";

/** A request as it came in: over HTTP, or as a call from the same process. */
export interface Exchange {
  info: RequestInfo;
  /** From the same process: no limits on how many at once. */
  local: boolean;
  authenticate(): Promise<UserInfo>;
  /** Whom the caller wants to act as; throws what is wrong with how it says so. */
  impersonation(): Impersonation | undefined;
  /** The parameters that all resources share; throws what is wrong with them. */
  parseQuery(): ApiRequest["query"];
  /** What the client is warned of, with whatever it is answered. */
  warnings: string[];
  /** All query parameters, for subresources that have their own. */
  params: URLSearchParams;
  patchType: ApiRequest["patchType"];
  /** How the answer is wanted; throws NotAcceptable before anything is done. */
  negotiate(route: { info: ResourceRequestInfo; kind: KindDefinition }): void;
  readBody(query: ApiRequest["query"]): Promise<RequestBody>;
  signal: AbortSignal;
  /** Answers paths that are no resources (`/version`, discovery, health); returns the status code. */
  answerPath(info: RequestInfo, user: UserInfo): Promise<number>;
}

export interface ChainOptions {
  context: ServerContext;
  observer: RequestObserver;
  inFlight: InFlightLimits;
}

/**
 * The way of every request, in this order: request info (in the exchange) -> audit -> authentication -> impersonation ->
 * limits -> authorization -> decode -> admission -> defaults -> validation -> store (the last four in `write-object.ts`)
 * -> `respond`, which encodes the answer. Whatever throws on the way is the client's answer.
 */
export async function serveRequest<T>(
  { context, observer, inFlight }: ChainOptions,
  exchange: Exchange,
  respond: (answer: Answer, call: ResourceCall) => Promise<T> | T,
): Promise<T | undefined> {
  const { info, local } = exchange;
  const record = observer.begin({ info, local });
  let outcome: { code: number; error?: unknown } = { code: 200 };
  let leave = () => {};
  try {
    const caller = await exchange.authenticate();
    const user = await impersonate(caller, exchange.impersonation(), context.authorizer);
    record.identified({ user, caller });
    if (!local) leave = inFlight.enter(info, user);
    await authorize(context.authorizer, user, info);
    if (!info.isResource) {
      outcome.code = await exchange.answerPath(info, user);
      return undefined;
    }
    const call = await decode(exchange, info, user);
    const answer = await perform(context, call);
    if (answer.form === "object") outcome.code = answer.code;
    return await respond(answer, call);
  } catch (error) {
    outcome = { code: toStatus(error).code ?? 500, error };
    throw error;
  } finally {
    leave();
    record.end(outcome);
  }
}

const NO_BODY = new PlainBody(undefined);

async function decode(exchange: Exchange, info: ResourceRequestInfo, user: UserInfo): Promise<ResourceCall> {
  const kind = routeOf(info);
  const { params, patchType, signal, warnings } = exchange;
  const deprecation = deprecationOf(kind);
  if (deprecation) warnings.push(deprecation);
  if (patchType === "apply") throw statusUnsupportedMediaType(Object.keys(PATCH_TYPES));
  exchange.negotiate({ info, kind });
  if (kind.namespaced && info.namespace === "" && info.verb !== "create") {
    throw statusBadRequest("Namespace parameter required.");
  }
  const query = exchange.parseQuery();
  // What is passed on is not read.
  const body = info.subresource === "proxy" ? NO_BODY : await exchange.readBody(query);
  return { info, kind, user, query, params, patchType, body, warnings, signal };
}

async function perform(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  if (info.subresource !== undefined) return subresourceHandler(call)(context, call);
  const asked = await review(context, call);
  if (asked) return asked;
  switch (info.verb) {
    case "get":
      return answerWith(call, await getObject(context, call));
    case "list":
      return { form: "list", kind, list: await listObjects(context, call) };
    case "watch":
      return { form: "watch", kind, watch: await watchObjects(context, call) };
    case "create":
      return answerWith(call, await createObject(context, call, requireBody(call)), 201);
    case "update":
      return update(context, call);
    case "patch":
      return answerWith(
        call,
        (await updateObject(context, call, (current) => applyPatch(call, kind, current.object))).object,
      );
    case "delete":
      return deleteObject(context, call);
    case "deletecollection":
      return { form: "list", kind, list: await deleteCollection(context, call) };
    default:
      throw methodNotAllowed();
  }
}

async function update(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const sent = requireUpdate(call);
  const create = call.kind.allowCreateOnUpdate ? () => createObject(context, call, sent) : undefined;
  const { object, created } = await updateObject(context, call, () => structuredClone(sent), {
    sent,
    create,
  });
  return answerWith(call, object, created ? 201 : 200);
}

function answerWith(
  { kind }: ResourceCall,
  object: Extract<Answer, { form: "object" }>["object"],
  code: 200 | 201 = 200,
): Answer {
  return { form: "object", kind, object, code };
}
