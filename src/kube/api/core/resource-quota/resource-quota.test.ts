import { describe, expect, it } from "vitest";
import type { ResourceQuota } from "../../generated/types.ts";
import { describeRefusals, type KindRefusals } from "../../testing/describe-refusals.ts";
import { resourceQuotas } from "../resource-quota.ts";

const SCOPES = "core.ResourceQuotaScope";
const EXISTS =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
const selecting = (...matchExpressions: object[]) => ({ spec: { scopeSelector: { matchExpressions } } });

const REFUSALS: KindRefusals = {
  base: { metadata: { name: "q", namespace: "n" }, spec: { hard: { pods: "10" } } },
  create: [
    [
      {
        spec: { hard: { "count/jobs.batch": "5", "requests.storage": "1Gi", "requests.hugepages-2Mi": "1" } },
      },
    ],
    [
      { spec: { hard: { storage: "1", odd: "1", cpu: "-1" } } },
      "Invalid spec.hard[storage]: Invalid value: storage: must be a standard resource for quota",
      "Invalid spec.hard[odd]: Invalid value: odd: must be a standard resource type or fully qualified",
      "Invalid spec.hard[odd]: Invalid value: odd: must be a standard resource for quota",
      'Invalid spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      { spec: { scopes: ["Odd", "BestEffort", "NotBestEffort"], hard: { cpu: "1" } } },
      `Invalid spec.scopes: Invalid value: []${SCOPES}{"Odd", "BestEffort", "NotBestEffort"}: unsupported scope`,
      `Invalid spec.scopes: Invalid value: []${SCOPES}{"Odd", "BestEffort", "NotBestEffort"}: unsupported scope applied to resource`,
      `Invalid spec.scopes: Invalid value: []${SCOPES}{"Odd", "BestEffort", "NotBestEffort"}: conflicting scopes`,
    ],
    [selecting({ scopeName: "PriorityClass", operator: "In", values: ["high"] })],
    [
      selecting(
        { scopeName: "Odd", operator: "In" },
        { scopeName: "Terminating", operator: "DoesNotExist", values: ["a"] },
        { scopeName: "PriorityClass", operator: "Odd" },
      ),
      'Invalid spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Odd": unsupported scope',
      "Required spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      `Invalid spec.scopeSelector.matchExpressions.operator: Invalid value: "DoesNotExist": ${EXISTS}`,
      "Invalid spec.scopeSelector.matchExpressions.values: Invalid value: []string{\"a\"}: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      'Invalid spec.scopeSelector.matchExpressions.operator: Invalid value: "Odd": not a valid selector operator',
    ],
    [
      selecting({ scopeName: "VolumeAttributesClass", operator: "Exists" }),
      'Invalid spec.scopeSelector.matchExpressions: Invalid value: core.ScopeSelector{MatchExpressions:[]core.ScopedResourceSelectorRequirement{core.ScopedResourceSelectorRequirement{ScopeName:"VolumeAttributesClass", Operator:"Exists", Values:[]string(nil)}}}: unsupported scope applied to resource',
    ],
  ],
  update: [
    [{ spec: { hard: { pods: "5", cpu: "1" } } }],
    [
      { spec: { scopes: ["BestEffort"] } },
      `Invalid spec.scopes: Invalid value: []${SCOPES}{"BestEffort"}: field is immutable`,
    ],
  ],
  status: [
    [{ status: { hard: { pods: "1" }, used: { pods: "1" } } }],
    [
      { status: { used: { odd: "1" } } },
      "Invalid status.used[odd]: Invalid value: odd: must be a standard resource type or fully qualified",
      "Invalid status.used[odd]: Invalid value: odd: must be a standard resource for quota",
    ],
  ],
};

describeRefusals(resourceQuotas, REFUSALS);

describe("the columns of a quota", () => {
  it("tell what is used of what there is, limits by themselves", () => {
    const quota = {
      status: { hard: { pods: "10", "limits.cpu": "4", cpu: "2" }, used: { pods: "3", "limits.cpu": "1" } },
    } as unknown as ResourceQuota;
    const cells = ["Request", "Limit"].map((name) =>
      resourceQuotas.columns.find((column) => column.name === name)!.cell(quota, { nowMs: 0 }),
    );
    expect(cells).toEqual(["cpu: 0/2, pods: 3/10", "limits.cpu: 1/4"]);
  });
});
