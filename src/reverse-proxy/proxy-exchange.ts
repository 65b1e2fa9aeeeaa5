import type { OutgoingHttpHeaders } from "node:http";
import { request as requestHttp } from "node:http";
import { type Clock, isGantryError, type Logger } from "../base/index.ts";
import { NoAnswer, refuse, relayUpgrade, sendText, type UpgradeRequest } from "../http/index.ts";
import type { Asked } from "./asked.ts";
import { connectToEndpoint } from "./connect-to-endpoint.ts";
import type { EndpointAnswer } from "./endpoint-answer.ts";
import { type EndpointPool, type EndpointState, MAX_ENDPOINTS } from "./endpoint-pool.ts";
import { forwardOverHttp2 } from "./forward-grpc.ts";
import { type Attempt, askEndpoint, isRepeatable, type Outgoing } from "./forward-request.ts";
import { answeredHeaders, forwardedHeaders, forwardedUpgradeHeaders } from "./forwarded-headers.ts";
import { changeHeaders } from "./header-changes.ts";
import type { Incoming } from "./incoming.ts";
import { pickBackend } from "./pick-backend.ts";
import { answer, type Forwarding, type OwnAnswer, planRequest } from "./plan-request.ts";
import { sendMirrors } from "./send-mirrors.ts";
import type { RouteFilter, RouteRule, WeightedBackend } from "./types.ts";
import { Waiting } from "./waiting.ts";

export interface ExchangeParts {
  pool(backend: string): EndpointPool | undefined;
  clock: Clock;
  logger: Logger;
}

/** How a request ended, for the access log and the metrics. */
export interface Outcome {
  rule: string;
  status: number;
  /** `10.0.0.1:80`; empty where the proxy itself has answered. */
  endpoint: string;
}

/** One request, from its rule to its answer. */
export class ProxyExchange {
  readonly #parts: ExchangeParts;
  readonly #request: Incoming;
  readonly #rule: RouteRule | undefined;

  constructor(parts: ExchangeParts, request: Incoming, rule: RouteRule | undefined) {
    this.#parts = parts;
    this.#request = request;
    this.#rule = rule;
  }

  async answer(asked: Asked): Promise<Outcome> {
    const plan = this.#plan();
    if ("status" in plan) return this.#say(asked, plan);
    const { rule, pool, forwarding } = plan;
    const waiting = new Waiting(asked.sink, rule.timeouts?.requestMs, this.#parts.clock);
    try {
      return await this.#forward(asked, rule, pool, forwarding, waiting);
    } catch (error) {
      if (!isGantryError(error) || asked.sink.headersSent) throw error;
      return this.#say(asked, answer(error.code === "Http.BodyTooLarge" ? 413 : 400));
    } finally {
      waiting.end();
    }
  }

  async upgrade(upgrade: UpgradeRequest): Promise<Outcome> {
    const plan = this.#plan();
    if ("status" in plan) {
      refuse(upgrade.socket, plan.status, plan.body, undefined, plan.headers);
      return this.#outcome(plan.status);
    }
    const { rule, pool, forwarding } = plan;
    const { socket } = upgrade;
    const { sessionCookie, timeouts } = rule;
    const behind = await connectToEndpoint(pool, this.#parts.clock, {
      cookie: sessionCookie && cookieOf(this.#request, sessionCookie.name),
      connectMs: timeouts?.connectMs,
    });
    if (!behind) {
      refuse(socket, 502, "502 Bad Gateway\n");
      return this.#outcome(502);
    }
    const { endpoint } = behind;
    const headers = forwardedUpgradeHeaders(this.#request);
    this.#changeRequest(headers, forwarding);
    endpoint.inFlight++;
    let status = 101;
    try {
      const outgoing = requestHttp({
        createConnection: () => behind.socket,
        method: this.#request.method,
        path: forwarding.path + this.#request.search,
        headers,
        setHost: false,
      });
      await relayUpgrade(upgrade, outgoing, (answered) => {
        status = answered.statusCode ?? 502;
        return { headers: answeredHeaders(answered.headers) };
      });
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      status = 502;
      refuse(socket, status, "502 Bad Gateway\n");
    } finally {
      behind.socket.destroy();
      endpoint.inFlight--;
    }
    return this.#outcome(status, endpoint);
  }

  #plan(): OwnAnswer | { rule: RouteRule; pool: EndpointPool; forwarding: Forwarding } {
    const rule = this.#rule;
    if (!rule) return answer(404);
    const chosen = pickBackend(rule.backends);
    const forwarding = planRequest(this.#request, rule, filtersOf(rule, chosen));
    if (forwarding.kind === "answer") return forwarding;
    if (!chosen) return answer(500);
    const pool = this.#parts.pool(chosen.backend);
    if (!pool || pool.isEmpty) return answer(503);
    return { rule, pool, forwarding };
  }

  async #forward(
    asked: Asked,
    rule: RouteRule,
    pool: EndpointPool,
    forwarding: Forwarding,
    waiting: Waiting,
  ): Promise<Outcome> {
    const { clock } = this.#parts;
    const request = this.#request;
    const headers = forwardedHeaders(request);
    this.#changeRequest(headers, forwarding);
    const path = forwarding.path + request.search;
    if (forwarding.mirrors.length > 0)
      sendMirrors(forwarding.mirrors, this.#parts.pool, { method: request.method, path, headers }, clock);
    const hasBody = asked.body !== undefined;
    const tried = new Set<string>();
    let retries = rule.retries?.attempts ?? 0;
    let attempt: Attempt = { kind: "untouched", problem: "no endpoint" };
    let isFresh = false;
    let endpoint: EndpointState | undefined;
    while (tried.size < MAX_ENDPOINTS) {
      const next = this.#pick(pool, rule, tried);
      if (!next) break;
      endpoint = next;
      const outgoing: Outgoing = {
        ...{ asked, pool, endpoint, path, headers, isFresh },
        onGivenUp: (stop) => waiting.onEnd(stop),
        maxBodyBytes: rule.maxBodyBytes,
        connectMs: rule.timeouts?.connectMs,
        answerMs: rule.timeouts?.backendMs,
      };
      endpoint.inFlight++;
      try {
        if (isOverHttp2(pool, request)) {
          const status = await forwardOverHttp2(outgoing, clock, (own) =>
            this.#changeAnswer(own, forwarding, rule, next),
          );
          if (typeof status === "number") return this.#outcome(status, next);
          attempt = { kind: status, problem: "no answer over HTTP/2" };
        } else attempt = await askEndpoint(outgoing, clock);
        if (waiting.isOver) {
          // It has come in the same moment.
          if (attempt.kind === "answer") attempt.answer.drop();
          break;
        }
        if (
          attempt.kind === "answer" &&
          !(retries > 0 && this.#isToBeRetried(attempt.answer, rule, hasBody))
        ) {
          await this.#pass(asked, attempt.answer, forwarding, rule, next);
          return this.#outcome(attempt.answer.status, next);
        }
      } finally {
        endpoint.inFlight--;
      }
      if (attempt.kind === "answer") {
        attempt.answer.drop();
        retries--;
        await clock.sleep(rule.retries?.backoffMs ?? 0);
        continue;
      }
      // The endpoint has closed a connection that waited: that says nothing of it, and a new one is taken.
      if (attempt.kind === "stale" && !isFresh) {
        isFresh = true;
        continue;
      }
      pool.avoid(endpoint, clock.monotonicMs());
      if (attempt.kind !== "untouched" && !(isRepeatable(request.method, hasBody) && attempt.kind === "lost"))
        break;
      tried.add(endpoint.key);
    }
    if (asked.sink.destroyed) return this.#outcome(499, endpoint);
    const isLate = waiting.isLate || attempt.kind === "late";
    if (!waiting.isLate)
      this.#parts.logger.debug("no endpoint has answered", { rule: rule.name, ...attempt });
    return { ...(await this.#say(asked, answer(isLate ? 504 : 502))), endpoint: endpoint?.key ?? "" };
  }

  #pass(
    { sink }: Asked,
    answered: EndpointAnswer,
    forwarding: Forwarding,
    rule: RouteRule,
    endpoint: EndpointState,
  ): Promise<void> {
    const headers = answeredHeaders(answered.headers);
    this.#changeAnswer(headers, forwarding, rule, endpoint);
    sink.writeHead(answered.status, headers);
    // The first event of a stream may be long in coming.
    if (!answered.hasBegun) sink.flushHeaders();
    return answered.passTo(sink);
  }

  #pick(
    pool: EndpointPool,
    { sessionCookie }: RouteRule,
    tried: ReadonlySet<string>,
  ): EndpointState | undefined {
    const cookie = sessionCookie && cookieOf(this.#request, sessionCookie.name);
    return pool.pick(tried, this.#parts.clock.monotonicMs(), cookie);
  }

  #changeRequest(headers: OutgoingHttpHeaders, { requestChanges, host }: Forwarding): void {
    for (const changes of requestChanges) changeHeaders(headers, changes);
    if (host !== undefined) headers.host = host;
  }

  #changeAnswer(
    headers: OutgoingHttpHeaders,
    { responseChanges, responseHeaders }: Forwarding,
    { sessionCookie }: RouteRule,
    endpoint: EndpointState,
  ): void {
    Object.assign(headers, responseHeaders);
    for (const changes of responseChanges) changeHeaders(headers, changes);
    if (!sessionCookie) return;
    const { name, path, maxAgeSeconds } = sessionCookie;
    const { token } = endpoint;
    if (cookieOf(this.#request, name) === token) return;
    const age = maxAgeSeconds === undefined ? "" : `; Max-Age=${maxAgeSeconds}`;
    const secure = this.#request.scheme === "https" ? "; Secure" : "";
    changeHeaders(headers, {
      add: [{ name: "set-cookie", value: `${name}=${token}; Path=${path}${age}; HttpOnly${secure}` }],
    });
  }

  #isToBeRetried(answered: EndpointAnswer, { retries }: RouteRule, hasBody: boolean): boolean {
    return isRepeatable(this.#request.method, hasBody) && (retries?.codes.includes(answered.status) ?? false);
  }

  async #say({ sink }: Asked, { status, headers, body }: OwnAnswer): Promise<Outcome> {
    sendText(sink, status, body, headers as Record<string, string>);
    return this.#outcome(status);
  }

  #outcome(status: number, endpoint?: EndpointState): Outcome {
    return { rule: this.#rule?.name ?? "", status, endpoint: endpoint?.key ?? "" };
  }
}

function filtersOf({ filters }: RouteRule, chosen: WeightedBackend | undefined): readonly RouteFilter[] {
  return chosen?.filters ? [...filters, ...chosen.filters] : filters;
}

function isOverHttp2(pool: EndpointPool, { headers }: Incoming): boolean {
  const { protocol } = pool.backend;
  return (
    protocol === "h2c" ||
    (protocol === "auto" && /^application\/grpc(?:[+;]|$)/.test(headers["content-type"] ?? ""))
  );
}

function cookieOf({ headers }: Incoming, name: string): string | undefined {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
