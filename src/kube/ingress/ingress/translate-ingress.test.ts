import { describe, expect, it } from "vitest";
import type { RouteRule, RouteTable } from "../../../reverse-proxy/index.ts";
import type { Ingress } from "../../api/index.ts";
import type { ClusterLookup } from "../cluster-lookup.ts";
import { RouteAssembly } from "../routes/route-assembly.ts";
import { certificatePair } from "../testing/certificate-pair.ts";
import { ingress, lookup, path, secret, service, to } from "../testing/objects.ts";
import { translateIngress } from "./translate-ingress.ts";

const ports = { http: 80, https: 443 };
const world = lookup(service("web"), service("api", [{ name: "grpc", port: 9000 }]));

function translate(one: Ingress, look: ClusterLookup = world, canaries: Ingress[] = []) {
  return translateIngress(one, { ports, lookup: look, canaries });
}

function tableOf(...ingresses: Ingress[]): RouteTable {
  const assembly = new RouteAssembly();
  for (const one of ingresses) assembly.set(`ingress/shop/${one.metadata.name}`, translate(one).contribution);
  return assembly.table();
}

/** `host type value -> backend` or what is answered, of the listener with that port. */
function routesOf(table: RouteTable, port = 80): string[] {
  const { hosts = [] } = table.listeners.find((one) => one.port === port) ?? {};
  return hosts.flatMap(({ host, rules }) => rules.map((rule) => `${host} ${textOf(rule)}`));
}

function textOf({ match, filters, backends }: RouteRule): string {
  const headers = (match.headers ?? []).map(({ name, value }) => ` [${name}: ${value}]`).join("");
  const answer = filters.find(({ type }) => type === "redirect" || type === "respond");
  const to = backends.map(({ backend, weight }) => (backends.length > 1 ? `${backend}=${weight}` : backend));
  const { type, ...rest } = answer ?? { type: "" };
  return `${match.path.type} ${match.path.value}${headers} -> ${answer ? `${type} ${JSON.stringify(rest)}` : to.join(" ")}`;
}

const one = (paths = [path("/")], host: string | undefined = "a.example") => ({
  rules: [{ ...(host === undefined ? {} : { host }), http: { paths } }],
});

describe("rules of an Ingress", () => {
  it.each<[name: string, spec: Ingress["spec"], routes: string[]]>([
    ["a host and a path", one(), ["a.example prefix / -> shop/web:80"]],
    ["no host", { rules: [{ http: { paths: [path("/")] } }] }, ["* prefix / -> shop/web:80"]],
    ["a host in capitals", one([path("/")], "A.Example"), ["a.example prefix / -> shop/web:80"]],
    [
      "a port by name",
      one([{ path: "/", pathType: "Prefix", backend: to("api", "grpc") }]),
      ["a.example prefix / -> shop/api:grpc"],
    ],
    [
      "the longest path first, and of equal ones the exact",
      one([
        path("/"),
        path("/foo"),
        path("/foo", "exact", "Exact"),
        path("/foo/bar", "longest"),
        path("", "web", "ImplementationSpecific"),
      ]),
      [
        "a.example exact /foo -> shop/exact:80",
        "a.example prefix /foo/bar -> shop/longest:80",
        "a.example prefix /foo -> shop/web:80",
        "a.example prefix / -> shop/web:80",
        "a.example prefix / -> shop/web:80",
      ],
    ],
    [
      "names before wildcards, the longest wildcard first, and hosts without a name last",
      {
        rules: [undefined, "*.example", "*.a.example", "b.a.example"].map((host) => ({
          host,
          http: { paths: [path("/")] },
        })),
      },
      ["b.a.example", "*.a.example", "*.example", "*"].map((host) => `${host} prefix / -> shop/web:80`),
    ],
    ["only a default backend", { defaultBackend: to("web") }, ["* any  -> shop/web:80"]],
    [
      "a default backend beside rules",
      { ...one([path("/foo")]), defaultBackend: to("api", "grpc") },
      ["a.example prefix /foo -> shop/web:80", "a.example any  -> shop/api:grpc"],
    ],
    [
      "a backend that is no Service",
      one([
        { path: "/", pathType: "Prefix", backend: { resource: { kind: "Bucket", name: "files" } } } as never,
      ]),
      ['a.example prefix / -> respond {"status":503}'],
    ],
  ])("%s", (_name, spec, routes) => {
    expect(routesOf(tableOf(ingress("one", spec)))).toEqual(routes);
  });

  it("are the same on the port for TLS, also without a certificate", () => {
    expect(routesOf(tableOf(ingress("one", one())), 443)).toEqual(["a.example prefix / -> shop/web:80"]);
  });

  it("of several Ingresses stand together, the older one's first", () => {
    const younger = ingress("a", one([path("/", "younger")]), {}, "2026-02-01T00:00:00Z");
    const older = ingress("b", one([path("/", "older")]), {}, "2026-01-01T00:00:00Z");
    expect(routesOf(tableOf(younger, older))).toEqual([
      "a.example prefix / -> shop/older:80",
      "a.example prefix / -> shop/younger:80",
    ]);
  });
});

describe("annotations of an Ingress", () => {
  const tls = { tls: [{ hosts: ["a.example"] }] };
  it.each<[annotations: Record<string, string>, spec: object, routes: string[]]>([
    [{}, tls, ['a.example prefix / -> redirect {"scheme":"https","status":308}']],
    [{ "ssl-redirect": "false" }, tls, ["a.example prefix / -> shop/web:80"]],
    [
      { "force-ssl-redirect": "true" },
      {},
      ['a.example prefix / -> redirect {"scheme":"https","status":308}'],
    ],
    [
      { "permanent-redirect": "https://b.example:8443/there" },
      {},
      [
        'a.example prefix / -> redirect {"status":301,"scheme":"https","host":"b.example","port":8443,"path":{"type":"full","value":"/there"}}',
      ],
    ],
    [
      { "temporal-redirect": "http://b.example$request_uri", "temporal-redirect-code": "307" },
      {},
      ['a.example prefix / -> redirect {"status":307,"scheme":"http","host":"b.example"}'],
    ],
    [
      { "app-root": "/start" },
      {},
      [
        'a.example exact / -> redirect {"path":{"type":"full","value":"/start"},"status":302}',
        "a.example prefix / -> shop/web:80",
      ],
    ],
    [
      { "from-to-www-redirect": "true" },
      {},
      [
        'www.a.example any  -> redirect {"host":"a.example","status":308}',
        "a.example prefix / -> shop/web:80",
      ],
    ],
    [{ "use-regex": "true" }, {}, ["a.example regex ^/ -> shop/web:80"]],
    [{ "auth-type": "digest", "auth-secret": "users" }, {}, ['a.example prefix / -> respond {"status":503}']],
    [{ "whitelist-source-range": "everybody" }, {}, ['a.example prefix / -> respond {"status":503}']],
    [{ "backend-protocol": "FCGI" }, {}, ['a.example prefix / -> respond {"status":503}']],
    [{ "backend-protocol": "grpc" }, {}, ["a.example prefix / -> shop/web:80#h2c"]],
    [{ "configuration-snippet": "deny all;" }, {}, []],
    [{ "auth-url": "https://auth.example" }, {}, []],
  ])("%j", (annotations, spec, routes) => {
    expect(routesOf(tableOf(ingress("one", { ...one(), ...spec }, annotations)))).toEqual(routes);
  });

  const ruleWith = (annotations: Record<string, string>, look = world, value = "/") =>
    translate(ingress("one", one([path(value)]), annotations), look).contribution.hosts[0]!.rules[0]!;

  it.each<[annotations: Record<string, string>, rule: Partial<RouteRule>]>([
    [{ "proxy-body-size": "8m" }, { maxBodyBytes: 8 * 2 ** 20 }],
    [
      { "proxy-read-timeout": "120", "proxy-connect-timeout": "5" },
      { timeouts: { backendMs: 120_000, connectMs: 5_000 } },
    ],
    [
      { "whitelist-source-range": "10.0.0.0/8, 192.0.2.1" },
      { allowedSources: ["10.0.0.0/8", "192.0.2.1/32"] },
    ],
    [{ affinity: "cookie" }, { sessionCookie: { name: "INGRESSCOOKIE", path: "/" } }],
    [
      {
        affinity: "cookie",
        "session-cookie-name": "route",
        "session-cookie-path": "/a",
        "session-cookie-max-age": "60",
      },
      { sessionCookie: { name: "route", path: "/a", maxAgeSeconds: 60 } },
    ],
    [
      { "upstream-vhost": "inner.example", "x-forwarded-prefix": "/app" },
      {
        filters: [
          { type: "rewrite", host: "inner.example" },
          { type: "request-headers", set: [{ name: "X-Forwarded-Prefix", value: "/app" }] },
        ],
      },
    ],
    [
      {
        "enable-cors": "true",
        "cors-allow-origin": "https://*.b.example, http://c.example:8080",
        "cors-max-age": "5",
      },
      {
        filters: [
          expect.objectContaining({
            type: "cors",
            allowOrigins: ["https://*.b.example", "http://c.example:8080"],
            allowMethods: ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"],
            allowCredentials: true,
            maxAgeSeconds: 5,
          }),
        ],
      },
    ],
  ])("%j says of each request", (annotations, rule) => {
    expect(ruleWith(annotations)).toMatchObject(rule);
  });

  it("rewrites paths with what their pattern caught", () => {
    const annotations = { "rewrite-target": "/$2", "use-regex": "true" };
    expect(ruleWith(annotations, world, "/app(/|$)(.*)")).toMatchObject({
      match: { path: { type: "regex", value: "^/app(/|$)(.*)" } },
      filters: [{ type: "rewrite", path: { type: "regex", value: "/$2" } }],
    });
  });

  it.each([
    ["file", {}, { auth: "ann:$apr1$x\nbob:$apr1$y\n" }, "ann:$apr1$x\nbob:$apr1$y\n"],
    [
      "map",
      { "auth-secret-type": "auth-map" },
      { ann: "$apr1$x", bob: "$apr1$y" },
      "ann:$apr1$x\nbob:$apr1$y",
    ],
  ])("let in who is in a Secret of the form %s", (_form, more, data, users) => {
    const look = lookup(service("web"), secret("users", data));
    const annotations = { "auth-type": "basic", "auth-secret": "users", "auth-realm": "Shop", ...more };
    expect(ruleWith(annotations, look).basicAuth).toEqual({ realm: "Shop", users });
  });

  it("let nobody in while the Secret with the users is missing, and wait for it", () => {
    const { contribution, problems, dependsOn } = translate(
      ingress("one", one(), { "auth-type": "basic", "auth-secret": "users" }),
    );
    expect(contribution.hosts[0]!.rules[0]).toMatchObject({
      filters: [{ type: "respond", status: 503 }],
      backends: [],
    });
    expect(problems).toEqual([
      { reason: "Denied", message: "all requests are answered with 503: Secret shop/users does not exist" },
    ]);
    expect(dependsOn).toContain("secret/shop/users");
  });
});

describe("canaries", () => {
  const main = ingress("main", one());
  const canary = (annotations: Record<string, string>) =>
    ingress("canary", one([path("/", "web-next")]), { canary: "true", ...annotations });
  const routes = (annotations: Record<string, string>) =>
    translate(main, world, [canary(annotations)]).contribution.hosts[0]!.rules.map(textOf);

  it.each<[annotations: Record<string, string>, routes: string[]]>([
    [{ "canary-weight": "20" }, ["prefix / -> shop/web:80=80 shop/web-next:80=20"]],
    [{ "canary-weight": "1", "canary-weight-total": "4" }, ["prefix / -> shop/web:80=3 shop/web-next:80=1"]],
    [
      { "canary-by-header": "X-Canary" },
      [
        "prefix / [x-canary: always] -> shop/web-next:80",
        "prefix / [x-canary: never] -> shop/web:80",
        "prefix / -> shop/web:80",
      ],
    ],
    [
      { "canary-by-header": "X-Region", "canary-by-header-value": "eu" },
      ["prefix / [x-region: eu] -> shop/web-next:80", "prefix / -> shop/web:80"],
    ],
    [
      { "canary-by-cookie": "next", "canary-weight": "50" },
      [
        "prefix / [cookie: (^|;\\s*)next=always(;|$)] -> shop/web-next:80",
        "prefix / [cookie: (^|;\\s*)next=never(;|$)] -> shop/web:80",
        "prefix / -> shop/web:80=50 shop/web-next:80=50",
      ],
    ],
  ])("%j", (annotations, expected) => {
    expect(routes(annotations)).toEqual(expected);
  });

  it("add nothing of their own", () => {
    expect(translate(canary({})).contribution.hosts).toEqual([]);
  });

  it("say nothing of other paths", () => {
    const other = ingress("main", one([path("/other")]));
    const { rules } = translate(other, world, [canary({ "canary-weight": "20" })]).contribution.hosts[0]!;
    expect(rules.map(textOf)).toEqual(["prefix /other -> shop/web:80"]);
  });
});

describe("TLS of an Ingress", () => {
  const pair = certificatePair("a.example");
  const withTls = (hosts: string[] | undefined) => ({ ...one(), tls: [{ hosts, secretName: "tls" }] });
  const certificateOf = (spec: Ingress["spec"], look: ClusterLookup) => {
    const { contribution, problems } = translate(ingress("one", spec), look);
    return { found: contribution.hosts.find(({ listener }) => listener.port === 443)!.certificate, problems };
  };

  it.each([[["a.example"]], [["*.example"]], [undefined]])(
    "takes the certificate for the hosts %j",
    (hosts) => {
      const look = lookup(service("web"), secret("tls", { "tls.crt": pair.cert, "tls.key": pair.key }));
      expect(certificateOf(withTls(hosts), look)).toEqual({ found: pair, problems: [] });
    },
  );

  const other = certificatePair("a.example");
  it.each<[name: string, look: ClusterLookup, reason: string, message: string]>([
    ["a missing Secret", lookup(service("web")), "SecretNotFound", "Secret shop/tls does not exist"],
    [
      "a Secret without a key",
      lookup(service("web"), secret("tls", { "tls.crt": pair.cert })),
      "InvalidSecret",
      "Secret shop/tls cannot be used for TLS: it has no tls.key",
    ],
    [
      "another certificate's key",
      lookup(service("web"), secret("tls", { "tls.crt": pair.cert, "tls.key": other.key })),
      "InvalidSecret",
      "Secret shop/tls cannot be used for TLS: tls.key is not the key of the certificate in tls.crt",
    ],
  ])("tells of %s", (_name, look, reason, message) => {
    expect(certificateOf(withTls(["a.example"]), look)).toEqual({
      found: undefined,
      problems: [{ reason, message }],
    });
  });

  it("sends clients to a port that is not the usual one", () => {
    const { contribution } = translateIngress(ingress("one", withTls(["a.example"])), {
      ports: { http: 8080, https: 8443 },
      lookup: world,
      canaries: [],
    });
    expect(contribution.hosts[0]).toMatchObject({
      listener: { port: 8080 },
      rules: [{ filters: [{ type: "redirect", scheme: "https", port: 8443, status: 308 }] }],
    });
  });
});

describe("TLS to backends", () => {
  const pair = certificatePair("proxy");
  const annotations = {
    "backend-protocol": "HTTPS",
    "proxy-ssl-secret": "shop/proxy",
    "proxy-ssl-verify": "on",
  };
  it("shows them the certificate of a Secret, and believes its authority", () => {
    const data = { "tls.crt": pair.cert, "tls.key": pair.key, "ca.crt": pair.cert };
    const { contribution } = translate(
      ingress("one", one(), annotations),
      lookup(service("web"), secret("proxy", data)),
    );
    expect(contribution.backends[0]?.tls).toEqual({ verify: true, ca: pair.cert, clientCert: pair });
  });

  it.each([
    ["is missing", annotations],
    ["is another namespace's", { ...annotations, "proxy-ssl-secret": "other/proxy" }],
  ])("lets nothing through while the Secret %s", (_name, some) => {
    const [host] = translate(ingress("one", one(), some)).contribution.hosts;
    expect(host!.rules[0]).toMatchObject({ filters: [{ type: "respond", status: 503 }], backends: [] });
  });

  it("is the client's own where it is passed through", () => {
    const some = ingress("one", one([path("/a", "api"), path("/")]), { "ssl-passthrough": "true" });
    expect(translate(some).contribution.hosts).toMatchObject([
      {
        listener: { port: 443, protocol: "passthrough" },
        host: "a.example",
        rules: [{ backends: [{ backend: "shop/web:80" }] }],
      },
    ]);
  });
});

describe("what an Ingress is warned of", () => {
  it.each<[name: string, one: Ingress, message: string]>([
    ["a missing Service", ingress("one", one([path("/", "gone")])), "Service shop/gone does not exist"],
    ["a missing port", ingress("one", one([path("/", "api")])), "Service shop/api has no port 80"],
    [
      "a pattern that is none",
      ingress("one", one([path("/a(")]), { "use-regex": "true" }),
      'path "/a(" is no valid pattern: error parsing regexp: missing closing ): `/a(`',
    ],
    [
      "a pattern whose groups cannot be had",
      ingress("one", one([path("/(?i)a(.*)")]), { "rewrite-target": "/$1" }),
      'path "/(?i)a(.*)" cannot be used with groups in rewrite-target',
    ],
    [
      "annotations that are not there",
      ingress("one", one(), { "limit-rps": "5", "proxy-buffering": "on" }),
      "annotations that are not implemented have no effect: limit-rps",
    ],
    [
      "a value that is none",
      ingress("one", one(), { "ssl-redirect": "perhaps" }),
      'nginx.ingress.kubernetes.io/ssl-redirect: "perhaps" is not valid: it takes true or false',
    ],
    [
      "snippets",
      ingress("one", one(), { "server-snippet": "x" }),
      "server-snippet annotation cannot be used: there is no nginx that could read it",
    ],
  ])("%s", (_name, one, message) => {
    expect(translate(one).problems.map((problem) => problem.message)).toEqual([message]);
  });
});
