import { describe, expect, it } from "vitest";
import { toTable } from "../table.ts";
import {
  createdFrom,
  refusalsOnCreate,
  refusalsOnUpdate,
  rows,
  warningsOnCreate,
} from "../testing/refusals.ts";
import { jobs } from "./job.ts";

const UID = "11111111-2222-3333-4444-555555555555";
const base = {
  metadata: { name: "j", namespace: "n", uid: UID, creationTimestamp: "2024-05-01T11:00:00Z" },
  spec: { template: { spec: { containers: [{ name: "c", image: "i:1" }], restartPolicy: "Never" } } },
};
const indexed = (spec: object = {}) => ({
  ...base,
  spec: { ...base.spec, completionMode: "Indexed", completions: 4, ...spec },
});
const generated = {
  "job-name": "j",
  "batch.kubernetes.io/job-name": "j",
  "controller-uid": UID,
  "batch.kubernetes.io/controller-uid": UID,
};
const template = (spec: object) => ({ spec: { template: { spec } } });
const affinityTo = (zone: string) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: [zone] }] }],
    },
  },
});

describe("a new job", () => {
  it("has upstream's defaults", () => {
    expect(createdFrom(jobs, base, { status: { active: 3 } })).toMatchObject({
      spec: {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        completionMode: "NonIndexed",
        suspend: false,
        manualSelector: false,
        podReplacementPolicy: "TerminatingOrFailed",
      },
      status: {},
    });
    expect(createdFrom(jobs, base, { spec: { parallelism: 2 } }).spec.completions).toBeUndefined();
    const { spec } = createdFrom(jobs, indexed({ backoffLimitPerIndex: 1 }), {
      spec: { podFailurePolicy: { rules: [{ action: "Ignore", onPodConditions: [{ type: "T" }] }] } },
    });
    expect(spec).toMatchObject({ backoffLimit: 2147483647, podReplacementPolicy: "Failed" });
    expect(spec.podFailurePolicy.rules[0].onPodConditions).toEqual([{ type: "T", status: "True" }]);
  });

  it("selects its pods by its uid, and has its template's labels where it has none", () => {
    const job = createdFrom(jobs, base);
    expect(job.spec.selector).toEqual({ matchLabels: { "batch.kubernetes.io/controller-uid": UID } });
    expect(job.spec.template.metadata.labels).toEqual(generated);
    expect(job.metadata.labels).toEqual(generated);
    const labels = { a: "b" };
    const labelled = createdFrom(jobs, base, { spec: { template: { metadata: { labels } } } });
    expect(labelled.metadata.labels).toEqual({ a: "b", ...generated });
    const own = createdFrom(jobs, base, { metadata: { labels: { own: "1" } } });
    expect(own.metadata.labels).toEqual({ own: "1" });
  });

  it("has the selector that it says where it says that", () => {
    const labels = { a: "b" };
    const spec = {
      manualSelector: true,
      selector: { matchLabels: labels },
      template: { metadata: { labels } },
    };
    const job = createdFrom(jobs, base, { spec });
    expect(job.spec.selector).toEqual({ matchLabels: labels });
    expect(job.spec.template.metadata.labels).toEqual(labels);
  });
});

const NOT_INDEXED = "requires indexed completion mode";
const ofRules = (rule: object) => ({ spec: { podFailurePolicy: { rules: [rule] } } });
const RULE = "spec.podFailurePolicy.rules[0]";
const patterns = (status: string) => [{ type: "DisruptionTarget", status }];

describe("a new job is refused", () => {
  it.each(
    rows([
      [{}],
      [
        { spec: { parallelism: -1, backoffLimit: -1 } },
        "Invalid spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
        "Invalid spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
      ],
      [
        { spec: { completionMode: "Odd" } },
        'NotSupported spec.completionMode: Unsupported value: "Odd": supported values: "NonIndexed", "Indexed"',
      ],
      [
        { spec: { maxFailedIndexes: 1 } },
        "Required spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
        `Invalid spec.maxFailedIndexes: Invalid value: 1: ${NOT_INDEXED}`,
      ],
      [
        { spec: { managedBy: "me" } },
        'Invalid spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
      [
        { spec: { managedBy: `a.b/${"x".repeat(60)}` } },
        "TooLong spec.managedBy: Too long: may not be more than 63 bytes",
      ],
      [
        { spec: { successPolicy: { rules: [{ succeededCount: 1 }] } } },
        `Invalid spec.successPolicy: Invalid value: batch.SuccessPolicy{Rules:[]batch.SuccessPolicyRule{batch.SuccessPolicyRule{SucceededIndexes:(*string)(nil), SucceededCount:(*int32)(0xc000000000)}}}: ${NOT_INDEXED}`,
      ],
      [
        template({ restartPolicy: "Always" }),
        'Required spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
      ],
      [
        {
          spec: {
            ...template({ restartPolicy: "OnFailure" }).spec,
            ...ofRules({ action: "Count", onPodConditions: patterns("True") }).spec,
          },
        },
        'Invalid spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
      ],
      [
        {
          spec: {
            podReplacementPolicy: "TerminatingOrFailed",
            ...ofRules({ action: "Count", onPodConditions: patterns("True") }).spec,
          },
        },
        'NotSupported spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
      ],
      [
        ofRules({ action: "" }),
        `Required ${RULE}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`,
        `Invalid ${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
      ],
      [
        ofRules({
          action: "FailIndex",
          onPodConditions: patterns("Odd"),
          onExitCodes: { operator: "In", values: [1] },
        }),
        `Invalid ${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
        `NotSupported ${RULE}.onPodConditions[0].status: Unsupported value: "Odd": supported values: "False", "True", "Unknown"`,
        `Invalid ${RULE}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`,
      ],
      [
        ofRules({ action: "Ignore", onExitCodes: { operator: "In", containerName: "x", values: [5, 0, 5] } }),
        `Invalid ${RULE}.onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template`,
        `Invalid ${RULE}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
        `Duplicate ${RULE}.onExitCodes.values[2]: Duplicate value: 5`,
        `Invalid ${RULE}.onExitCodes.values: Invalid value: []int32{5, 0, 5}: must be ordered`,
      ],
      [
        { spec: { template: { metadata: { labels: { "job-name": "other" } } } } },
        `Invalid spec.template.metadata.labels[job-name]: Invalid value: map[string]string{"batch.kubernetes.io/controller-uid":"${UID}", "batch.kubernetes.io/job-name":"j", "controller-uid":"${UID}", "job-name":"other"}: must be 'j'`,
      ],
    ]),
  )("with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(jobs, base, change)).toEqual(errors);
  });

  const MANY = 100_001;
  it.each(
    rows([
      [{}],
      [
        { spec: { completions: null, parallelism: 1 } },
        "Required spec.completions: Required value: when completion mode is Indexed",
      ],
      [
        { spec: { successPolicy: { rules: [] } } },
        "Required spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified",
      ],
      [
        {
          spec: {
            successPolicy: {
              rules: [{}, { succeededIndexes: "0-9" }, { succeededIndexes: "0-1", succeededCount: 5 }],
            },
          },
        },
        "Required spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified",
        'Invalid spec.successPolicy.rules[1].succeededIndexes: Invalid value: "0-9": error parsing succeededIndexes: too large index: "9"',
        "Invalid spec.successPolicy.rules[2].succeededCount: Invalid value: 5: must be less than or equal to 4 (the number of specified completions)",
        "Invalid spec.successPolicy.rules[2].succeededCount: Invalid value: 5: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
      ],
      [
        { spec: { completions: MANY, parallelism: MANY, backoffLimitPerIndex: 1 } },
        `Invalid spec.parallelism: Invalid value: ${MANY}: must be less than or equal to 100000 when completion mode is Indexed`,
        "Required spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
        `Invalid spec.parallelism: Invalid value: ${MANY}: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index`,
      ],
      [
        { metadata: { name: "x".repeat(62) } },
        `Invalid metadata.name: Invalid value: "${"x".repeat(62)}": will not able to create pod with invalid DNS label: ${"x".repeat(62)}-3`,
      ],
      // Without completions there is nothing to hold the policy to.
      [
        { spec: { completions: null, parallelism: 1, successPolicy: { rules: [{ succeededCount: 1 }] } } },
        "Required spec.completions: Required value: when completion mode is Indexed",
      ],
    ]),
  )("indexed with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(jobs, indexed(), change)).toEqual(errors);
  });
});

describe("an update of a job is refused", () => {
  const fixed = (field: string, value: string) =>
    `Invalid spec.${field}: Invalid value: ${value}: field is immutable`;

  it.each(
    rows([
      [{ spec: { parallelism: 5, suspend: true, backoffLimit: 1, ttlSecondsAfterFinished: 5 } }],
      [{ spec: { completions: 2 } }, fixed("completions", "2")],
      [{ spec: { managedBy: "a.b/c" } }, fixed("managedBy", '"a.b/c"')],
      [{ spec: { completionMode: "Indexed" } }, fixed("completionMode", '"Indexed"')],
    ]),
  )("with $title", ({ change, errors }) => {
    expect(refusalsOnUpdate(jobs, base, change)).toEqual(errors);
  });

  it.each(
    rows([
      [{ spec: { completions: 2, parallelism: 2 } }],
      [
        { spec: { completions: 2, parallelism: 3 } },
        "Invalid spec.completions: Invalid value: 2: can only be modified in tandem with spec.parallelism",
      ],
    ]),
  )("indexed with $title", ({ change, errors }) => {
    expect(refusalsOnUpdate(jobs, indexed(), change)).toEqual(errors);
  });

  it("that drops the selector, with the template shown whole where that changes", () => {
    const errors = refusalsOnUpdate(jobs, base, { spec: { selector: null } });
    expect(errors).toContain('Invalid spec.selector: Invalid value: "null": field is immutable');
    const [other] = refusalsOnUpdate(jobs, base, template({ nodeSelector: { disk: "ssd" } }));
    expect(other).toMatch(
      /^Invalid spec\.template: Invalid value: core\.PodTemplateSpec\{ObjectMeta:v1\.ObjectMeta\{/,
    );
    expect(other).toContain('NodeSelector:map[string]string{"disk":"ssd"}, ');
  });

  it.each([
    {
      nodeSelector: { disk: "ssd" },
      tolerations: [{ operator: "Exists" }],
      schedulingGates: [{ name: "g" }],
    },
    { affinity: affinityTo("a") },
  ])("but not where a job that waits says other nodes: %j", (spec) => {
    const waiting = { ...base, spec: { ...base.spec, suspend: true } };
    expect(refusalsOnUpdate(jobs, waiting, template(spec))).toEqual([]);
    expect(refusalsOnUpdate(jobs, base, template(spec))).toHaveLength(1);
  });

  it("where a waiting job changes more of its affinity than that to nodes", () => {
    const waiting = (affinity: object) => ({
      ...base,
      spec: { ...base.spec, suspend: true, template: { spec: { ...base.spec.template.spec, affinity } } },
    });
    expect(refusalsOnUpdate(jobs, waiting(affinityTo("a")), template({ affinity: affinityTo("b") }))).toEqual(
      [],
    );
    expect(refusalsOnUpdate(jobs, waiting(affinityTo("a")), template({ affinity: null }))).toEqual([]);
    const podAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone", labelSelector: {} }],
    };
    expect(refusalsOnUpdate(jobs, waiting({ podAffinity }), template({ affinity: null }))).toHaveLength(1);
  });
});

describe("jobs", () => {
  it("warn of very many pods at once", () => {
    const spec = { completions: 100_001, parallelism: 10_001 };
    expect(warningsOnCreate(jobs, indexed(), { spec })).toEqual([
      "spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
    ]);
  });

  const START = "2024-05-01T11:00:05Z";
  const complete = { type: "Complete", status: "True" };
  it.each([
    [{}, {}, ["Running", "0/1", ""]],
    [
      {},
      { succeeded: 1, startTime: START, completionTime: "2024-05-01T11:00:35Z", conditions: [complete] },
      ["Complete", "1/1", "30s"],
    ],
    [{ parallelism: 3 }, { succeeded: 2, startTime: START }, ["Running", "2/1 of 3", "2m"]],
    [{ suspend: true }, { conditions: [{ type: "Suspended", status: "True" }] }, ["Suspended", "0/1", ""]],
    [
      {},
      {
        conditions: [
          { ...complete, status: "False" },
          { type: "FailureTarget", status: "True" },
        ],
      },
      ["FailureTarget", "0/1", ""],
    ],
  ])("of %j with the status %j show %j", (spec, status, expected) => {
    const job = { ...createdFrom(jobs, base, { spec }), status };
    const [row] = toTable(jobs, [job], { nowMs: Date.parse("2024-05-01T11:02:05Z") }).rows;
    expect(row!.cells).toEqual([
      "j",
      ...expected,
      "2m5s",
      "c",
      "i:1",
      `batch.kubernetes.io/controller-uid=${UID}`,
    ]);
  });
});
