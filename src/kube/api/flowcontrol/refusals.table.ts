import type { KindRefusals } from "../refusals.table.ts";

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const VERBS = '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"';
const RULE = {
  subjects: [{ kind: "User", user: { name: "u" } }],
  nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/x/*"] }],
};
const rules = (change: object) => ({ spec: { rules: [{ ...RULE, ...change }] } });
const url = (text: string) => rules({ nonResourceRules: [{ verbs: ["*"], nonResourceURLs: [text] }] });
const resource = (change: object) =>
  rules({
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], ...change }],
  });
const URLS = "spec.rules[0].nonResourceRules[0].nonResourceURLs[0]";
const RESOURCES = "spec.rules[0].resourceRules[0]";
const queuing = (change: object) => ({
  spec: { type: "Limited", limited: { limitResponse: { type: "Queue", queuing: change } } },
});
const QUEUING = "spec.limited.limitResponse.queuing";

export const FLOW_CONTROL_REFUSALS: Record<string, KindRefusals> = {
  "flowcontrol.apiserver.k8s.io/v1 FlowSchema": {
    base: {
      metadata: { name: "x" },
      spec: { priorityLevelConfiguration: { name: "workload-low" }, rules: [RULE] },
    },
    create: [
      [
        { spec: { matchingPrecedence: 1 } },
        "Invalid spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      ],
      [
        { spec: { matchingPrecedence: 10_001, priorityLevelConfiguration: { name: "" } } },
        "Invalid spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000",
        "Required spec.priorityLevelConfiguration.name: Required value: must reference a priority level",
      ],
      [
        { spec: { distinguisherMethod: { type: "ByMoon" } } },
        'NotSupported spec.distinguisherMethod.type: Unsupported value: flowcontrol.FlowDistinguisherMethod{Type:"ByMoon"}: supported values: "ByNamespace", "ByUser"',
      ],
      [
        rules({ subjects: [{ kind: "Group", user: { name: "u" } }] }),
        "Required spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
        "Forbidden spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
      ],
      [
        rules({ subjects: [{ kind: "ServiceAccount", serviceAccount: { name: "*", namespace: "A" } }] }),
        `Invalid spec.rules[0].subjects[0].serviceAccount.namespace: Invalid value: "A": ${LABEL}`,
      ],
      [
        rules({ subjects: [], nonResourceRules: [] }),
        "Required spec.rules[0].subjects: Required value: subjects must contain at least one value",
        "Required spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty",
      ],
      [url("/")],
      [url("x"), `Invalid ${URLS}: Invalid value: "x": must start with slash`],
      [url("/a//b"), `Invalid ${URLS}: Invalid value: "/a//b": must not contain double slash`],
      [url("/a*"), `Invalid ${URLS}: Invalid value: "/a*": wildcard can only do suffix matching`],
      [
        resource({ verbs: ["get", "see"] }),
        `NotSupported ${RESOURCES}.verbs: Unsupported value: []string{"get", "see"}: supported values: ${VERBS}`,
      ],
      [resource({ namespaces: [], clusterScope: true })],
      [
        resource({ namespaces: [], resources: ["*", "pods"] }),
        `Invalid ${RESOURCES}.resources: Invalid value: []string{"*", "pods"}: if '*' is present, must not specify other resources`,
        `Required ${RESOURCES}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
      ],
      [
        resource({ namespaces: ["A"] }),
        `Invalid ${RESOURCES}.namespaces[0]: Invalid value: "A": each member of this list must be '*' or a DNS-1123 label; ${LABEL}`,
      ],
      [
        { metadata: { name: "exempt" }, spec: { matchingPrecedence: 2, rules: [] } },
        "Invalid spec: Invalid value: flowcontrol.FlowSchemaSpec{PriorityLevelConfiguration:flowcontrol.PriorityLevelConfigurationReference{Name:\"workload-low\"}, MatchingPrecedence:2, DistinguisherMethod:(*flowcontrol.FlowDistinguisherMethod)(nil), Rules:[]flowcontrol.PolicyRulesWithSubjects{}}: spec of 'exempt' must equal the fixed value",
      ],
    ],
    status: [
      [{ status: { conditions: [{ type: "X" }] } }],
      [
        { status: { conditions: [{ type: "X" }, { type: "X" }, { type: "" }] } },
        'Duplicate status.conditions[1].type: Duplicate value: "X"',
        "Required status.conditions[2].type: Required value: must not be empty",
      ],
    ],
  },
  "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration": {
    base: { metadata: { name: "x" }, ...queuing({}) },
    create: [
      [
        { spec: { type: "Exempt", limited: null } },
        "Invalid spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
      ],
      [
        { spec: { exempt: {}, limited: null } },
        "Forbidden spec.exempt: Forbidden: must be nil if the type is Limited",
        "Required spec.limited: Required value: must not be empty when type is Limited",
      ],
      [
        {
          spec: {
            limited: { lendablePercent: 101, borrowingLimitPercent: -1, limitResponse: { type: "Reject" } },
          },
        },
        `Forbidden ${QUEUING}: Forbidden: must be nil if limited.limitResponse.type is not Limited`,
        "Invalid spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
        "Invalid spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
      ],
      [
        queuing({ queues: 4, handSize: 5 }),
        `Invalid ${QUEUING}.handSize: Invalid value: 5: should not be greater than queues (4)`,
      ],
      [
        queuing({ queues: 1024, handSize: 7 }),
        `Invalid ${QUEUING}.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60`,
      ],
      [
        { metadata: { name: "catch-all" } },
        "Invalid spec: Invalid value: flowcontrol.PriorityLevelConfigurationSpec{Type:\"Limited\", Limited:(*flowcontrol.LimitedPriorityLevelConfiguration)(0xc000000000), Exempt:(*flowcontrol.ExemptPriorityLevelConfiguration)(nil)}: spec of 'catch-all' must equal the fixed value",
      ],
      // Of the exempt level the shares may be chosen.
      [
        {
          metadata: { name: "exempt" },
          spec: { type: "Exempt", limited: null, exempt: { nominalConcurrencyShares: 7 } },
        },
      ],
    ],
  },
};
