import { describe, expect, it } from "vitest";
import type { UserInfo } from "../../client/types.ts";
import type { RequestInfo } from "../request-info.ts";
import { AbacAuthorizer } from "./abac-authorizer.ts";
import { readAbacPolicies } from "./abac-policies.ts";

const ADA: UserInfo = { name: "ada", groups: ["dev", "system:authenticated"] };
const NOBODY: UserInfo = { name: "system:anonymous", groups: ["system:unauthenticated"] };
const resource = (verb: string, namespace: string, name = "pods", group = ""): RequestInfo => ({
  ...{ isResource: true, path: "", verb, group, version: "v1", resource: name, namespace },
});
const path = (verb: string, at: string): RequestInfo => ({ isResource: false, verb, path: at });
const versioned = (spec: object) =>
  JSON.stringify({ apiVersion: "abac.authorization.kubernetes.io/v1beta1", kind: "Policy", spec });

describe("a policy of ABAC", () => {
  it.each<[string, UserInfo, RequestInfo, boolean]>([
    [
      versioned({ user: "ada", namespace: "*", resource: "*", apiGroup: "*" }),
      ADA,
      resource("create", "x"),
      true,
    ],
    [
      versioned({ user: "bob", namespace: "*", resource: "*", apiGroup: "*" }),
      ADA,
      resource("get", "x"),
      false,
    ],
    [
      versioned({ user: "ada", group: "ops", namespace: "x", resource: "pods" }),
      ADA,
      resource("get", "x"),
      false,
    ],
    [
      versioned({ user: "ada", group: "dev", namespace: "x", resource: "pods" }),
      ADA,
      resource("get", "x"),
      true,
    ],
    [versioned({ user: "ada", namespace: "x", resource: "pods" }), ADA, resource("get", "y"), false],
    [
      versioned({ user: "ada", namespace: "x", resource: "pods" }),
      ADA,
      resource("get", "x", "pods", "g"),
      false,
    ],
    [
      versioned({ user: "ada", readonly: true, namespace: "*", resource: "*" }),
      ADA,
      resource("watch", "x"),
      true,
    ],
    [
      versioned({ user: "ada", readonly: true, namespace: "*", resource: "*" }),
      ADA,
      resource("delete", "x"),
      false,
    ],
    [versioned({ user: "*", namespace: "*", resource: "*" }), ADA, resource("get", "x"), true],
    [versioned({ user: "*", namespace: "*", resource: "*" }), NOBODY, resource("get", "x"), false],
    [versioned({ namespace: "*", resource: "*" }), ADA, resource("get", "x"), false],
    [versioned({ user: "ada", nonResourcePath: "/version" }), ADA, path("get", "/version"), true],
    [versioned({ user: "ada", nonResourcePath: "/logs*" }), ADA, path("get", "/logs/a"), true],
    [versioned({ user: "ada", nonResourcePath: "/logs" }), ADA, path("get", "/logs/a"), false],
    [versioned({ user: "ada", namespace: "*", resource: "*" }), ADA, path("get", "/version"), false],
    ['{"user":"ada"}', ADA, resource("delete", "x", "deployments", "apps"), true],
    ['{"user":"ada"}', ADA, path("post", "/x"), true],
    ['{"user":"ada","namespace":"x"}', ADA, path("get", "/x"), false],
    ['{"readonly":true}', ADA, resource("list", "x"), true],
    ["{}", NOBODY, resource("list", "x"), false],
  ])("%s", (line, user, info, isAllowed) => {
    const { decision } = new AbacAuthorizer(readAbacPolicies("f", line)).authorize(user, info);
    expect(decision).toBe(isAllowed ? "allow" : "noOpinion");
  });

  it("stands in a line; others are empty or comments, and what is wrong is told with its number", () => {
    expect(readAbacPolicies("f", `# who\n\n${versioned({ user: "a" })}\n{"user":"b"}\n`)).toHaveLength(2);
    expect(() => readAbacPolicies("f", '{}\n{"user":')).toThrow(
      'error reading policy file f, line 2: {"user":: ',
    );
    expect(() => readAbacPolicies("f", '{"readonly":"no"}')).toThrow("line 1");
  });
});
