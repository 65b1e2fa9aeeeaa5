import { describe, expect, it } from "vitest";
import { parseRequest, takeFieldSelector } from "./request-info.ts";

const parse = (method: string, url: string) => {
  const { pathname, searchParams } = new URL(url, "http://x");
  return parseRequest(method, pathname, searchParams);
};

describe("what a request wants", () => {
  it.each([
    ["GET", "/api/v1/pods", { verb: "list", group: "", version: "v1", resource: "pods" }],
    ["GET", "/api/v1/pods?watch=true", { verb: "watch", resource: "pods" }],
    ["GET", "/api/v1/pods?watch=0", { verb: "list", resource: "pods" }],
    ["GET", "/api/v1/namespaces/a/pods", { verb: "list", namespace: "a", resource: "pods" }],
    ["GET", "/api/v1/namespaces/a/pods/p", { verb: "get", namespace: "a", resource: "pods", name: "p" }],
    ["GET", "/api/v1/namespaces/a/pods/p/log", { verb: "get", name: "p", subresource: "log" }],
    ["GET", "/api/v1/watch/namespaces/a/pods", { verb: "watch", namespace: "a", resource: "pods" }],
    [
      "POST",
      "/apis/apps/v1/namespaces/a/deployments",
      { verb: "create", group: "apps", resource: "deployments" },
    ],
    ["PUT", "/apis/apps/v1/namespaces/a/deployments/d/status", { verb: "update", subresource: "status" }],
    ["PATCH", "/api/v1/nodes/n", { verb: "patch", resource: "nodes", name: "n" }],
    ["DELETE", "/api/v1/namespaces/a/pods", { verb: "deletecollection", namespace: "a" }],
    ["DELETE", "/api/v1/namespaces/a", { verb: "delete", namespace: "a", resource: "namespaces", name: "a" }],
    ["PUT", "/api/v1/namespaces/a/finalize", { resource: "namespaces", name: "a", subresource: "finalize" }],
    [
      "GET",
      "/api/v1/namespaces/a/services/s/proxy/x/y",
      { resource: "services", subresource: "proxy", rest: "x/y" },
    ],
    [
      "GET",
      "/apis/a.example.com/v1/things/t/sub/deep/er",
      { name: "t", subresource: "sub", rest: "deep/er" },
    ],
    ["GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node", { name: "system:node" }],
    ["GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode", { name: "system:node" }],
  ])("%s %s", (method, url, expected) => {
    expect(parse(method, url)).toMatchObject({ isResource: true, ...expected });
  });

  it.each([
    "/",
    "/version",
    "/api",
    "/api/v1",
    "/apis",
    "/apis/apps/v1",
    "/healthz/ping",
    "/openapi/v3/apis/apps/v1",
  ])("%s is no resource", (path) => {
    expect(parse("GET", path)).toEqual({ isResource: false, verb: "get", path });
  });

  it("reads an encoded slash as one, as Go does", () => {
    expect(parse("GET", "/api/v1/namespaces/a/pods/p%2Fq")).toMatchObject({ name: "p", subresource: "q" });
  });

  it.each(["/api/v1/namespaces/a/pods//p", "/api/v1/namespaces//a", "/api//v1"])(
    "finds nothing at %s",
    (path) => {
      expect(parse("GET", path)).not.toMatchObject({ resource: "pods" });
    },
  );

  it("reads all namespaces where none is named", () => {
    const info = parse("GET", "/api/v1/namespaces//pods");
    expect(info).toMatchObject({ verb: "list", resource: "pods" });
    expect(info).not.toHaveProperty("namespace");
  });

  it("takes a demanded name for the request's name", () => {
    const info = parse("GET", "/api/v1/namespaces/a/secrets");
    takeFieldSelector(info, "metadata.name=s");
    expect(info).toMatchObject({ verb: "list", name: "s" });
  });
});
