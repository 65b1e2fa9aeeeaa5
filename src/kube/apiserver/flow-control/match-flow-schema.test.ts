import { describe, expect, it } from "vitest";
import type { FlowcontrolV1Subject, PolicyRulesWithSubjects } from "../../api/index.ts";
import { parseRequest } from "../request-info.ts";
import { matchesFlowSchema } from "./match-flow-schema.ts";

const ANYBODY: FlowcontrolV1Subject[] = [{ kind: "Group", group: { name: "*" } }];
const request = (method: string, path: string) => {
  const [bare, query] = path.split("?");
  return parseRequest(method, bare!, new URLSearchParams(query));
};
const matches = (rule: PolicyRulesWithSubjects, info = request("GET", "/api/v1/pods"), user = "ann") =>
  matchesFlowSchema({ priorityLevelConfiguration: { name: "l" }, rules: [rule] }, info, {
    name: user,
    groups: ["dev", "system:authenticated"],
  });

describe("who a FlowSchema is for", () => {
  const everything = [
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] },
  ];
  const account = (namespace: string, name: string): FlowcontrolV1Subject => ({
    kind: "ServiceAccount",
    serviceAccount: { namespace, name },
  });

  it.each<[FlowcontrolV1Subject, string, boolean]>([
    [{ kind: "User", user: { name: "ann" } }, "ann", true],
    [{ kind: "User", user: { name: "bob" } }, "ann", false],
    [{ kind: "User", user: { name: "*" } }, "ann", true],
    [{ kind: "Group", group: { name: "dev" } }, "ann", true],
    [{ kind: "Group", group: { name: "ops" } }, "ann", false],
    [{ kind: "Group", group: { name: "*" } }, "ann", true],
    [account("kube-system", "*"), "system:serviceaccount:kube-system:x", true],
    [account("kube-system", "*"), "system:serviceaccount:kube-systems:x", false],
    [account("kube-system", "x"), "system:serviceaccount:kube-system:x", true],
    [account("kube-system", "x"), "system:serviceaccount:kube-system:xy", false],
    [account("kube-system", "x"), "x", false],
    [{ kind: "User" }, "ann", false],
  ])("%j: %s", (subject, user, expected) => {
    const rule = { subjects: [subject], resourceRules: everything };
    expect(matches(rule, undefined, user)).toBe(expected);
  });
});

describe("what a FlowSchema is for", () => {
  const base = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };

  it.each([
    [{ ...base, clusterScope: true }, "GET", "/api/v1/pods", true],
    [{ ...base, namespaces: ["*"] }, "GET", "/api/v1/pods", false],
    [{ ...base, clusterScope: true }, "GET", "/api/v1/namespaces/a/pods", false],
    [{ ...base, namespaces: ["a"] }, "GET", "/api/v1/namespaces/a/pods", true],
    [{ ...base, namespaces: ["b"] }, "GET", "/api/v1/namespaces/a/pods", false],
    [{ ...base, namespaces: ["*"], verbs: ["list"] }, "GET", "/api/v1/namespaces/a/pods", true],
    [{ ...base, namespaces: ["*"], verbs: ["list"] }, "GET", "/api/v1/namespaces/a/pods/p", false],
    [{ ...base, namespaces: ["*"], resources: ["pods"] }, "PUT", "/api/v1/namespaces/a/pods/p/status", false],
    [
      { ...base, namespaces: ["*"], resources: ["pods/status"] },
      "PUT",
      "/api/v1/namespaces/a/pods/p/status",
      true,
    ],
    [{ ...base, namespaces: ["*"], apiGroups: [""] }, "GET", "/apis/apps/v1/namespaces/a/deployments", false],
    [
      { ...base, namespaces: ["*"], apiGroups: ["apps"] },
      "GET",
      "/apis/apps/v1/namespaces/a/deployments",
      true,
    ],
  ])("%j: %s %s", (rule, method, path, expected) => {
    const rules = { subjects: ANYBODY, resourceRules: [rule] };
    expect(matches(rules, request(method, path))).toBe(expected);
  });

  it.each([
    ["*", "/version", true],
    ["/version", "/version", true],
    ["/version", "/versions", false],
    ["/healthz", "/healthz/ping", true],
    ["/healthz/*", "/healthz/ping", true],
    ["/healthz/*", "/healthz", false],
    ["/health*", "/healthz", false],
  ])("%s: %s", (url, path, expected) => {
    const nonResourceRules = [{ verbs: ["get"], nonResourceURLs: [url] }];
    expect(matches({ subjects: ANYBODY, nonResourceRules }, request("GET", path))).toBe(expected);
    expect(matches({ subjects: ANYBODY, nonResourceRules }, request("POST", path))).toBe(false);
  });
});
