import type { KindRefusals } from "../refusals.table.ts";

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const RULE = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] };
const WEBHOOK = {
  name: "a.example.com",
  clientConfig: { url: "https://example.com/x" },
  rules: [RULE],
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
};
const webhook = (change: object) => ({ webhooks: [{ ...WEBHOOK, ...change }] });
const rule = (change: object) => webhook({ rules: [{ ...RULE, ...change }] });
const condition = (expression: string, name = "c") => webhook({ matchConditions: [{ name, expression }] });
const RESOURCES = "webhooks[0].rules[0].resources";
const SERVICE = "webhooks[0].clientConfig.service";

const validation = (change: object) => ({ spec: { validations: [{ expression: "true", ...change }] } });
const match = (change: object) => ({ spec: { matchConstraints: { resourceRules: [RULE], ...change } } });
const variables = (...list: [name: string, expression: string][]) =>
  list.map(([name, expression]) => ({ name, expression }));
const paramRef = (change: object) => ({ spec: { paramRef: { parameterNotFoundAction: "Deny", ...change } } });

/** What an expression that speaks of something unknown is told. */
const undeclared = (name: string, text = name, column = 1) =>
  `Invalid value: ${JSON.stringify(text)}: compilation failed: ERROR: <input>:1:${column}: undeclared reference to '${name}' (in container '')\n | ${text}\n | ${".".repeat(column - 1)}^`;
const undefinedField = (name: string, text: string, column: number) =>
  `Invalid value: ${JSON.stringify(text)}: compilation failed: ERROR: <input>:1:${column}: undefined field '${name}'\n | ${text}\n | ${".".repeat(column - 1)}^`;

export const ADMISSION_REGISTRATION_REFUSALS: Record<string, KindRefusals> = {
  "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration": {
    base: { metadata: { name: "x" }, webhooks: [WEBHOOK] },
    create: [
      [
        webhook({ name: "example.com", sideEffects: "Some", timeoutSeconds: 31, failurePolicy: "Cry" }),
        'Invalid webhooks[0].name: Invalid value: "example.com": should be a domain with at least three segments separated by dots',
        'NotSupported webhooks[0].failurePolicy: Unsupported value: "Cry": supported values: "Fail", "Ignore"',
        'NotSupported webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        "Invalid webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
      ],
      [
        { webhooks: [WEBHOOK, { ...WEBHOOK, sideEffects: null, admissionReviewVersions: [] }] },
        "Required webhooks[1].sideEffects: Required value: must specify one of None, NoneOnDryRun",
        "Required webhooks[1].admissionReviewVersions: Required value: must specify one of v1, v1beta1",
        'Duplicate webhooks[1].name: Duplicate value: "a.example.com"',
      ],
      [
        webhook({ admissionReviewVersions: ["v2", "v2", "2"] }),
        'Invalid webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
        `Invalid webhooks[0].admissionReviewVersions[2]: Invalid value: "2": ${LABEL_1035}`,
        'Invalid webhooks[0].admissionReviewVersions: Invalid value: []string{"v2", "v2", "2"}: must include at least one of v1, v1beta1',
      ],
      [
        rule({ operations: ["*", "CREATE"], apiGroups: [], apiVersions: ["*", ""], scope: "Odd" }),
        'Invalid webhooks[0].rules[0].operations: Invalid value: []admissionregistration.OperationType{"*", "CREATE"}: if \'*\' is present, must not specify other operations',
        "Required webhooks[0].rules[0].apiGroups: Required value",
        'Invalid webhooks[0].rules[0].apiVersions: Invalid value: []string{"*", ""}: if \'*\' is present, must not specify other API versions',
        "Required webhooks[0].rules[0].apiVersions[1]: Required value",
        'NotSupported webhooks[0].rules[0].scope: Unsupported value: "Odd": supported values: "*", "Cluster", "Namespaced"',
      ],
      [
        rule({ resources: ["pods/*", "pods/log", "*/scale", "x/scale", "*", "y"] }),
        `Invalid ${RESOURCES}[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
        `Invalid ${RESOURCES}[3]: Invalid value: "x/scale": if '*/scale' is present, must not specify x/scale`,
        `Invalid ${RESOURCES}: Invalid value: []string{"pods/*", "pods/log", "*/scale", "x/scale", "*", "y"}: if '*' is present, must not specify other resources without subresources`,
      ],
      [rule({ resources: ["y", "*"] })],
      [
        webhook({ clientConfig: {} }),
        "Required webhooks[0].clientConfig: Required value: exactly one of url or service is required",
      ],
      [
        webhook({ clientConfig: { url: "http://u@example.com?x=1" } }),
        "Invalid webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
        'Invalid webhooks[0].clientConfig.url: Invalid value: "u": user information is not permitted in the URL',
        'Invalid webhooks[0].clientConfig.url: Invalid value: "x=1": query parameters are not permitted in the URL',
      ],
      [
        webhook({ clientConfig: { service: { name: "s", port: 0, path: "x" } } }),
        `Required ${SERVICE}.name: Required value: service name is required`,
        `Invalid ${SERVICE}.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive`,
        `Invalid ${SERVICE}.path: Invalid value: "x": must start with a '/'`,
        `Invalid ${SERVICE}.path: Invalid value: "x": segment[0] may not be empty`,
      ],
      [condition(" request.userInfo.username == 'u' && namespaceObject.metadata.name != '' ")],
      [
        condition("params.x"),
        `Invalid webhooks[0].matchConditions[0].expression: ${undeclared("params", "params.x")}`,
      ],
      [
        condition("1", ""),
        'Invalid webhooks[0].matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int',
        "Required webhooks[0].matchConditions[0].name: Required value",
      ],
      [
        condition("request.foo"),
        `Invalid webhooks[0].matchConditions[0].expression: ${undefinedField("foo", "request.foo", 8)}`,
      ],
    ],
    update: [
      [{ metadata: { labels: { a: "b" } } }],
      [condition(""), "Required webhooks[0].matchConditions[0].expression: Required value"],
    ],
  },
  "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration": {
    base: { metadata: { name: "x" }, webhooks: [WEBHOOK] },
    create: [
      [
        webhook({ reinvocationPolicy: "Often" }),
        'NotSupported webhooks[0].reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
      ],
    ],
  },
  "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy": {
    base: {
      metadata: { name: "x" },
      spec: { matchConstraints: { resourceRules: [RULE] }, validations: [{ expression: "true" }] },
    },
    create: [
      [
        { spec: { failurePolicy: "Cry", matchConstraints: null, validations: [] } },
        'NotSupported spec.failurePolicy: Unsupported value: "Cry": supported values: "Fail", "Ignore"',
        "Required spec.matchConstraints: Required value",
        "Required spec.validations: Required value: validations or auditAnnotations must contain at least one item",
        "Required spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item",
      ],
      [match({ resourceRules: [] }), "Required spec.matchConstraints.resourceRules: Required value"],
      [
        match({ matchPolicy: "Odd", resourceRules: [{ ...RULE, resourceNames: ["a", "a", "b/c"] }] }),
        'NotSupported spec.matchConstraints.matchPolicy: Unsupported value: "Odd": supported values: "Equivalent", "Exact"',
        'Duplicate spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
        "Invalid spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: \"b/c\": may not contain '/'",
      ],
      [
        { spec: { paramKind: { apiVersion: "A.b/1", kind: "C_d" } } },
        `Invalid spec.paramKind.apiVersion: Invalid value: "A.b": ${SUBDOMAIN}`,
        `Invalid spec.paramKind.apiVersion: Invalid value: "1": ${LABEL_1035}`,
        `Invalid spec.paramKind.kind: Invalid value: "C_d": may have mixed case, but should otherwise match: ${LABEL_1035}`,
      ],
      [
        validation({ message: "a\nb", messageExpression: " ", reason: "Bored" }),
        'Invalid spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
        'Invalid spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
        'NotSupported spec.validations[0].reason: Unsupported value: "Bored": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      ],
      // A variable is known to those after it, with its type.
      [
        {
          spec: {
            variables: variables(["a", "1"], ["b", "variables.a + 1"], ["c", "[variables.b]"]),
            validations: [{ expression: "variables.c[0] == 2" }],
          },
        },
      ],
      [
        {
          spec: {
            variables: variables(["a", "variables.b"], ["b", "true"], ["in", "1"]),
            validations: [{ expression: "variables.b < 1" }],
          },
        },
        `Invalid spec.variables[0].expression: ${undefinedField("b", "variables.b", 10)}`,
        'Invalid spec.variables[2].name: Invalid value: "in": name is not a valid CEL identifier',
        "Invalid spec.validations[0].expression: Invalid value: \"variables.b < 1\": compilation failed: ERROR: <input>:1:13: found no matching overload for '_<_' applied to '(bool, int)'\n | variables.b < 1\n | ............^",
      ],
      [
        validation({ expression: "variables.a" }),
        `Invalid spec.validations[0].expression: ${undeclared("variables", "variables.a")}`,
      ],
      // Only the validation itself may ask who may do what.
      [
        validation({ messageExpression: "string(authorizer)" }),
        `Invalid spec.validations[0].messageExpression: ${undeclared("authorizer", "string(authorizer)", 8)}`,
      ],
      [
        {
          spec: {
            paramKind: { apiVersion: "v1", kind: "ConfigMap" },
            ...validation({ expression: "params.data.a == 'b'" }).spec,
          },
        },
      ],
      [
        {
          spec: {
            auditAnnotations: [
              { key: "k", valueExpression: "['a']" },
              { key: "k", valueExpression: "null" },
              { key: "a b", valueExpression: " " },
            ],
          },
        },
        "Invalid spec.auditAnnotations[0].valueExpression: Invalid value: \"['a']\": must evaluate to one of [string null_type] but got list(string)",
        'Duplicate spec.auditAnnotations[1].key: Duplicate value: "k"',
        "Invalid spec.auditAnnotations[2].key: Invalid value: \"x/a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "Required spec.auditAnnotations[2].valueExpression: Required value: valueExpression is not specified",
      ],
    ],
    status: [
      [
        {
          status: {
            typeChecking: {
              expressionWarnings: [{ fieldRef: "spec.validations[0].expression", warning: "w" }],
            },
          },
        },
      ],
      [
        { status: { typeChecking: { expressionWarnings: [{ fieldRef: " ", warning: "" }] } } },
        "Required status.typeChecking.expressionWarnings[0].warning: Required value",
        "Required status.typeChecking.expressionWarnings[0].fieldRef: Required value",
      ],
    ],
  },
  "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding": {
    base: { metadata: { name: "x" }, spec: { policyName: "p", validationActions: ["Deny"] } },
    create: [
      [
        { spec: { policyName: "", validationActions: [] } },
        "Required spec.policyName: Required value",
        "Required spec.validationActions: Required value: at least one validation action is required",
      ],
      [
        { spec: { validationActions: ["Deny", "Warn", "Deny", "Shout"] } },
        'Duplicate spec.validationActions[2]: Duplicate value: "Deny"',
        'NotSupported spec.validationActions[3]: Unsupported value: "Shout": supported values: "Audit", "Deny", "Warn"',
        'Invalid spec.validationActions: Invalid value: []admissionregistration.ValidationAction{"Deny", "Warn", "Deny", "Shout"}: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
      [paramRef({ name: "n" })],
      [
        paramRef({ name: "n", selector: {} }),
        "Forbidden spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
        "Forbidden spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
      ],
      [
        paramRef({ parameterNotFoundAction: "Cry" }),
        "Required spec.paramRef: Required value: one of name or selector must be specified",
        'NotSupported spec.paramRef.parameterNotFoundAction: Unsupported value: "Cry": supported values: "Deny", "Allow"',
      ],
    ],
  },
};
