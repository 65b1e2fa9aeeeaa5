import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../../base/index.ts";
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  isStatusError,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from "../../../api/index.ts";
import type { KubeClient } from "../../../client/types.ts";
import { rawRequest } from "../../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";

const RULES = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }];
const JSON_TYPE = { "content-type": "application/json" };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

async function refusal(doing: Promise<unknown>): Promise<string | undefined> {
  try {
    await doing;
    return undefined;
  } catch (error) {
    if (!isStatusError(error)) throw error;
    return error.message;
  }
}

describe("whoever names parameters must be able to read them:", () => {
  const resources = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"];
  async function user(name: string, ...rules: object[]): Promise<KubeClient> {
    const own = { apiGroups: ["admissionregistration.k8s.io"], resources, verbs: ["*"] };
    await server.client.create(clusterRoles, { metadata: { name }, rules: [own, ...rules] });
    await server.client.create(clusterRoleBindings, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name }],
    });
    return server.as({ name, groups: ["g"], uid: "7" });
  }
  const policy = (name: string, kind = "ConfigMap") => ({
    metadata: { name },
    spec: {
      paramKind: { apiVersion: "v1", kind },
      matchConstraints: { resourceRules: RULES },
      validations: [{ expression: "true" }],
    },
  });
  const binding = (name: string, paramRef: object, policyName = "named") => ({
    metadata: { name },
    spec: {
      policyName,
      paramRef: { parameterNotFoundAction: "Allow", ...paramRef },
      validationActions: ["Warn"],
    },
  });

  it("who cannot read them may not", async () => {
    const client = await user("blind");
    const who = "user &{blind 7 [g system:authenticated] map[]}";
    expect(await refusal(client.create(validatingAdmissionPolicies, policy("named")))).toBe(
      `ValidatingAdmissionPolicy.admissionregistration.k8s.io "named" is invalid: spec.paramKind: Forbidden: ${who} must have "get" permission on all objects of the referenced paramKind (kind=ConfigMap, apiVersion=v1)`,
    );
    const bind = (paramRef: object, policyName?: string) =>
      refusal(client.create(validatingAdmissionPolicyBindings, binding("bound", paramRef, policyName)));
    const why =
      'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "bound" is invalid: spec.paramRef: Forbidden:';
    expect(await bind({ name: "p" })).toBe(
      `${why} unable to get policy named to determine minimum required permissions and ${who} does not have "get" permission for all groups, versions and resources`,
    );
    await server.client.create(validatingAdmissionPolicies, policy("named"));
    expect(await bind({ name: "p" })).toBe(
      `${why} ${who} does not have "get" permission on the object referenced by paramRef`,
    );
    expect(await bind({ selector: {} })).toBe(
      `${why} ${who} does not have "list" permission on the object referenced by paramRef`,
    );
    await server.client.create(validatingAdmissionPolicies, policy("unknown", "Unknown"));
    expect(await bind({ name: "p" }, "unknown")).toBe(
      `${why} unable to resolve paramKind &ParamKind{APIVersion:v1,Kind:Unknown,} to determine minimum required permissions and ${who} does not have "get" permission for all groups, versions and resources`,
    );
  });

  it("who can read them may", async () => {
    const client = await user("seeing", { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] });
    await client.create(validatingAdmissionPolicies, policy("seen"));
    await client.create(validatingAdmissionPolicyBindings, binding("seen", { name: "p" }, "seen"));
    expect(
      await refusal(
        client.create(validatingAdmissionPolicyBindings, binding("all", { selector: {} }, "seen")),
      ),
    ).toContain('does not have "list" permission');
  });
});

describe("parameters of a custom kind", () => {
  const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: { spec: { type: "object", properties: { max: { type: "integer", default: 3 } } } },
      },
    },
  });

  it("judge small requests and, in threads, big ones", async () => {
    const send = (path: string, body: object) =>
      rawRequest(server, path, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(body) });
    await send(DEFINITIONS, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "limits.example.com" },
      spec: {
        group: "example.com",
        names: { plural: "limits", kind: "Limit" },
        scope: "Namespaced",
        versions: [version("v1", true), version("v2", false)],
      },
    });
    const limits = "/apis/example.com/v1/namespaces/default/limits";
    for (let tries = 0; tries < 100 && (await rawRequest(server, limits)).status !== 200; tries++)
      await systemClock.sleep(20);
    const limit = { apiVersion: "example.com/v1", kind: "Limit", metadata: { name: "l" }, spec: {} };
    expect((await send(limits, limit)).status).toBe(201);
    await server.client.create(validatingAdmissionPolicies, {
      metadata: { name: "limited" },
      spec: {
        paramKind: { apiVersion: "example.com/v2", kind: "Limit" },
        matchConstraints: { resourceRules: RULES },
        validations: [
          {
            expression: "size(object.data) <= params.spec.max",
            messageExpression: "params.apiVersion + ' allows ' + string(params.spec.max)",
          },
        ],
      },
    });
    await server.client.create(validatingAdmissionPolicyBindings, {
      metadata: { name: "limited" },
      spec: {
        policyName: "limited",
        paramRef: { name: "l", parameterNotFoundAction: "Deny" },
        validationActions: ["Deny"],
      },
    });
    const path = "/api/v1/namespaces/default/configmaps";
    const data = (size: number) =>
      Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, "x".repeat(size)]));
    const why = `configmaps "c" is forbidden: ValidatingAdmissionPolicy 'limited' with binding 'limited' denied request: example.com/v2 allows 3`;
    for (const size of [1, 50_000]) {
      const { json } = await send(path, { metadata: { name: "c" }, data: data(size) });
      expect(json.message).toBe(why);
    }
  });
});

describe("in threads, too,", () => {
  it("policies ask what the user may do", async () => {
    const RBAC = "rbac.authorization.k8s.io";
    await server.client.create(clusterRoles, {
      metadata: { name: "writer" },
      rules: [
        { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] },
        { apiGroups: ["example.com"], resources: ["big"], verbs: ["write"] },
      ],
    });
    await server.client.create(clusterRoleBindings, {
      metadata: { name: "writer" },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "writer" },
      subjects: [{ kind: "User", apiGroup: RBAC, name: "writer" }],
    });
    await server.client.create(validatingAdmissionPolicies, {
      metadata: { name: "asks" },
      spec: {
        matchConstraints: {
          resourceRules: RULES,
          objectSelector: { matchLabels: { asks: "yes" } },
        },
        variables: [{ name: "may", expression: "authorizer.group('example.com').resource('big')" }],
        validations: [
          { expression: "variables.may.check(object.metadata.labels.verb).allowed()", message: "may not" },
        ],
      },
    });
    await server.client.create(validatingAdmissionPolicyBindings, {
      metadata: { name: "asks" },
      spec: { policyName: "asks", validationActions: ["Deny"] },
    });
    const { certPem: cert, keyPem: key } = await server.certificates.client("writer", {
      commonName: "writer",
    });
    const write = async (verb: string) => {
      const object = {
        metadata: { name: `w-${verb}`, labels: { asks: "yes", verb } },
        data: { a: "x".repeat(100_000) },
      };
      return (
        await rawRequest(server, "/api/v1/namespaces/default/configmaps", {
          method: "POST",
          headers: JSON_TYPE,
          body: JSON.stringify(object),
          identity: { cert, key },
        })
      ).json;
    };
    const written = await write("write");
    expect(written.metadata.name, written.message).toBe("w-write");
    expect((await write("read")).message).toContain("denied request: may not");
    await server.client.delete(configMaps, "default", "w-write");
  });
});
