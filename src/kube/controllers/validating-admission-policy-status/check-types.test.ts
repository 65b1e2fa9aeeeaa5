import { describe, expect, it } from "vitest";
import { builtInKinds, type ValidatingAdmissionPolicy } from "../../api/index.ts";
import { checkTypes } from "./check-types.ts";

const kinds = builtInKinds();
const rule = (group: string, version: string, ...resources: string[]) => ({
  apiGroups: [group],
  apiVersions: [version],
  operations: ["CREATE"],
  resources,
});

function check(spec: object): Record<string, string> {
  const policy = { metadata: { name: "p" }, spec: { matchConstraints: {}, ...spec } };
  const warnings = checkTypes(policy as unknown as ValidatingAdmissionPolicy, kinds);
  return Object.fromEntries(warnings.map(({ fieldRef, warning }) => [fieldRef, warning]));
}

/** What is said of an expression about deployments. */
function ofDeployments(expression: string, more: object = {}): string | undefined {
  const matchConstraints = { resourceRules: [rule("apps", "v1", "deployments")] };
  return check({ matchConstraints, validations: [{ expression }], ...more })[
    "spec.validations[0].expression"
  ];
}

describe("the types of a policy's expressions", () => {
  it.each([
    "object.spec.replicas > 1",
    "object.metadata.namespace == 'n' && oldObject.metadata.labels['a'] == 'b'",
    "object.spec.template.spec.containers.all(c, c.image.startsWith('x') && has(c.securityContext))",
    "object.spec.strategy.rollingUpdate.maxSurge == 1 || object.spec.strategy.rollingUpdate.maxSurge == '10%'",
    "object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
    "request.userInfo.username == namespaceObject.metadata.name",
    "authorizer.group('').resource('pods').check('get').allowed()",
    "object.spec.replicas",
  ])("fit: %s", (expression) => {
    expect(ofDeployments(expression)).toBeUndefined();
  });

  it.each<[string, string]>([
    ["object.spec.replica > 1", "undefined field 'replica'"],
    ["object.spec.replicas == '1'", "found no matching overload for '_==_' applied to '(int, string)'"],
    ["object.spec.template.spec.containers.all(c, c.img != '')", "undefined field 'img'"],
    ["params.x == 1", "undeclared reference to 'params' (in container '')"],
    ["object.spec.", "Syntax error"],
  ])("do not fit: %s", (expression, problem) => {
    const told = ofDeployments(expression)!;
    expect(told).toMatch(/^apps\/v1, Kind=Deployment: ERROR: <input>:1:\d+: /);
    expect(told).toContain(problem);
  });

  it("are told in full, for each kind in order", () => {
    const matchConstraints = {
      resourceRules: [rule("", "v1", "services", "pods", "nodes/status"), rule("apps", "*", "deployments")],
    };
    const validations = [{ expression: "object.spec.x", messageExpression: "object.spec.y" }];
    const warning = (field: string) =>
      ["Pod", "Service"]
        .map(
          (kind) =>
            `/v1, Kind=${kind}: ERROR: <input>:1:12: undefined field '${field}'\n | object.spec.${field}\n | ...........^\n`,
        )
        .join("\n");
    expect(check({ matchConstraints, validations })).toEqual({
      "spec.validations[0].expression": warning("x"),
      "spec.validations[0].messageExpression": warning("y"),
    });
  });

  it("follow parameters and variables", () => {
    const more = {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      variables: [
        { name: "count", expression: "object.spec.replicas" },
        { name: "broken", expression: "object.none" },
      ],
    };
    expect(ofDeployments("variables.count < int(params.data['max'])", more)).toBeUndefined();
    expect(ofDeployments("variables.broken == 1 || variables.broken == 'a'", more)).toBeUndefined();
    expect(ofDeployments("variables.count == 'a'", more)).toContain("no matching overload");
    expect(ofDeployments("params.spec == 1", more)).toContain("undefined field 'spec'");
  });
});
