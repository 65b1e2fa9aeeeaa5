import type { ClientRequest, IncomingMessage } from "node:http";
import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import {
  type HttpContext,
  hostPort,
  NoAnswer,
  refuse,
  relayRequest,
  relayUpgrade,
  sendText,
  type UpgradeRequest,
} from "../../../http/index.ts";
import { statusTimeout } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { answeredHeaders, forwardedHeaders, forwardedUpgradeHeaders } from "../http/forwarded-headers.ts";
import { isLongRunning } from "../long-running.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Endpoint } from "../webhook/service-endpoints.ts";
import { dialProblem } from "../webhook/webhook-errors.ts";
import { isAvailable, type RemoteApiService } from "./aggregated-services.ts";
import { identityHeaders } from "./identity-headers.ts";
import { InvalidAuthority, type RemoteConnections } from "./remote-connections.ts";

/** Discovery is asked for by all clients, and quick where somebody answers at all. */
const DISCOVERY_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 60_000;

export interface AggregatedProxyOptions {
  connections: RemoteConnections;
  logger: Logger;
  clock: Clock;
}

/** A request whose sender is known and allowed to do what it asks for. */
export interface PassedOn {
  info: RequestInfo;
  user: UserInfo;
  service: RemoteApiService;
  /** Under which both servers' audit logs tell of it. */
  auditId: string;
}

/** An answer of this server in place of the one behind it: plain text, as upstream's. */
class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Passes requests on to the servers behind APIServices, and says who sends them (kube-aggregator's proxyHandler). */
export class AggregatedProxy {
  readonly #options: AggregatedProxyOptions;

  constructor(options: AggregatedProxyOptions) {
    this.#options = options;
  }

  /** Answers; returns the status code. Throws Timeout (504). */
  async answer(ctx: HttpContext, passed: PassedOn): Promise<number> {
    const { res } = ctx;
    try {
      const { outgoing, endpoint } = await this.#open(ctx.req, passed, forwardedHeaders);
      await this.#inTime(passed.info, outgoing, () =>
        relayRequest(ctx, outgoing, (answer) => {
          refuseRedirect(answer);
          return { headers: withoutCors(answer) };
        }).catch((error) => unreachable(error, endpoint)),
      );
      return res.statusCode;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      sendText(res, error.code, error.message, { "x-content-type-options": "nosniff" });
      return error.code;
    }
  }

  /** As `answer`, for a request that asks for another protocol. */
  async upgrade(upgrade: UpgradeRequest, passed: PassedOn): Promise<number> {
    try {
      const { outgoing, endpoint } = await this.#open(upgrade.req, passed, forwardedUpgradeHeaders);
      let code = 101;
      await relayUpgrade(upgrade, outgoing, (answer) => {
        code = answer.statusCode ?? 502;
        if (code < 400) throw new Refusal(503, `invalid upgrade response: status code ${code}\n`);
        return { headers: withoutCors(answer) };
      }).catch((error) => unreachable(error, endpoint));
      return code;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(upgrade.socket, error.code, error.message);
      return error.code;
    }
  }

  async #open(
    req: IncomingMessage,
    { user, service, auditId }: PassedOn,
    clientHeaders: typeof forwardedHeaders,
  ): Promise<{ outgoing: ClientRequest; endpoint: Endpoint }> {
    if (!isAvailable(service)) throw unavailable();
    const { connections, logger } = this.#options;
    const endpoint = await connections.endpointOf(service).catch((error: unknown) => {
      logger.warn("an APIService leads nowhere", {
        name: service.metadata.name,
        problem: errorMessage(error),
      });
      throw unavailable();
    });
    const path = req.url ?? "/";
    const [uri = ""] = path.split("?", 1);
    const headers = {
      ...clientHeaders(req, uri),
      ...identityHeaders(user),
      host: hostPort(endpoint),
      "audit-id": auditId,
    };
    try {
      const outgoing = connections.open(service, endpoint, { method: req.method ?? "GET", path, headers });
      return { outgoing, endpoint };
    } catch (error) {
      throw new Refusal(error instanceof InvalidAuthority ? 500 : 503, `${errorMessage(error)}\n`);
    }
  }

  /** Ends the request where its time is over. */
  async #inTime(info: RequestInfo, outgoing: ClientRequest, relay: () => Promise<void>): Promise<void> {
    if (isLongRunning(info)) return relay();
    const isDiscovery = !info.isResource && segmentCount(info.path) === 3;
    let isLate = false;
    const cancel = this.#options.clock.after(isDiscovery ? DISCOVERY_TIMEOUT_MS : REQUEST_TIMEOUT_MS, () => {
      isLate = true;
      outgoing.destroy();
    });
    try {
      await relay();
    } catch (error) {
      if (!isLate) throw error;
      if (isDiscovery) throw new Refusal(503, "error trying to reach service: context deadline exceeded\n");
      throw statusTimeout("request did not complete within the allotted timeout");
    } finally {
      cancel();
    }
  }
}

const unavailable = () => new Refusal(503, "service unavailable\n");

function unreachable(error: unknown, endpoint: Endpoint): never {
  if (!(error instanceof NoAnswer)) throw error;
  const problem = dialProblem(error.cause as NodeJS.ErrnoException, hostPort(endpoint));
  throw new Refusal(503, `error trying to reach service: ${problem}\n`);
}

/** A client would follow it with its own credentials to wherever the other server wants it to go (CVE-2022-3172). */
function refuseRedirect({ statusCode = 502, headers }: IncomingMessage): void {
  if (statusCode < 300 || statusCode > 399 || !headers.location) return;
  throw new Refusal(502, "the backend attempted to redirect this request, which is not permitted");
}

/** Which other sites may use this server in a browser is not for those behind it to say. */
function withoutCors({ headers }: IncomingMessage) {
  const answered = answeredHeaders(headers);
  for (const what of ["credentials", "headers", "methods", "origin"])
    delete answered[`access-control-allow-${what}`];
  return answered;
}

function segmentCount(path: string): number {
  return path.replace(/^\/+|\/+$/g, "").split("/").length;
}
