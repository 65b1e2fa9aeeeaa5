import type {
  FlowcontrolV1Subject,
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from "../generated/types.ts";

/** `true`: the server keeps the object's spec as it writes it. */
export const AUTO_UPDATE_ANNOTATION = "apf.kubernetes.io/autoupdate-spec";
const API_VERSION = "flowcontrol.apiserver.k8s.io/v1";

export type BootstrapObject<T extends FlowSchema | PriorityLevelConfiguration> = Pick<
  T,
  "apiVersion" | "kind" | "spec"
> & { metadata: { name: string; annotations: Record<string, string> } };

const metadata = (name: string) => ({ name, annotations: { [AUTO_UPDATE_ANNOTATION]: "true" } });

function level(name: string, spec: PriorityLevelConfigurationSpec) {
  return { apiVersion: API_VERSION, kind: "PriorityLevelConfiguration", metadata: metadata(name), spec };
}

/** A level whose requests wait in queues: `[name, nominalConcurrencyShares, lendablePercent, queues, handSize]`. */
function queued([name, nominalConcurrencyShares, lendablePercent, queues, handSize]: readonly [
  string,
  number,
  number,
  number,
  number,
]) {
  return level(name, {
    type: "Limited",
    limited: {
      nominalConcurrencyShares,
      limitResponse: { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } },
      lendablePercent,
    },
  });
}

/** The levels that the server cannot do without, and those that it makes for a start. */
export const PRIORITY_LEVELS: Record<
  "mandatory" | "suggested",
  BootstrapObject<PriorityLevelConfiguration>[]
> = {
  mandatory: [
    level("catch-all", {
      type: "Limited",
      limited: { nominalConcurrencyShares: 5, limitResponse: { type: "Reject" }, lendablePercent: 0 },
    }),
    level("exempt", { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  ],
  suggested: (
    [
      ["system", 30, 33, 64, 6],
      ["node-high", 40, 25, 64, 6],
      ["leader-election", 10, 0, 16, 4],
      ["workload-high", 40, 50, 128, 6],
      ["workload-low", 100, 90, 128, 6],
      ["global-default", 20, 50, 128, 6],
    ] as const
  ).map(queued),
};

const group = (name: string): FlowcontrolV1Subject => ({ kind: "Group", group: { name } });
const user = (name: string): FlowcontrolV1Subject => ({ kind: "User", user: { name } });
const systemAccount = (name: string): FlowcontrolV1Subject => ({
  kind: "ServiceAccount",
  serviceAccount: { namespace: "kube-system", name },
});

type Rules = Omit<PolicyRulesWithSubjects, "subjects">;
type Verbs = readonly string[];
const ALL = ["*"];

const resources = (apiGroup: string, names: Verbs, verbs: Verbs = ALL, clusterScope = {}) => ({
  verbs: [...verbs],
  apiGroups: [apiGroup],
  resources: [...names],
  ...clusterScope,
  namespaces: ALL,
});
const IN_CLUSTER = { clusterScope: true };

const EVERYTHING: Rules = {
  resourceRules: [resources("*", ALL, ALL, IN_CLUSTER)],
  nonResourceRules: [{ verbs: ALL, nonResourceURLs: ALL }],
};
const ELECTION_VERBS = ["get", "create", "update"];
const LEASES = resources("coordination.k8s.io", ["leases"], ELECTION_VERBS);

const EVERYBODY = [group("system:unauthenticated"), group("system:authenticated")];
const NODES = [group("system:nodes")];
const CONTROLLER_MANAGER = user("system:kube-controller-manager");
const SCHEDULER = user("system:kube-scheduler");

function schema(
  [name, priorityLevel, matchingPrecedence, method]: readonly [string, string, number, string?],
  subjects: FlowcontrolV1Subject[],
  rules: Rules = EVERYTHING,
): BootstrapObject<FlowSchema> {
  return {
    apiVersion: API_VERSION,
    kind: "FlowSchema",
    metadata: metadata(name),
    spec: {
      priorityLevelConfiguration: { name: priorityLevel },
      matchingPrecedence,
      ...(method === undefined ? {} : { distinguisherMethod: { type: method } }),
      rules: [{ subjects, ...rules }],
    },
  };
}

const BY_USER = "ByUser";
const BY_NAMESPACE = "ByNamespace";

/** Which requests are of which level; the suggested in upstream's order. */
export const FLOW_SCHEMAS: Record<"mandatory" | "suggested", BootstrapObject<FlowSchema>[]> = {
  mandatory: [
    schema(["exempt", "exempt", 1], [group("system:masters")]),
    schema(["catch-all", "catch-all", 10_000, BY_USER], EVERYBODY),
  ],
  suggested: [
    schema(["system-nodes", "system", 500, BY_USER], NODES),
    schema(["system-node-high", "node-high", 400, BY_USER], NODES, {
      resourceRules: [
        resources("", ["nodes", "nodes/status"], ALL, IN_CLUSTER),
        resources("coordination.k8s.io", ["leases"]),
      ],
    }),
    schema(["probes", "exempt", 2], EVERYBODY, {
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
    }),
    schema(
      ["system-leader-election", "leader-election", 100, BY_USER],
      [CONTROLLER_MANAGER, SCHEDULER, systemAccount("*")],
      { resourceRules: [LEASES] },
    ),
    schema(["workload-leader-election", "leader-election", 200, BY_USER], [systemAccount("*")], {
      resourceRules: [resources("", ["endpoints", "configmaps"], ELECTION_VERBS), LEASES],
    }),
    schema(
      ["endpoint-controller", "workload-high", 150, BY_USER],
      [
        CONTROLLER_MANAGER,
        systemAccount("endpoint-controller"),
        systemAccount("endpointslicemirroring-controller"),
      ],
      { resourceRules: [resources("", ["endpoints"], ELECTION_VERBS)] },
    ),
    schema(["kube-controller-manager", "workload-high", 800, BY_NAMESPACE], [CONTROLLER_MANAGER]),
    schema(["kube-scheduler", "workload-high", 800, BY_NAMESPACE], [SCHEDULER]),
    schema(["kube-system-service-accounts", "workload-high", 900, BY_NAMESPACE], [systemAccount("*")]),
    schema(["service-accounts", "workload-low", 9000, BY_USER], [group("system:serviceaccounts")]),
    schema(["global-default", "global-default", 9900, BY_USER], EVERYBODY),
  ],
};

export const mandatoryFlowSchema = (name: string) =>
  FLOW_SCHEMAS.mandatory.find(({ metadata }) => metadata.name === name);

export const mandatoryPriorityLevel = (name: string) =>
  PRIORITY_LEVELS.mandatory.find(({ metadata }) => metadata.name === name);
