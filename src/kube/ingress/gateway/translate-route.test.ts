import { describe, expect, it } from "vitest";
import type { RouteRule } from "../../../reverse-proxy/index.ts";
import type { ConfigMap } from "../../api/index.ts";
import { certificatePair } from "../testing/certificate-pair.ts";
import {
  type GatewayWorldObjects,
  gatewayLookup,
  grant,
  grpcRoute,
  httpRoute,
  tlsPolicy,
} from "../testing/gateway-objects.ts";
import { service } from "../testing/objects.ts";
import type { GrpcRoute, HttpRouteMatch, HttpRouteRule, RouteFilterObject } from "./gateway-types.ts";
import { translateRoute } from "./translate-route.ts";

const web = { name: "web", port: 80 };
const services = [service("web"), service("next")];
const far = { ...service("web"), metadata: { ...service("web").metadata, namespace: "other" } };

const translate = (rules: HttpRouteRule[], objects: GatewayWorldObjects = {}) =>
  translateRoute(httpRoute(rules), "HTTPRoute", gatewayLookup({ services: [...services, far], ...objects }));
const ruleOf = (rule: HttpRouteRule, objects?: GatewayWorldObjects) =>
  translate([{ backendRefs: [web], ...rule }], objects).rules[0]!;

describe("matches of an HTTPRoute", () => {
  it.each<[match: HttpRouteMatch, expected: RouteRule["match"]]>([
    [{}, { path: { type: "prefix", value: "/" } }],
    [{ path: { value: "/a" } }, { path: { type: "prefix", value: "/a" } }],
    [{ path: { type: "Exact", value: "/a" } }, { path: { type: "exact", value: "/a" } }],
    [
      { path: { type: "RegularExpression", value: "/a|/b" } },
      { path: { type: "regex", value: "^(?:/a|/b)$" } },
    ],
    [{ method: "POST" }, { path: { type: "prefix", value: "/" }, method: "POST" }],
    [
      {
        headers: [
          { name: "X-A", value: "1" },
          { name: "x-a", value: "2" },
          { name: "b", value: "c.*", type: "RegularExpression" },
        ],
      },
      {
        path: { type: "prefix", value: "/" },
        headers: [
          { name: "x-a", type: "exact", value: "1" },
          { name: "b", type: "regex", value: "^(?:c.*)$" },
        ],
      },
    ],
    [
      {
        queryParams: [
          { name: "Q", value: "1" },
          { name: "q", value: "2" },
        ],
      },
      {
        path: { type: "prefix", value: "/" },
        query: [
          { name: "Q", type: "exact", value: "1" },
          { name: "q", type: "exact", value: "2" },
        ],
      },
    ],
  ])("%j", (match, expected) => {
    expect(ruleOf({ matches: [match] }).match).toEqual(expected);
  });

  it.each(["(", "a(?=b)"])("that are no patterns let nothing through: %s", (value) => {
    const { rules, flaw } = translate([
      { matches: [{ path: { type: "RegularExpression", value } }], backendRefs: [web] },
    ]);
    expect(rules).toEqual([]);
    expect(flaw).toMatchObject({ type: "Accepted", status: "False", reason: "UnsupportedValue" });
  });

  it("each make a rule", () => {
    const { rules } = translate([
      { matches: [{ path: { value: "/a" } }, { method: "GET" }], backendRefs: [web] },
    ]);
    expect(rules.map(({ name, match }) => [name, match.path.value])).toEqual([
      ["httproute/shop/route/0", "/a"],
      ["httproute/shop/route/0", "/"],
    ]);
  });
});

describe("filters of an HTTPRoute", () => {
  const headers = { set: [{ name: "a", value: "1" }], add: [{ name: "b", value: "2" }], remove: ["c"] };
  it.each<[filter: RouteFilterObject, expected: object]>([
    [
      { type: "RequestHeaderModifier", requestHeaderModifier: headers },
      { type: "request-headers", ...headers },
    ],
    [
      { type: "ResponseHeaderModifier", responseHeaderModifier: headers },
      { type: "response-headers", ...headers },
    ],
    [
      { type: "RequestRedirect", requestRedirect: {} },
      { type: "redirect", status: 302 },
    ],
    [
      {
        type: "RequestRedirect",
        requestRedirect: {
          scheme: "https",
          hostname: "b.example",
          port: 8443,
          statusCode: 301,
          path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" },
        },
      },
      {
        type: "redirect",
        scheme: "https",
        host: "b.example",
        port: 8443,
        status: 301,
        path: { type: "prefix", value: "/new" },
      },
    ],
    [
      {
        type: "URLRewrite",
        urlRewrite: { hostname: "in.example", path: { type: "ReplaceFullPath", replaceFullPath: "/x" } },
      },
      { type: "rewrite", host: "in.example", path: { type: "full", value: "/x" } },
    ],
    [
      { type: "RequestMirror", requestMirror: { backendRef: { name: "next", port: 80 } } },
      { type: "mirror", backend: "shop/next:80", percent: 100 },
    ],
    [
      {
        type: "RequestMirror",
        requestMirror: { backendRef: { name: "next", port: 80 }, fraction: { numerator: 1, denominator: 4 } },
      },
      { type: "mirror", backend: "shop/next:80", percent: 25 },
    ],
    [
      { type: "CORS", cors: { allowOrigins: ["https://a.example"], allowMethods: ["GET"] } },
      {
        type: "cors",
        allowOrigins: ["https://a.example"],
        allowMethods: ["GET"],
        allowHeaders: [],
        exposeHeaders: [],
        allowCredentials: false,
        maxAgeSeconds: 5,
      },
    ],
  ])("%j", (filter, expected) => {
    expect(ruleOf({ filters: [filter] }).filters).toEqual([expected]);
  });

  it("stand with a backend of their own, too", () => {
    const filters = [{ type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["a"] } }];
    expect(ruleOf({ backendRefs: [{ ...web, weight: 3, filters }] }).backends).toEqual([
      { backend: "shop/web:80", weight: 3, filters: [{ type: "request-headers", remove: ["a"] }] },
    ]);
  });

  it.each([
    [[{ type: "ExtensionRef" }], "UnsupportedValue"],
    [[{ type: "RequestRedirect" }, { type: "URLRewrite" }], "IncompatibleFilters"],
  ])("that cannot be let nothing through: %j", (filters, reason) => {
    const { rules, flaw } = translate([{ filters, backendRefs: [web] }]);
    expect(rules[0]).toMatchObject({ filters: [{ type: "respond", status: 500 }], backends: [] });
    expect(flaw).toMatchObject({ type: "Accepted", status: "False", reason });
  });

  it("that cannot be in one of several rules make the route invalid in part", () => {
    const { flaw } = translate([{ filters: [{ type: "ExtensionRef" }] }, { backendRefs: [web] }]);
    expect(flaw).toMatchObject({ type: "PartiallyInvalid", status: "True", reason: "UnsupportedValue" });
  });
});

describe("timeouts and retries of an HTTPRoute", () => {
  it.each<[rule: HttpRouteRule, expected: Partial<RouteRule>]>([
    [
      { timeouts: { request: "1m30s", backendRequest: "500ms" } },
      { timeouts: { requestMs: 90_000, backendMs: 500 } },
    ],
    [{ timeouts: { request: "0s" } }, {}],
    [
      { retry: { attempts: 2, codes: [503], backoff: "10ms" } },
      { retries: { attempts: 2, codes: [503], backoffMs: 10 } },
    ],
  ])("%j", (rule, expected) => {
    const { timeouts, retries } = ruleOf(rule);
    expect({ ...(timeouts ? { timeouts } : {}), ...(retries ? { retries } : {}) }).toEqual(expected);
  });
});

describe("backends of an HTTPRoute", () => {
  it("share requests by their weights", () => {
    const backendRefs = [
      { ...web, weight: 9 },
      { name: "next", port: 80 },
    ];
    expect(ruleOf({ backendRefs }).backends).toEqual([
      { backend: "shop/web:80", weight: 9 },
      { backend: "shop/next:80", weight: 1 },
    ]);
  });

  it.each<[name: string, reference: object, objects: GatewayWorldObjects, reason: string]>([
    ["a Service that is missing", { name: "gone", port: 80 }, {}, "BackendNotFound"],
    ["a port that is missing", { name: "web", port: 81 }, {}, "BackendNotFound"],
    ["no Service", { kind: "Bucket", name: "web", port: 80 }, {}, "InvalidKind"],
    ["another namespace's Service", { ...web, namespace: "other" }, {}, "RefNotPermitted"],
    [
      "another namespace's Service that somebody else may refer to",
      { ...web, namespace: "other" },
      { grants: [grant(["HTTPRoute", "elsewhere"], ["Service"])] },
      "RefNotPermitted",
    ],
  ])("%s: their share is answered with 500", (_name, reference, objects, reason) => {
    const { rules, resolved } = translate([{ backendRefs: [reference as never, web] }], objects);
    expect(rules[0]!.backends).toEqual([
      { backend: "", weight: 1, filters: [{ type: "respond", status: 500 }] },
      { backend: "shop/web:80", weight: 1 },
    ]);
    expect(resolved).toMatchObject({ status: "False", reason });
  });

  it("may be another namespace's where it grants that", () => {
    const grants = [grant(["HTTPRoute", "shop"], ["Service", "web"])];
    const { rules, resolved } = translate([{ backendRefs: [{ ...web, namespace: "other" }] }], { grants });
    expect(rules[0]!.backends).toEqual([{ backend: "other/web:80", weight: 1 }]);
    expect(resolved.status).toBe("True");
  });
});

describe("a BackendTLSPolicy", () => {
  const { cert } = certificatePair("ca");
  const authority = {
    metadata: { namespace: "shop", name: "ca" },
    data: { "ca.crt": cert },
  } as unknown as ConfigMap;
  const reference = { group: "", kind: "ConfigMap", name: "ca" };
  const policy = tlsPolicy("web", { hostname: "web.example", caCertificateRefs: [reference] });

  it("says by which authority and name the Service's endpoints are known", () => {
    const { rules, backends, policies } = translate([{ backendRefs: [web] }], {
      policies: [policy],
      configMaps: [authority],
    });
    expect(rules[0]!.backends).toEqual([{ backend: backends[0]!.name, weight: 1 }]);
    expect(backends[0]!.name).toMatch(/^shop\/web:80#https,[0-9a-f]{12}$/);
    expect(backends).toMatchObject([
      { protocol: "https", tls: { ca: cert, serverName: "web.example", verify: true } },
    ]);
    expect([...policies]).toEqual(["shop/policy"]);
  });

  it("lets nothing through while its authority is missing", () => {
    expect(ruleOf({}, { policies: [policy] }).backends).toEqual([
      { backend: "", weight: 1, filters: [{ type: "respond", status: 503 }] },
    ]);
  });
});

describe("matches of a GRPCRoute", () => {
  type Match = NonNullable<NonNullable<GrpcRoute["spec"]["rules"]>[number]["matches"]>[number];
  it.each<[match: Match, type: string, value: string]>([
    [{}, "prefix", "/"],
    [{ method: { service: "shop.Cart", method: "Add" } }, "exact", "/shop.Cart/Add"],
    [{ method: { service: "shop.Cart" } }, "prefix", "/shop.Cart"],
    [{ method: { method: "Add" } }, "regex", "^/[^/]+/Add$"],
    [
      { method: { type: "RegularExpression", service: "shop\\..*", method: "Add|Get" } },
      "regex",
      "^(?:/(?:shop\\..*)/(?:Add|Get))$",
    ],
  ])("%j", (match, type, value) => {
    const route = grpcRoute([{ matches: [match], backendRefs: [web] }]);
    const { rules } = translateRoute(route, "GRPCRoute", gatewayLookup({ services }));
    expect(rules).toMatchObject([
      { match: { path: { type, value } }, backends: [{ backend: "shop/web:80#h2c" }] },
    ]);
  });
});
