import { describe, expect, it } from "vitest";
import { builtInKinds, type KubeObject } from "../../../api/index.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import { admitted, lookupAmong, type SentRequest } from "../../testing/admitted.ts";
import { findAmong } from "./find-kind.ts";
import { validatingAdmissionPolicy } from "./validating-admission-policy.ts";

const PLACE = "admissionregistration.k8s.io";
const RULES = [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*", "*/*"] }];
const matching = (more: object = {}) => ({ matchPolicy: "Equivalent", resourceRules: RULES, ...more });
const configMap = (name: string, data: object, labels: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n", labels },
  data,
});
const namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "n", labels: { stage: "prod" }, uid: "u-1", managedFields: [{}] },
  spec: { finalizers: ["kubernetes"] },
  status: { phase: "Active" },
};
const runtimeClass = {
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  metadata: { name: "r" },
  handler: "h",
};

/** Users may get pods named `mine`, and read `/healthz`; `broken` cannot be asked about. */
const authorizer: Authorizer = {
  authorize(user, info) {
    if (!info.isResource)
      return { decision: info.path === "/healthz" ? "allow" : "noOpinion", reason: `path for ${user.name}` };
    if (info.resource === "broken") throw new Error("no answer");
    const isMine = info.resource === "pods" && info.name === "mine" && info.verb === "get";
    return { decision: isMine ? "allow" : "noOpinion", reason: `${info.verb} for ${user.name}` };
  },
};

interface Setup {
  policy?: object;
  binding?: object;
  present?: Record<string, readonly object[]>;
  request?: Partial<SentRequest>;
}

/** One policy with one binding judges the creation of config map `c` in namespace `n`. */
function judge({ policy = {}, binding = {}, present = {}, request = {} }: Setup) {
  const kinds = builtInKinds();
  const lookup = lookupAmong({
    [`validatingadmissionpolicies.${PLACE}`]: [
      {
        metadata: { name: "p" },
        spec: {
          failurePolicy: "Fail",
          matchConstraints: matching(),
          validations: [{ expression: "true" }],
          ...policy,
        },
      },
    ],
    [`validatingadmissionpolicybindings.${PLACE}`]: [
      { metadata: { name: "b" }, spec: { policyName: "p", validationActions: ["Deny"], ...binding } },
    ],
    namespaces: [namespace],
    ...present,
  });
  const plugin = validatingAdmissionPolicy({ kinds, findKind: findAmong(kinds), lookup, authorizer });
  return admitted(plugin, {
    resource: "configmaps",
    object: configMap("c", { x: "2" }),
    name: "c",
    objectKind: { group: "", version: "v1", kind: "ConfigMap" },
    ...request,
  });
}

const validation = (expression: string, more: object = {}) => ({ validations: [{ expression, ...more }] });
const DENIED =
  "configmaps \"c\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request:";

describe("a validating admission policy", () => {
  describe("denies in upstream's words", () => {
    it.each<[string, object, string]>([
      [
        "no message",
        validation("object.data.x == '1'"),
        `422 Invalid ${DENIED} failed expression: object.data.x == '1'`,
      ],
      ["a message", validation("false", { message: " no " }), `422 Invalid ${DENIED} no`],
      [
        "a message that is worked out",
        validation("false", { message: "no", messageExpression: "'x is ' + object.data.x" }),
        `422 Invalid ${DENIED} x is 2`,
      ],
      [
        "a message that fails",
        validation("false", { message: "no", messageExpression: "object.data.y" }),
        `422 Invalid ${DENIED} no`,
      ],
      [
        "a message of two lines",
        validation("false", { message: "no", messageExpression: "'a\\nb'" }),
        `422 Invalid ${DENIED} no`,
      ],
      [
        "a message that is too long",
        validation("false", {
          messageExpression: "string(b'0123456789'.size()) + ''.format([]) + 'x'.replace('x', 'y')",
        }),
        `422 Invalid ${DENIED} 10y`,
      ],
      ["a reason", validation("false", { reason: "Forbidden", message: "no" }), `403 Forbidden ${DENIED} no`],
      [
        "too large",
        validation("false", { reason: "RequestEntityTooLarge", message: "no" }),
        `413 RequestEntityTooLarge ${DENIED} no`,
      ],
      [
        "an error",
        validation("object.data.y == '1'"),
        `422 Invalid ${DENIED} expression 'object.data.y == '1'' resulted in error: no such key: y`,
      ],
      [
        "what does not compile",
        validation("object."),
        `422 Invalid ${DENIED} compilation error: compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input '.'\n | object.\n | .......^`,
      ],
      [
        "no bool",
        validation("1"),
        `422 Invalid ${DENIED} compilation error: must evaluate to bool but got int`,
      ],
      [
        "the first of several",
        { validations: [{ expression: "true" }, { expression: "1 > 2" }, { expression: "2 > 3" }] },
        `422 Invalid ${DENIED} failed expression: 1 > 2`,
      ],
    ])("%s", async (_, policy, refused) => {
      expect((await judge({ policy })).refused).toBe(refused);
    });
  });

  describe("sees", () => {
    it.each<[string, string, Partial<SentRequest>?]>([
      ["the object", "object.kind == 'ConfigMap' && object.apiVersion == 'v1' && oldObject == null"],
      [
        "what was there before",
        "oldObject.data.x == '1' && object == null && request.operation == 'DELETE'",
        { operation: "DELETE", object: undefined, oldObject: configMap("c", { x: "1" }) },
      ],
      [
        "the request",
        "request.name == 'c' && request.namespace == 'n' && request.operation == 'CREATE' && !request.dryRun && request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && request.requestKind.version == 'v1' && !has(request.subResource)",
      ],
      [
        "the user",
        "request.userInfo.username == 'u' && 'g' in request.userInfo.groups && request.userInfo.extra['k'] == ['v']",
        { user: { name: "u", groups: ["g"], extra: { k: ["v"] } } },
      ],
      ["the options", "request.options.fieldManager == 'm'", { options: { fieldManager: "m" } }],
      [
        "the namespace",
        "namespaceObject.metadata.labels.stage == 'prod' && namespaceObject.status.phase == 'Active' && namespaceObject.spec.finalizers == ['kubernetes']",
      ],
      [
        "no namespace of a namespace",
        "namespaceObject == null",
        {
          resource: "namespaces",
          object: namespace,
          objectKind: { group: "", version: "v1", kind: "Namespace" },
        },
      ],
      [
        "no namespace of what lies in none",
        "namespaceObject == null",
        { resource: "runtimeclasses.node.k8s.io", namespace: undefined, object: runtimeClass },
      ],
      [
        "what the user may do",
        "authorizer.group('').resource('pods').namespace('n').name('mine').check('get').allowed() && !authorizer.group('').resource('pods').name('other').check('get').allowed()",
      ],
      ["why", "authorizer.group('').resource('pods').check('list').reason() == 'list for u'"],
      [
        "paths",
        "authorizer.path('/healthz').check('get').allowed() && !authorizer.path('/x').check('get').allowed()",
      ],
      [
        "what an account may do",
        "authorizer.serviceAccount('n', 'sa').path('/x').check('get').reason() == 'path for system:serviceaccount:n:sa'",
      ],
      ["what the request is about", "authorizer.requestResource.check('update').reason() == 'update for u'"],
      [
        "checks that fail",
        "authorizer.group('').resource('broken').check('get').errored() && authorizer.group('').resource('broken').check('get').error() == 'no answer'",
      ],
    ])("%s", async (_, expression, request) => {
      expect(
        await judge({ policy: validation(expression), ...(request ? { request } : {}) }),
      ).not.toHaveProperty("refused");
    });

    it("no authorizer where messages and annotations are made", async () => {
      const asking = "authorizer.path('/x').check('get').reason()";
      const policy = {
        validations: [{ expression: "variables.v != ''", messageExpression: "variables.v" }],
        variables: [{ name: "v", expression: asking }],
        auditAnnotations: [{ key: "k", valueExpression: "variables.v" }],
      };
      expect((await judge({ policy })).refused).toBe(
        `422 Invalid ${DENIED} expression 'variables.v' resulted in error: composited variable "v" fails to evaluate: no such attribute(s): authorizer`,
      );
    });
  });

  describe("its variables", () => {
    it.each<[string, object[], string, string?]>([
      [
        "are known to each other",
        [
          ["a", "2"],
          ["b", "variables.a * 3"],
        ].map(([name, expression]) => ({ name, expression })),
        "variables.b == 6",
      ],
      ["are left alone where nobody asks", [{ name: "a", expression: "object.nothing" }], "true"],
      [
        "tell what they fail with",
        [{ name: "a", expression: "object.nothing" }],
        "variables.a == 1",
        `422 Invalid ${DENIED} expression 'variables.a == 1' resulted in error: composited variable "a" fails to evaluate: no such key: nothing`,
      ],
      [
        "tell that they do not compile",
        [{ name: "a", expression: "nothing" }],
        "variables.a == 1",
        `422 Invalid ${DENIED} expression 'variables.a == 1' resulted in error: composited variable "a" fails to compile: compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')\n | nothing\n | ^`,
      ],
    ])("%s", async (_, variables, expression, refused) => {
      expect((await judge({ policy: { variables, ...validation(expression) } })).refused).toBe(refused);
    });
  });

  describe("what its evaluation may cost", () => {
    const long = `[${Array.from({ length: 60 }, (_, n) => n).join(",")}]`;
    const costly = `${long}.all(a, ${long}.all(b, ${long}.all(c, a + b + c >= 0)))`;
    const lone = "expression '";

    it("is limited for one expression", async () => {
      const { refused } = await judge({ policy: validation(costly) });
      expect(refused).toContain(`${DENIED} ${lone}`);
      expect(refused).toMatch(/resulted in error: operation cancelled: actual cost limit exceeded$/);
    });

    it("is limited for all of them", async () => {
      const validations = Array.from({ length: 12 }, () => ({ expression: costly }));
      expect((await judge({ policy: { validations } })).refused).toBe(
        `422 Invalid ${DENIED} validation failed due to running out of cost budget, no further validation rules will be run`,
      );
    });

    it("is limited for messages by what is left", async () => {
      const validations = Array.from({ length: 7 }, () => ({
        expression: "true",
        messageExpression: `${costly} ? 'a' : 'b'`,
      }));
      const twice = [...validations, ...validations];
      expect((await judge({ policy: { validations: twice } })).refused).toBe(
        `422 Invalid ${DENIED} failed messageExpression: validation failed due to running out of cost budget, no further validation rules will be run`,
      );
    });

    it("is limited for match conditions", async () => {
      const matchConditions = ["a", "b", "c"].map((name) => ({ name, expression: costly }));
      expect((await judge({ policy: { matchConditions } })).refused).toContain("running out of cost budget");
    });
  });

  describe("is not asked", () => {
    const deny = validation("false");
    it.each<[string, Setup]>([
      ["without a binding of its own", { policy: deny, binding: { policyName: "other" } }],
      [
        "of another operation",
        {
          policy: {
            ...deny,
            matchConstraints: matching({ resourceRules: [{ ...RULES[0], operations: ["DELETE"] }] }),
          },
        },
      ],
      [
        "of another name",
        {
          policy: {
            ...deny,
            matchConstraints: matching({ resourceRules: [{ ...RULES[0], resourceNames: ["d"] }] }),
          },
        },
      ],
      [
        "of what is excluded",
        {
          policy: {
            ...deny,
            matchConstraints: matching({ excludeResourceRules: [{ ...RULES[0], resourceNames: ["c"] }] }),
          },
        },
      ],
      [
        "of other objects",
        { policy: { ...deny, matchConstraints: matching({ objectSelector: { matchLabels: { a: "b" } } }) } },
      ],
      [
        "of other namespaces",
        {
          policy: {
            ...deny,
            matchConstraints: matching({ namespaceSelector: { matchLabels: { stage: "dev" } } }),
          },
        },
      ],
      [
        "by a binding of other namespaces",
        {
          policy: deny,
          binding: { matchResources: { namespaceSelector: { matchLabels: { stage: "dev" } } } },
        },
      ],
      [
        "where its conditions do not hold",
        { policy: { ...deny, matchConditions: [{ name: "m", expression: "request.name != 'c'" }] } },
      ],
      [
        "where one does not hold and another fails",
        {
          policy: {
            ...deny,
            matchConditions: [
              { name: "e", expression: "object.nothing == 1" },
              { name: "m", expression: "false" },
            ],
          },
        },
      ],
      ["about policies", { policy: deny, request: { resource: `validatingadmissionpolicies.${PLACE}` } }],
      [
        "about questions",
        { policy: deny, request: { resource: "subjectaccessreviews.authorization.k8s.io" } },
      ],
      [
        "where failures are ignored",
        { policy: { ...validation("object.nothing == 1"), failurePolicy: "Ignore" } },
      ],
      [
        "where conditions fail, and failures are ignored",
        {
          policy: {
            ...deny,
            failurePolicy: "Ignore",
            matchConditions: [{ name: "e", expression: "object.nothing == 1" }],
          },
        },
      ],
      [
        "where it is misconfigured, and failures are ignored",
        { policy: { ...deny, failurePolicy: "Ignore", paramKind: { apiVersion: "x/v1", kind: "Y" } } },
      ],
    ])("%s", async (_, setup) => {
      expect(await judge(setup)).not.toHaveProperty("refused");
    });
  });

  it("whose conditions fail denies", async () => {
    const matchConditions = [
      { name: "e", expression: "object.nothing == 1" },
      { name: "f", expression: "object.none == 1" },
    ];
    expect((await judge({ policy: { matchConditions } })).refused).toBe(
      `422 Invalid ${DENIED} [expression 'object.nothing == 1' resulted in error: no such key: nothing, expression 'object.none == 1' resulted in error: no such key: none]`,
    );
  });

  it("cannot tell whether it is about what lies in an absent namespace", async () => {
    const policy = { matchConstraints: matching({ namespaceSelector: { matchLabels: { a: "b" } } }) };
    expect((await judge({ policy, request: { namespace: "absent" } })).refused).toBe(
      `422 Invalid configmaps "c" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: namespaces "absent" not found`,
    );
  });

  describe("with parameters", () => {
    const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
    const policy = {
      paramKind,
      ...validation("params == null || object.data.x == params.data.x", {
        messageExpression: "params.kind + ' ' + params.metadata.name",
      }),
    };
    const present = {
      configmaps: [
        configMap("one", { x: "1" }, { tier: "a" }),
        configMap("two", { x: "2" }, { tier: "b" }),
        { ...configMap("far", { x: "2" }, { tier: "c" }), metadata: { name: "far", namespace: "m" } },
      ],
    };
    const rows: [string, object, string?][] = [
      ["named", { name: "two", parameterNotFoundAction: "Deny" }],
      [
        "named, which disagree",
        { name: "one", parameterNotFoundAction: "Deny" },
        `422 Invalid ${DENIED} ConfigMap one`,
      ],
      ["of another namespace", { name: "far", namespace: "m", parameterNotFoundAction: "Deny" }],
      ["selected", { selector: { matchLabels: { tier: "b" } }, parameterNotFoundAction: "Deny" }],
      [
        "all there are",
        { selector: {}, parameterNotFoundAction: "Deny" },
        `422 Invalid ${DENIED} ConfigMap one`,
      ],
      ["absent, which may be", { name: "none", parameterNotFoundAction: "Allow" }],
      [
        "absent, which may not be",
        { name: "none", parameterNotFoundAction: "Deny" },
        `422 Invalid ${DENIED} failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
      ],
      [
        "none selected",
        { selector: { matchLabels: { tier: "c" } }, parameterNotFoundAction: "Deny" },
        `422 Invalid ${DENIED} failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
      ],
    ];
    it.each(rows)("%s", async (_, paramRef, refused) => {
      expect((await judge({ policy, binding: { paramRef }, present })).refused).toBe(refused);
    });

    it("that its binding does without", async () => {
      expect(await judge({ policy, present })).not.toHaveProperty("refused");
    });

    it("of a kind that nobody knows", async () => {
      const unknown = { ...policy, paramKind: { apiVersion: "example.com/v1", kind: "Nothing" } };
      expect((await judge({ policy: unknown })).refused).toBe(
        `422 Invalid configmaps "c" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Nothing'`,
      );
    });

    it("in no namespace, where the request lies in none either", async () => {
      const request = { resource: "runtimeclasses.node.k8s.io", namespace: undefined, object: runtimeClass };
      const binding = { paramRef: { name: "two", parameterNotFoundAction: "Deny" } };
      expect((await judge({ policy, binding, present, request })).refused).toContain(
        "failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
      );
    });

    it("of the cluster, for which no namespace may be named", async () => {
      const ofCluster = { ...policy, paramKind: { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass" } };
      const binding = { paramRef: { name: "r", namespace: "n", parameterNotFoundAction: "Deny" } };
      expect((await judge({ policy: ofCluster, binding })).refused).toContain(
        "failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
      );
    });

    it("in the version of their kind", async () => {
      const v1 = { paramKind: { apiVersion: "autoscaling/v1", kind: "HorizontalPodAutoscaler" } };
      const stored = {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: "h", namespace: "n" },
        spec: {
          maxReplicas: 3,
          scaleTargetRef: { kind: "Deployment", name: "d" },
          metrics: [
            {
              type: "Resource",
              resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } },
            },
          ],
        },
      };
      const expression =
        "params.apiVersion == 'autoscaling/v1' && params.spec.targetCPUUtilizationPercentage == 70";
      const setup = {
        policy: { ...v1, ...validation(expression) },
        binding: { paramRef: { name: "h", parameterNotFoundAction: "Deny" } },
        present: { "horizontalpodautoscalers.autoscaling": [stored] },
      };
      expect(await judge(setup)).not.toHaveProperty("refused");
    });
  });

  describe("whose binding", () => {
    const policy = { validations: [{ expression: "true" }, { expression: "false", message: "<no>" }] };
    it("warns", async () => {
      const { refused, warnings } = await judge({ policy, binding: { validationActions: ["Warn"] } });
      expect({ refused, warnings }).toEqual({
        refused: undefined,
        warnings: ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': <no>"],
      });
    });

    it("notes", async () => {
      const { refused, annotations } = await judge({ policy, binding: { validationActions: ["Audit"] } });
      expect(refused).toBeUndefined();
      expect(JSON.parse(annotations["validation.policy.admission.k8s.io/validation_failure"]!)).toEqual([
        { message: "<no>", policy: "p", binding: "b", expressionIndex: 1, validationActions: ["Audit"] },
      ]);
    });

    it("notes and denies", async () => {
      const { refused, annotations } = await judge({
        policy,
        binding: { validationActions: ["Audit", "Deny"] },
      });
      expect(refused).toBe(`422 Invalid ${DENIED} <no>`);
      expect(Object.keys(annotations)).toHaveLength(1);
    });
  });

  describe("tells the audit log", () => {
    const told = async (valueExpression: string, policy: object = {}) => {
      const auditAnnotations = [{ key: "k", valueExpression }];
      const { annotations, refused } = await judge({ policy: { auditAnnotations, ...policy } });
      return { annotations, refused };
    };
    it.each<[string, string, Record<string, string>]>([
      ["a text", "' x is ' + object.data.x + ' '", { "p/k": "x is 2" }],
      ["nothing for null", "null", {}],
      ["nothing for no text", "'  '", {}],
    ])("%s", async (_, expression, annotations) => {
      expect(await told(expression)).toEqual({ annotations, refused: undefined });
    });

    it("the values of all parameters, each once", async () => {
      const policy = {
        paramKind: { apiVersion: "v1", kind: "ConfigMap" },
        auditAnnotations: [{ key: "k", valueExpression: "string(params.data.x)" }],
      };
      const binding = { paramRef: { selector: {}, parameterNotFoundAction: "Deny" } };
      const configmaps = [configMap("a", { x: "1" }), configMap("b", { x: "2" }), configMap("d", { x: "1" })];
      expect((await judge({ policy, binding, present: { configmaps } })).annotations).toEqual({
        "p/k": "1, 2",
      });
    });

    it("nothing, and denies, where that fails", async () => {
      const fails = "string(object.nothing)";
      expect(await told(fails, { failurePolicy: "Ignore" })).toEqual({ annotations: {}, refused: undefined });
      expect(await told(fails)).toEqual({
        annotations: {},
        refused: `422 Invalid ${DENIED} expression 'string(object.nothing)' resulted in error: no such key: nothing`,
      });
    });
  });

  it("is asked about equivalents of what it speaks of, as that", async () => {
    const rule = {
      apiGroups: ["autoscaling"],
      apiVersions: ["v2"],
      operations: ["*"],
      resources: ["horizontalpodautoscalers"],
    };
    const kinds = builtInKinds();
    const v1 = kinds.find("autoscaling", "v1", "horizontalpodautoscalers")!;
    const object = {
      apiVersion: "autoscaling/v1",
      kind: v1.kind,
      metadata: { name: "h", namespace: "n" },
      spec: {
        maxReplicas: 3,
        targetCPUUtilizationPercentage: 50,
        scaleTargetRef: { kind: "Deployment", name: "d" },
      },
    };
    const expression =
      "object.apiVersion == 'autoscaling/v2' && request.kind.version == 'v2' && request.requestKind.version == 'v1' && request.resource.version == 'v2' && object.spec.metrics[0].resource.target.averageUtilization == 60";
    const request = {
      kind: v1,
      objectKind: v1,
      object: object as unknown as KubeObject,
      name: "h",
    } as Partial<SentRequest>;
    const asked = (matchPolicy: string) =>
      judge({
        policy: {
          matchConstraints: { matchPolicy, resourceRules: [rule] },
          ...validation(expression, { message: "seen" }),
        },
        request,
      });
    expect((await asked("Equivalent")).refused).toContain("denied request: seen");
    expect(await asked("Exact")).not.toHaveProperty("refused");
  });
});
