import { FairTurn, GantryError, newUid, OrderedGate } from "../../base/index.ts";
import { apiVersionOf, type KubeObject, statusBadRequest } from "../api/index.ts";
import type { ApiBackend, ApiRequest, UserInfo, WatchEvent } from "../client/types.ts";
import type { RemoteObjects } from "./aggregation/remote-objects.ts";
import { authenticated } from "./authentication/users.ts";
import { type ChainOptions, type Exchange, serveRequest } from "./chain.ts";
import { CUSTOM_METRICS, EXTERNAL_METRICS } from "./metric-values/metric-values.ts";
import { StoredObject } from "./objects/stored-object.ts";
import { type ResourceRequestInfo, takeFieldSelector } from "./request-info.ts";
import type { RequestOrigin } from "./request-observer.ts";
import type { Answer, ListAnswer, WatchItem } from "./server-context.ts";
import { PlainBody } from "./verbs/decode-object.ts";

/** The chain for callers in the same process: the same steps as over HTTP, with objects instead of bytes. */
export class LocalBackend implements ApiBackend {
  readonly #chain: ChainOptions;
  readonly #remote: Pick<RemoteObjects, "read">;
  /** Who asks for hundreds of things at once (a burst of a controller) keeps neither the event loop nor others from theirs. */
  readonly #gate = new OrderedGate();

  constructor(chain: ChainOptions, remote: Pick<RemoteObjects, "read">) {
    this.#chain = chain;
    this.#remote = remote;
  }

  async call(request: ApiRequest, user: UserInfo, signal?: AbortSignal): Promise<KubeObject> {
    const turn = this.#gate.enter(user.name);
    if (turn) await turn;
    const exchange = exchangeOf(request, user, signal ?? NEVER);
    let elsewhere: KubeObject | undefined;
    if (TAKEN_OVER.has(request.group)) {
      exchange.passOn = async (_info, caller, service) => {
        elsewhere = await this.#remote.read(service, uriOf(request), caller);
        return 200;
      };
    }
    const here = await serveRequest(this.#chain, exchange, toObject);
    return (here ?? elsewhere)!;
  }

  async *watch(request: ApiRequest, user: UserInfo, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const over = new AbortController();
    const exchange = exchangeOf(request, user, AbortSignal.any([signal, over.signal]));
    const answered = Promise.withResolvers<Answer>();
    const finished = Promise.withResolvers<void>();
    // The request is under way as long as somebody takes its events.
    const served = serveRequest(this.#chain, exchange, (answer) => {
      answered.resolve(answer);
      return finished.promise;
    });
    served.catch(answered.reject);
    const answer = await answered.promise;
    try {
      if (answer.form !== "watch")
        throw new GantryError("Internal", "a watch was answered with something else");
      for await (const items of answer.watch.items) {
        for (const item of items) {
          if (item.type !== "BOOKMARK" && !item.object.isAtHand) await item.object.load();
          yield toEvent(item);
        }
      }
    } finally {
      over.abort();
      finished.resolve();
    }
  }
}

/** Groups that add-ons have servers for: who measures is asked, whoever that is. Of all others callers get what this server has. */
const TAKEN_OVER = new Set(["metrics.k8s.io", CUSTOM_METRICS, EXTERNAL_METRICS]);

const NEVER = new AbortController().signal;
const NO_PARAMS = new URLSearchParams();

function exchangeOf(request: ApiRequest, user: UserInfo, signal: AbortSignal): Exchange {
  const {
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    query,
    body,
    patchType,
    userAgent = "",
  } = request;
  const info: ResourceRequestInfo = {
    isResource: true,
    verb,
    path: "",
    group,
    version,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
  // A namespace's own name is its namespace, as in the paths of HTTP.
  if (resource === "namespaces" && group === "" && name !== undefined) info.namespace = name;
  takeFieldSelector(info, query.fieldSelector);
  return {
    info,
    local: true,
    origin: () => localOrigin(request, userAgent),
    authenticate: async () => authenticated(user),
    classified: () => {},
    impersonation: () => undefined,
    parseQuery: () => query,
    warnings: [],
    params: NO_PARAMS,
    patchType,
    userAgent,
    negotiate: () => {},
    readBody: async () => new PlainBody(body),
    signal,
    answerPath: () => Promise.reject(statusBadRequest("not a resource")),
  };
}

/** As the request would look if it had come over HTTP. */
function localOrigin(request: ApiRequest, userAgent: string): RequestOrigin {
  return { auditId: newUid(), uri: uriOf(request), userAgent, sourceIps: ["127.0.0.1"] };
}

function uriOf({ group, version, resource, subresource, namespace, name, query, verb }: ApiRequest): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace && resource !== "namespaces" ? ["namespaces", namespace] : [];
  const path = [root, ...scope, resource, name, subresource].filter((segment) => segment !== undefined);
  const params = new URLSearchParams(
    Object.entries({
      ...query,
      ...(verb === "watch" ? { watch: true } : {}),
      dryRun: query.dryRun ? "All" : undefined,
    })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
  return params === "" ? path.join("/") : `${path.join("/")}?${params}`;
}

async function toObject(answer: Answer): Promise<KubeObject> {
  switch (answer.form) {
    case "object":
      return answer.object instanceof StoredObject ? answer.object.object : answer.object;
    case "list":
      return (await toList(answer)) as unknown as KubeObject;
    case "status":
      return answer.status;
    default:
      throw statusBadRequest(`${answer.form} answers are for HTTP only`);
  }
}

async function toList({
  kind,
  list,
}: {
  kind: { group: string; version: string; kind: string; listKind?: string };
  list: ListAnswer;
}) {
  const { items, ...metadata } = list;
  const turn = new FairTurn();
  const objects: KubeObject[] = [];
  for (const item of items) {
    // The first look at an object parses it.
    if (turn.isSpent) await turn.next();
    if (!item.isAtHand) await item.load();
    objects.push(item.object);
  }
  return Object.freeze({
    kind: kind.listKind ?? `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata,
    items: Object.freeze(objects),
  });
}

function toEvent(item: WatchItem): WatchEvent {
  if (item.type !== "BOOKMARK") return { type: item.type, object: item.object.object };
  const { resourceVersion, annotations } = item;
  return {
    type: "BOOKMARK",
    object: { metadata: { resourceVersion, ...(annotations ? { annotations } : {}) } },
  };
}
