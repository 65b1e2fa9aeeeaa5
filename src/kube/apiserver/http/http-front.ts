import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, GantryError, isGantryError, type Logger } from "../../../base/index.ts";
import {
  type HttpContext,
  readBody,
  refuse,
  sendBytes,
  sendOverWebSocket,
  sendText,
  type UpgradeRequest,
} from "../../../http/index.ts";
import {
  type IncludeObject,
  mediaTypeOf,
  type Status,
  type StatusError,
  statusBadRequest,
  statusTimeout,
  statusTooLarge,
  toStatus,
} from "../../api/index.ts";
import type { ApiRequest, UserInfo } from "../../client/types.ts";
import type { AggregatedProxy } from "../aggregation/aggregated-proxy.ts";
import type { HttpAuthentication } from "../authentication/authenticate-http.ts";
import { ByteBudget } from "../byte-budget.ts";
import { type ChainOptions, type Exchange, serveRequest } from "../chain.ts";
import { isFlowControlRefusal } from "../flow-control/too-many-requests.ts";
import { impersonationOf, NOBODY_IMPERSONATED } from "../impersonation.ts";
import { upgradeToKubelet } from "../nodes/forward-to-kubelet.ts";
import type { RequestTimes } from "../options/read-request-times.ts";
import { parseRequest, type RequestInfo, takeFieldSelector } from "../request-info.ts";
import { EncodedBody, type RequestBody } from "../verbs/decode-object.ts";
import { PATCH_TYPES } from "../verbs/patch-object.ts";
import { CONTENT_TYPES, errorEncoding, type Route, wantedForm } from "./accept.ts";
import { answerBrowser, type BrowserRules } from "./browser-headers.ts";
import { encodeValue, type Rendering } from "./encode-answer.ts";
import { forwardUpgrade } from "./forward-request.ts";
import { parseQuery } from "./parse-query.ts";
import { parsePatchDocument } from "./patch-document.ts";
import { RequestDeadline } from "./request-deadline.ts";
import { auditIdOf, originOf } from "./request-origin.ts";
import { sendAnswer, setWarnings } from "./send-answer.ts";
import { sendWatchOverWebSocket } from "./watch-over-websocket.ts";

/** apiserver's MaxRequestBodyBytes. */
const BODY_LIMIT_BYTES = 3 * 1024 * 1024;
/** What is held of bodies that are still to come whole. */
const UNFINISHED_BODIES = { userBytes: 48 * 2 ** 20, totalBytes: 256 * 2 ** 20 };

export interface HttpFrontOptions {
  chain: ChainOptions;
  authentication: HttpAuthentication;
  /** Answers what is no resource. */
  answerPath: (ctx: HttpContext, info: RequestInfo, user: UserInfo) => Promise<void>;
  /** Answers for other servers. */
  proxy: AggregatedProxy;
  clientStallMs: number;
  requestTimes: RequestTimes;
  browserRules: BrowserRules | undefined;
  logger: Logger;
  clock: Clock;
}

/** Between HTTP and the chain: turns requests into exchanges, and what comes back into bytes. */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #budget = new ByteBudget(UNFINISHED_BODIES);

  constructor(options: HttpFrontOptions) {
    this.#options = options;
  }

  async handle(ctx: HttpContext): Promise<void> {
    const { res } = ctx;
    const auditId = auditIdOf(ctx.req);
    res.setHeader("audit-id", auditId);
    res.setHeader("cache-control", "no-cache, private");
    const { browserRules } = this.#options;
    if (browserRules && answerBrowser(ctx, browserRules)) return;
    const { chain, clientStallMs, logger, clock } = this.#options;
    const { offload } = chain;
    let form: Rendering | undefined;
    const exchange = this.#exchange(ctx.req, ctx.method, ctx.path, ctx.query, ctx, {
      classified: ({ schema, level }) => {
        res.setHeader("x-kubernetes-pf-flowschema-uid", schema.object.metadata.uid ?? "");
        res.setHeader("x-kubernetes-pf-prioritylevel-uid", level.object.metadata.uid ?? "");
      },
      answerPath: async (info, user) => {
        await this.#options.answerPath(ctx, info, user);
        return res.statusCode;
      },
      passOn: (info, user, service) => this.#options.proxy.answer(ctx, { info, user, service, auditId }),
      negotiate: (route) => {
        form = this.#rendering(ctx, route);
        return form;
      },
      origin: () => originOf(ctx.req, auditId),
      sentCode: () => (res.headersSent ? res.statusCode : undefined),
    });
    try {
      await exchange.deadline.hold(clock, () =>
        serveRequest(chain, exchange, (answer, call) =>
          sendAnswer({ ctx, answer, call, form: form!, offload, clientStallMs, logger, clock }),
        ),
      );
    } catch (error) {
      // A refusal carries the warnings too.
      if (!res.headersSent) setWarnings(res, exchange.warnings);
      throw error;
    }
  }

  /** Requests that ask for an upgrade: exec, attach, port-forward, logs and watches. */
  async upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const auditId = auditIdOf(req);
    const gone = new AbortController();
    socket.on("close", () => gone.abort());
    socket.on("error", () => gone.abort());
    try {
      const url = new URL(req.url!, "http://local");
      const path = req.url!.split("?", 1)[0]!;
      let route: Route | undefined;
      const exchange = this.#exchange(req, req.method!, path, url.searchParams, gone, {
        classified: () => {},
        answerPath: () => {
          throw statusBadRequest("the connection cannot be upgraded here");
        },
        passOn: (info, user, service) =>
          this.#options.proxy.upgrade(
            { req, socket, head, signal: gone.signal },
            { info, user, service, auditId },
          ),
        negotiate: (of) => {
          route = of;
          return undefined;
        },
        origin: () => originOf(req, auditId),
      });
      await serveRequest(this.#options.chain, exchange, async (answer, call) => {
        const upgrade = { req, socket, head, signal: gone.signal };
        if (answer.form === "proxy") return forwardUpgrade(upgrade, answer.target);
        if (answer.form === "kubelet") return upgradeToKubelet(upgrade, answer.target);
        if (answer.form === "text") return this.#sendText(upgrade, answer.chunks);
        if (answer.form === "watch") {
          const { chain, clientStallMs: stallMs, logger, clock } = this.#options;
          const form = this.#rendering({ req, query: url.searchParams }, route!);
          const { offload } = chain;
          return sendWatchOverWebSocket({
            ...upgrade,
            ...answer,
            call,
            form,
            offload,
            logger,
            stallMs,
            clock,
          });
        }
        if (answer.form !== "upgrade") throw statusBadRequest("the connection cannot be upgraded here");
        await answer.accept(upgrade);
      });
    } catch (error) {
      const plain = plainAnswer(error, req.url ?? "");
      if (plain !== undefined) return refuse(socket, 500, plain);
      const status = this.#statusOf(error, req.url ?? "");
      if (!socket.destroyed) refuse(socket, status.code ?? 500, JSON.stringify(status), "application/json");
    }
  }

  /** A log over WebSocket; where there is none yet, there is nothing to upgrade for. */
  async #sendText(
    { req, socket, head }: UpgradeRequest,
    chunks: AsyncIterable<Uint8Array> | undefined,
  ): Promise<void> {
    if (!chunks) return refuse(socket, 204, "");
    const { clientStallMs: stallMs, clock } = this.#options;
    await sendOverWebSocket({ req, socket, head, chunks, stallMs, clock });
  }

  /** The answer to whatever was thrown on the way. */
  onError(ctx: HttpContext, error: unknown): void {
    if (isFlowControlRefusal(error)) {
      sendRefusal(ctx, error);
      return;
    }
    const plain = plainAnswer(error, ctx.req.url ?? "");
    if (plain !== undefined) {
      sendText(ctx.res, 500, plain);
      return;
    }
    const status = this.#statusOf(error, ctx.path);
    const retryAfter = status.details?.retryAfterSeconds;
    const headers = retryAfter ? { "retry-after": String(retryAfter) } : {};
    const encoding = errorEncoding(ctx.req.headers.accept);
    const bytes = encodeValue(status, encoding);
    sendBytes(ctx.res, status.code ?? 500, CONTENT_TYPES[encoding], bytes, headers);
  }

  #statusOf(error: unknown, path: string): Status {
    // A plain error that comes this far is a mistake of ours.
    if (!(error instanceof GantryError) || error.kind === "Internal") {
      this.#options.logger.error("request failed", { path, error });
    }
    return toStatus(error);
  }

  #rendering({ req, query }: Pick<HttpContext, "req" | "query">, route: Route): Rendering {
    const form = wantedForm(req.headers.accept, wantsPretty(req, query), route);
    const include = query.get("includeObject");
    if (include && !["None", "Metadata", "Object"].includes(include)) {
      throw statusBadRequest(
        `includeObject: Invalid value: ${JSON.stringify(include)}: must be 'Metadata', 'Object', 'None', or empty`,
      );
    }
    return {
      ...form,
      nowMs: this.#options.clock.nowMs(),
      includeObject: (include || "Metadata") as IncludeObject,
    };
  }

  #exchange(
    req: IncomingMessage,
    method: string,
    path: string,
    params: URLSearchParams,
    gone: { readonly signal: AbortSignal },
    answering: Pick<Exchange, "answerPath" | "classified" | "negotiate" | "origin" | "passOn" | "sentCode">,
  ): Exchange & { deadline: RequestDeadline } {
    const info = parseRequest(method, path, params);
    takeFieldSelector(info, params.get("fieldSelector") ?? undefined);
    // What is passed on to somebody else is not read: its type and its parameters are not ours.
    const isPassedOn = info.isResource && info.subresource === "proxy";
    const patchType = info.verb === "patch" && !isPassedOn ? patchTypeOf(req) : undefined;
    const warnings: string[] = [];
    const { requestTimes } = this.#options;
    const deadline = new RequestDeadline(info, params, requestTimes.timeoutMs);
    return {
      deadline,
      info,
      local: false,
      authenticate: async () => {
        deadline.check();
        return this.#options.authentication.authenticate(req, path);
      },
      impersonation: () => impersonationOf(req),
      parseQuery: () =>
        isPassedOn ? {} : withEnd(parseQuery(params, info.verb, patchType), info, requestTimes),
      params,
      patchType,
      userAgent: req.headers["user-agent"] ?? "",
      warnings,
      readBody: (query, user) => this.#readBody(req, method, query, warnings, user),
      get signal() {
        return deadline.signal(gone.signal);
      },
      ...answering,
    };
  }

  async #readBody(
    req: IncomingMessage,
    method: string,
    query: ApiRequest["query"],
    warnings: string[],
    user: UserInfo,
  ): Promise<RequestBody> {
    // A request for an upgrade has no body, whatever its method: what follows belongs to the new protocol.
    const isBare = method === "GET" || method === "HEAD" || req.headers.upgrade !== undefined;
    const bytes = isBare ? Buffer.alloc(0) : await this.#readBytes(req, user);
    const contentType = req.headers["content-type"];
    return new EncodedBody({
      bytes,
      contentType,
      fieldValidation: query.fieldValidation,
      warnings,
      parsePatch: parsePatchDocument,
    });
  }

  async #readBytes(req: IncomingMessage, user: UserInfo): Promise<Buffer> {
    const held: (() => void)[] = [];
    try {
      const { clock } = this.#options;
      return await readBody(req, BODY_LIMIT_BYTES, {
        // A body that has not come by then is not waited for.
        timeoutMs: this.#options.requestTimes.timeoutMs,
        clock,
        onChunk: (bytes) => held.push(this.#budget.take(user.name, bytes)),
      });
    } catch (error) {
      if (isGantryError(error) && error.code === "Http.BodyTimeout")
        throw statusTimeout("the request's body did not come in time");
      if (isGantryError(error) && error.code === "Http.BodyTooLarge")
        throw statusTooLarge(`limit is ${BODY_LIMIT_BYTES}`);
      throw error;
    } finally {
      for (const release of held) release();
    }
  }
}

/** A watch that names no end gets one by chance, so that not all come again at once. */
function withEnd(
  query: ApiRequest["query"],
  { verb }: RequestInfo,
  { minWatchSeconds }: RequestTimes,
): ApiRequest["query"] {
  if (verb !== "watch" || query.timeoutSeconds) return query;
  return { ...query, timeoutSeconds: Math.round(minWatchSeconds * (1 + Math.random())) };
}

function sendRefusal({ res }: HttpContext, { status }: StatusError): void {
  sendText(res, 429, `${status.message}\n`, {
    "retry-after": String(status.details?.retryAfterSeconds),
    "x-content-type-options": "nosniff",
  });
}

/** What upstream answers without a Status (responsewriters.InternalError). */
function plainAnswer(error: unknown, url: string): string | undefined {
  if (!isGantryError(error) || error.code !== NOBODY_IMPERSONATED) return undefined;
  const text = `Internal Server Error: ${JSON.stringify(url)}: ${error.message}`;
  return `${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}\n`;
}

/** People's tools get indented JSON (apiserver negotiation isPrettyPrint). */
function wantsPretty(req: IncomingMessage, query: URLSearchParams): boolean {
  const wish = query.get("pretty");
  if (wish !== null) return wish !== "false" && wish !== "0";
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(String(req.headers["user-agent"] ?? ""));
}

function patchTypeOf(req: IncomingMessage): ApiRequest["patchType"] {
  const type = mediaTypeOf(req.headers["content-type"]);
  return Object.hasOwn(PATCH_TYPES, type) ? PATCH_TYPES[type as keyof typeof PATCH_TYPES] : undefined;
}
