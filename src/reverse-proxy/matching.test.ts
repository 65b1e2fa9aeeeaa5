import { describe, expect, it } from "vitest";
import { BasicAuth } from "./basic-auth.ts";
import { hostOf, type Incoming, isHost, plainPathOf } from "./incoming.ts";
import { planRequest } from "./plan-request.ts";
import { matcherOf } from "./request-matcher.ts";
import { rewritePath } from "./rewrite-path.ts";
import { RouteLookup } from "./route-lookup.ts";
import { ruleOf } from "./testing/running-proxy.ts";
import type { RequestMatch, RouteFilter, RouteRule } from "./types.ts";

function incoming(target: string, more: Partial<Incoming> = {}): Incoming {
  const [path = "/", search] = target.split("?");
  return {
    method: "GET",
    path,
    plainPath: plainPathOf(path),
    id: "1",
    search: search === undefined ? "" : `?${search}`,
    query: new URLSearchParams(search),
    host: "a.example",
    headers: { host: "a.example" },
    scheme: "http",
    port: 80,
    client: "192.0.2.1",
    ...more,
  };
}

describe("a match", () => {
  it.each<[RequestMatch["path"]["type"], string, string[], string[]]>([
    ["exact", "/foo", ["/foo"], ["/foo/", "/foo/bar", "/"]],
    ["prefix", "/", ["/", "/foo"], []],
    ["prefix", "/foo", ["/foo", "/foo/", "/foo/bar"], ["/foobar", "/", "/fo"]],
    ["prefix", "/foo/", ["/foo", "/foo/", "/foo/bar"], ["/foobar"]],
    ["regex", "^/v[0-9]+/", ["/v1/x"], ["/v/x", "/a/v1/"]],
    ["any", "", ["/", "/x"], []],
  ])("by %s %s", (type, value, fitting, others) => {
    const fits = matcherOf({ path: { type, value } });
    expect(fitting.filter((path) => !fits(incoming(path)))).toEqual([]);
    expect(others.filter((path) => fits(incoming(path)))).toEqual([]);
  });

  it("by method, headers and query asks for all of it", () => {
    const fits = matcherOf({
      path: { type: "any", value: "" },
      method: "GET",
      headers: [
        { name: "version", type: "exact", value: "two" },
        { name: "x", type: "regex", value: "^a+$" },
      ],
      query: [{ name: "q", type: "exact", value: "1" }],
    });
    const headers = { version: "two", x: "aaa" };
    expect(fits(incoming("/?q=1", { headers }))).toBe(true);
    for (const other of [
      incoming("/?q=2", { headers }),
      incoming("/", { headers }),
      incoming("/?q=1", { headers: { ...headers, x: "b" } }),
      incoming("/?q=1", { headers: { x: "a" } }),
      incoming("/?q=1", { headers, method: "POST" }),
    ])
      expect(fits(other)).toBe(false);
  });
});

it("reads the name of a Host header, and knows what cannot be one", () => {
  const headers = ["A.Example:8080", "a.example.", "[::1]:80", "[::1]", "", undefined];
  expect(headers.map(hostOf)).toEqual(["a.example", "a.example", "[::1]", "[::1]", "", ""]);
  expect(["a.example:8080", "a_b", "10.0.0.1", "[::1]:80", ""].filter((header) => !isHost(header))).toEqual(
    [],
  );
  expect(["a b", "a/../b", "a@b", "a:b", "a:80:80", "[x]", "a,b"].filter(isHost)).toEqual([]);
});

it("is about what a path says, however it is written", () => {
  const admin = matcherOf({ path: { type: "prefix", value: "/admin" } });
  for (const path of ["/admin", "/%61dmin", "//admin", "/admin%2Fx", "/%61%64min//x"])
    expect([path, admin(incoming(path))]).toEqual([path, true]);
  const spaced = matcherOf({ path: { type: "exact", value: "/a b" } });
  expect(spaced(incoming("/a%20b"))).toBe(true);
});

it("costs time in proportion, whatever a rule says", () => {
  const fits = matcherOf({ path: { type: "regex", value: "^/(a+)+$" } });
  expect(fits(incoming(`/${"a".repeat(5000)}b`))).toBe(false);
  expect(() => matcherOf({ path: { type: "regex", value: "^/(?!api)" } })).toThrow(
    "invalid or unsupported Perl syntax",
  );
});

it("asks the most exact host only", () => {
  const host = (name: string, path: string, oneLabel?: boolean) => ({
    host: name,
    rules: [ruleOf({ name, path })],
    ...(oneLabel ? { oneLabel } : {}),
  });
  const refused: string[] = [];
  const lookup = new RouteLookup(
    [
      host("*", "/"),
      host("*.example", "/"),
      host("*.deep.example", "/", true),
      host("a.example", "/only"),
      {
        host: "bad.example",
        rules: [ruleOf({ name: "bad", match: { path: { type: "regex", value: "(" } } })],
      },
    ],
    (rule) => refused.push(rule),
  );
  const found = (name: string, path = "/") => lookup.rule(incoming(path, { host: name }))?.name;
  expect(found("a.example", "/only")).toBe("a.example");
  expect(found("a.example", "/else")).toBeUndefined();
  expect(found("b.example")).toBe("*.example");
  expect(found("x.y.example")).toBe("*.example");
  expect(found("x.deep.example")).toBe("*.deep.example");
  expect(found("x.y.deep.example")).toBe("*.example");
  expect(found("example")).toBe("*");
  expect(found("other")).toBe("*");
  expect(found("bad.example")).toBeUndefined();
  expect(refused).toEqual(["bad"]);
});

it("rewrites paths", () => {
  const rewritten = (
    type: "full" | "prefix" | "regex",
    value: string,
    path: string,
    match: RequestMatch["path"],
  ) => rewritePath({ path, plainPath: plainPathOf(path) }, { type, value }, match);
  const foo = { type: "prefix", value: "/foo" } as const;
  expect([
    rewritten("full", "/all", "/foo/bar", foo),
    rewritten("prefix", "/xyz", "/foo/bar", foo),
    rewritten("prefix", "/xyz/", "/foo/bar", foo),
    rewritten("prefix", "/xyz", "/foo", foo),
    rewritten("prefix", "/", "/foo/bar", foo),
    rewritten("prefix", "/", "/foo", foo),
    rewritten("prefix", "/x", "/a", { type: "prefix", value: "/" }),
    rewritten("regex", "/$2", "/foo/bar/baz", { type: "regex", value: "^/foo(/|$)(.*)" }),
    rewritten("regex", "/$1$3", "/a", { type: "regex", value: "^/(a)" }),
    rewritten("prefix", "/x", "/f%6fo/b%3Fr", foo),
    rewritten("prefix", "/x", "/foo/b%2Fr", foo),
    rewritten("regex", "/$1", "/v/%3Fa%20b", { type: "regex", value: "^/v/(.*)" }),
  ]).toEqual([
    "/all",
    "/xyz/bar",
    "/xyz/bar",
    "/xyz",
    "/bar",
    "/",
    "/x/a",
    "/bar/baz",
    "/a",
    "/x/b%3Fr",
    "/x/b%2Fr",
    "/%3Fa%20b",
  ]);
});

describe("what becomes of a request", () => {
  const planned = (
    filters: RouteFilter[],
    request = incoming("/foo/bar?q=1"),
    more: Partial<RouteRule> = {},
  ) => planRequest(request, ruleOf({ path: "/foo", filters, ...more }), filters, () => 0.5);

  it.each<[Extract<RouteFilter, { type: "redirect" }>, string, Partial<Incoming>]>([
    [{ type: "redirect", scheme: "https", status: 308 }, "https://a.example/foo/bar?q=1", {}],
    [
      { type: "redirect", scheme: "https", port: 8443, status: 301 },
      "https://a.example:8443/foo/bar?q=1",
      {},
    ],
    [{ type: "redirect", host: "b.example", status: 302 }, "http://b.example/foo/bar?q=1", {}],
    [
      { type: "redirect", host: "b.example", status: 302 },
      "http://b.example:8080/foo/bar?q=1",
      { port: 8080 },
    ],
    [
      { type: "redirect", path: { type: "prefix", value: "/new" }, status: 301 },
      "http://a.example/new/bar?q=1",
      {},
    ],
    [
      { type: "redirect", path: { type: "full", value: "/new" }, status: 301 },
      "http://a.example/new?q=1",
      {},
    ],
  ])("is redirected by %j to %s", (filter, location, more) => {
    expect(planned([filter], incoming("/foo/bar?q=1", more))).toMatchObject({
      kind: "answer",
      status: filter.status,
      headers: { location },
    });
  });

  it("is refused by who asks, by what it brings, and by whose name it comes", () => {
    const status = (more: Partial<RouteRule>, headers = {}) => {
      const plan = planned([], incoming("/foo", { headers }), more);
      return plan.kind === "answer" ? plan.status : plan.kind;
    };
    expect(status({ allowedSources: ["192.0.2.0/24"] })).toBe("forward");
    expect(status({ allowedSources: ["10.0.0.0/8", "2001:db8::/32"] })).toBe(403);
    expect(status({ allowedSources: ["192.0.2.1"] })).toBe("forward");
    expect(status({ maxBodyBytes: 10 }, { "content-length": "11" })).toBe(413);
    expect(status({ maxBodyBytes: 10 }, { "content-length": "10" })).toBe("forward");
    const basicAuth = { realm: "shop", users: "ann:{PLAIN}secret" };
    const authorization = (text: string) => ({
      authorization: `Basic ${Buffer.from(text).toString("base64")}`,
    });
    expect(status({ basicAuth })).toBe(401);
    expect(status({ basicAuth }, authorization("ann:secret"))).toBe("forward");
    expect(status({ basicAuth }, authorization("ann:other"))).toBe(401);
    expect(status({ basicAuth }, authorization("ben:secret"))).toBe(401);
    expect(planned([], incoming("/foo"), { basicAuth })).toMatchObject({
      headers: { "www-authenticate": 'Basic realm="shop"' },
    });
  });

  it("tells browsers of other origins what they may, and asks nobody for it", () => {
    const cors: RouteFilter = {
      type: "cors",
      allowOrigins: ["https://*.shop.example", "https://one.example"],
      allowMethods: ["GET", "PUT"],
      allowHeaders: ["X-Key"],
      exposeHeaders: ["X-Total"],
      allowCredentials: true,
      maxAgeSeconds: 60,
    };
    const preflight = (origin: string) =>
      planned(
        [cors],
        incoming("/foo", { method: "OPTIONS", headers: { origin, "access-control-request-method": "PUT" } }),
        { basicAuth: { realm: "x", users: "" } },
      );
    expect(preflight("https://www.shop.example")).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": "https://www.shop.example",
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "X-Key",
        "access-control-max-age": "60",
        vary: "Origin",
      },
    });
    expect(preflight("https://shop.example.evil")).toMatchObject({ status: 204, headers: {} });
    expect(planned([cors], incoming("/foo", { headers: { origin: "https://one.example" } }))).toMatchObject({
      kind: "forward",
      responseHeaders: {
        "access-control-allow-origin": "https://one.example",
        "access-control-expose-headers": "X-Total",
      },
    });
  });

  it("is copied in so many cases", () => {
    const mirrors = (percent: number) => planned([{ type: "mirror", backend: "copy", percent }]);
    expect(mirrors(51)).toMatchObject({ mirrors: ["copy"] });
    expect(mirrors(50)).toMatchObject({ mirrors: [] });
  });
});

it("knows the hashes that htpasswd writes", () => {
  const auth = new BasicAuth(
    [
      // `openssl passwd -apr1 -salt r31..... myPassword`, Apache's own example.
      "apr:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
      "sha:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=",
      "# nobody:{PLAIN}x",
      "plain:{PLAIN}a:b",
      "crypt:$2y$05$abcdefghijklmnopqrstuv",
    ].join("\n"),
  );
  const admits = (text: string) => auth.admits(`Basic ${Buffer.from(text).toString("base64")}`);
  expect(["apr:myPassword", "sha:myPassword", "plain:a:b"].map(admits)).toEqual([true, true, true]);
  expect(["apr:myPassword", "apr:mypassword"].map(admits)).toEqual([true, false]);
  expect(["sha:x", "crypt:x", "nobody:x", "# nobody:x", ":", "apr"].map(admits)).toEqual(
    new Array(6).fill(false),
  );
  expect([undefined, "", "Bearer x", "Basic"].map((header) => auth.admits(header))).toEqual(
    new Array(4).fill(false),
  );
});
