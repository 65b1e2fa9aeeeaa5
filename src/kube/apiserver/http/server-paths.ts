import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "../../../base/index.ts";
import { type HttpContext, sendBytes, sendEmpty, sendText } from "../../../http/index.ts";
import { type KindSource, statusNotAcceptable } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { PassedOn } from "../aggregation/aggregated-proxy.ts";
import type { Aggregation } from "../aggregation/aggregation.ts";
import { algorithmOfKey } from "../authentication/json-web-signature.ts";
import type { VerificationKey } from "../authentication/json-web-token.ts";
import { apiVersions, Discovery } from "../discovery/discovery.ts";
import type { NamedResources } from "../discovery/named-resources.ts";
import { flowControlPage } from "../flow-control/debug-pages.ts";
import type { FlowControl } from "../flow-control/flow-control.ts";
import type { Health } from "../health/health.ts";
import type { ApiServerMetrics } from "../metrics.ts";
import { noSuchResource } from "../no-such-resource.ts";
import { OpenApiV2 } from "../openapi/openapi-v2.ts";
import { OpenApiV3 } from "../openapi/openapi-v3.ts";
import type { RequestInfo } from "../request-info.ts";
import { methodNotAllowed } from "../routes.ts";
import { versionInfo } from "../version.ts";
import { CONTENT_TYPES, parseAccept, wantedForm } from "./accept.ts";
import { type DebugPages, debugPage } from "./debug-pages.ts";
import { encodeValue } from "./encode-answer.ts";

export interface ServerPathsOptions {
  kinds: KindSource;
  /** What others answer for. */
  aggregation: Pick<Aggregation, "registrations" | "openApi" | "proxy">;
  namedResources: NamedResources;
  health: Health;
  metrics: ApiServerMetrics;
  flowControl: FlowControl;
  debugPages: DebugPages;
  clock: Clock;
  /** Of service-account tokens. */
  issuer: string;
  /** Where the issuer's keys are; below the issuer where it is absent. */
  jwksUri?: string | undefined;
  tokenKeys: readonly VerificationKey[];
  /** `host:port` under which clients reach this server. */
  serverAddress: () => string;
}

const GZIP_FROM_BYTES = 4096;

/** Everything that is no resource: versions, discovery, OpenAPI, health, metrics, keys. */
export class ServerPaths {
  readonly #options: ServerPathsOptions;
  readonly #discovery: Discovery;
  readonly #v3: OpenApiV3;
  readonly #v2: OpenApiV2;
  /** Compressed documents, by the hash of what is in them. */
  readonly #compressed = new Map<string, Promise<Buffer>>();

  constructor(options: ServerPathsOptions) {
    this.#options = options;
    const { registrations, openApi } = options.aggregation;
    this.#discovery = new Discovery(options.kinds, registrations, options.namedResources);
    this.#v3 = new OpenApiV3(this.#discovery, openApi);
    this.#v2 = new OpenApiV2(options.kinds, openApi);
  }

  async answer(ctx: HttpContext, info: RequestInfo, user: UserInfo): Promise<void> {
    const path = info.path.length > 1 ? info.path.replace(/\/$/, "") : info.path;
    const health = await this.#options.health.answer(path, ctx.query);
    if (health) return sendText(ctx.res, health.code, health.text, { "x-content-type-options": "nosniff" });
    if (info.path === "/metrics") return sendMetrics(ctx, await this.#options.metrics.textOfAll());
    if (info.path === "/metrics/slis") return sendMetrics(ctx, this.#options.health.slis.text());
    const { debugPages, clock } = this.#options;
    const debug = debugPage(path, ctx.req.headers.accept, debugPages, clock.nowMs());
    if (debug) return sendText(ctx.res, debug.code, debug.text);
    const page = flowControlPage(this.#options.flowControl, info.path, ctx.query);
    if (page !== undefined) return sendText(ctx.res, 200, page);
    if (path === "/openapi/v2") return this.#openApiV2(ctx);
    if (path.startsWith("/openapi/v3/")) {
      const auditId = String(ctx.res.getHeader("audit-id"));
      return this.#openApiV3(ctx, path.slice("/openapi/v3/".length), { info, user, auditId });
    }
    const value = this.#value(ctx, path);
    if (!value) {
      // Below what is served the API itself answers, elsewhere the mux.
      if (this.#isBelowApi(info.path)) throw noSuchResource();
      return sendText(ctx.res, 404, "404 page not found\n");
    }
    const isRead = ctx.method === "GET" || ctx.method === "HEAD";
    if (!isRead && !takesEveryMethod(path)) throw methodNotAllowed();
    const isHuman = /^curl/.test(String(ctx.req.headers["user-agent"]));
    // Of what has a type of its own the client's wish is known already.
    if (value.contentType) {
      return this.#sendTagged(ctx, value.contentType, encodeValue(value.body, "json", isHuman));
    }
    const { encoding, pretty } = wantedForm(ctx.req.headers.accept, isHuman);
    const used = encoding === "protobuf" ? "json" : encoding;
    await this.#sendTagged(ctx, CONTENT_TYPES[used], encodeValue(value.body, used, pretty));
  }

  #value(ctx: HttpContext, path: string): { body: object; contentType?: string } | undefined {
    const { serverAddress, tokenKeys } = this.#options;
    switch (path) {
      case "/":
        return { body: { paths: SERVED_PATHS } };
      case "/version":
        return { body: versionInfo() };
      case "/api":
      case "/apis":
        return this.#discoveryRoot(ctx, path === "/api", serverAddress());
      case "/openapi/v3":
        return { body: this.#v3.index() };
      case "/.well-known/openid-configuration":
        return { body: openIdConfiguration(this.#options) };
      case "/openid/v1/jwks":
        return {
          body: { keys: tokenKeys.map(publicJwk) },
          contentType: "application/jwk-set+json",
        };
    }
    const [, root, ...parts] = path.split("/");
    const body =
      root === "api" && parts.length === 1
        ? this.#discovery.resourceList("", parts[0]!)
        : root === "apis" && parts.length === 1
          ? this.#discovery.group(parts[0]!)
          : root === "apis" && parts.length === 2
            ? this.#discovery.resourceList(parts[0]!, parts[1]!)
            : undefined;
    return body && { body };
  }

  /** Under `/api` and the groups that are served. */
  #isBelowApi(path: string): boolean {
    const [, root, group = ""] = path.split("/");
    return root === "api" || (root === "apis" && this.#discovery.group(group) !== undefined);
  }

  /** One answer for all groups where the client asks for it, or else the old list. */
  #discoveryRoot(
    ctx: HttpContext,
    core: boolean,
    serverAddress: string,
  ): { body: object; contentType?: string } {
    for (const { type, params } of parseAccept(ctx.req.headers.accept)) {
      if (params.g === "apidiscovery.k8s.io" && params.as === "APIGroupDiscoveryList") {
        if (params.v !== "v2" && params.v !== "v2beta1") continue;
        const contentType = `application/json;g=apidiscovery.k8s.io;v=${params.v};as=APIGroupDiscoveryList`;
        return { body: this.#discovery.aggregated(core, params.v), contentType };
      }
      if (params.as === undefined && (type.startsWith("application/") || type === "*/*")) break;
    }
    return { body: core ? apiVersions(serverAddress) : this.#discovery.groupList() };
  }

  async #openApiV3(ctx: HttpContext, path: string, asked: Omit<PassedOn, "service">): Promise<void> {
    const document = this.#v3.document(path);
    if (!document) {
      const { openApi, proxy } = this.#options.aggregation;
      const service = openApi.holderOf(path);
      if (!service) throw noSuchResource();
      await proxy.answer(ctx, { ...asked, service });
      return;
    }
    const hash = ctx.query.get("hash");
    // An address with the hash of its content may be kept for good; an old one leads to the new one.
    if (hash !== null && hash !== document.hash) {
      return sendEmpty(ctx.res, 301, { location: `/openapi/v3/${path}?hash=${document.hash}` });
    }
    if (hash !== null) {
      ctx.res.setHeader("cache-control", "public, immutable");
      ctx.res.setHeader("expires", "Thu, 31 Dec 2099 00:00:00 GMT");
    }
    await this.#sendTagged(ctx, "application/json", document.bytes, document.hash);
  }

  async #openApiV2(ctx: HttpContext): Promise<void> {
    for (const { type } of parseAccept(ctx.req.headers.accept)) {
      const isProtobuf = type.startsWith("application/com.github.proto-openapi.spec.v2");
      if (!isProtobuf && !["application/json", "application/*", "*/*"].includes(type)) continue;
      const document = isProtobuf ? this.#v2.protobuf() : this.#v2.json();
      const contentType = isProtobuf
        ? "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
        : "application/json";
      return this.#sendTagged(ctx, contentType, document.bytes, document.hash);
    }
    throw statusNotAcceptable([
      "application/json",
      "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    ]);
  }

  /** Answers 304 to who has it already, and compressed where that pays. */
  async #sendTagged(
    ctx: HttpContext,
    contentType: string,
    bytes: Buffer,
    hash = sha512(bytes),
  ): Promise<void> {
    const { req, res } = ctx;
    const etag = `"${hash}"`;
    res.setHeader("etag", etag);
    res.setHeader("vary", "Accept, Accept-Encoding");
    if (req.headers["if-none-match"]?.includes(etag)) return sendEmpty(res, 304);
    if (bytes.length < GZIP_FROM_BYTES || !/\bgzip\b/.test(String(req.headers["accept-encoding"] ?? ""))) {
      return sendBytes(res, 200, contentType, bytes);
    }
    sendBytes(res, 200, contentType, await this.#compress(bytes, hash), { "content-encoding": "gzip" });
  }

  #compress(bytes: Buffer, hash: string): Promise<Buffer> {
    const known = this.#compressed.get(hash);
    if (known) return known;
    const compressed = promisify(gzip)(bytes, { level: 5 });
    if (this.#compressed.size > 100) this.#compressed.clear();
    this.#compressed.set(hash, compressed);
    return compressed;
  }
}

function sendMetrics(ctx: HttpContext, text: string): void {
  sendBytes(ctx.res, 200, "text/plain; version=0.0.4; charset=utf-8", Buffer.from(text));
}

/** These are no routes of an API but handlers of a mux, which ask for no method: `/apis`, `/apis/GROUP`, `/openapi/v3`. */
function takesEveryMethod(path: string): boolean {
  return /^\/apis(?:\/[^/]+)?$/.test(path) || path === "/openapi/v3";
}

function openIdConfiguration({ issuer, jwksUri, tokenKeys }: ServerPathsOptions): object {
  const algorithms = tokenKeys.map(({ publicKey }) => algorithmOfKey(publicKey)!);
  return {
    issuer,
    jwks_uri: jwksUri ?? `${issuer}/openid/v1/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...new Set(algorithms)].sort(),
  };
}

function publicJwk({ publicKey, keyId }: VerificationKey): object {
  const { kty, ...parts } = publicKey.export({ format: "jwk" });
  return { use: "sig", kty, kid: keyId, alg: algorithmOfKey(publicKey), ...parts };
}

function sha512(bytes: Buffer): string {
  return createHash("sha512").update(bytes).digest("hex").toUpperCase();
}

const SERVED_PATHS = [
  "/.well-known/openid-configuration",
  "/api",
  "/api/v1",
  "/apis",
  "/healthz",
  "/livez",
  "/metrics",
  "/metrics/slis",
  "/openapi/v2",
  "/openapi/v3",
  "/openid/v1/jwks",
  "/readyz",
  "/version",
];
