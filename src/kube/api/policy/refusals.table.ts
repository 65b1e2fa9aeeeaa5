import type { KindRefusals } from "../refusals.table.ts";

const condition = {
  type: "Ready",
  status: "True",
  lastTransitionTime: "2024-01-01T00:00:00Z",
  reason: "Because",
  message: "m",
};
const status = (more: object) => ({ status: { ...more } });

export const POLICY_REFUSALS: Record<string, KindRefusals> = {
  "policy/v1 PodDisruptionBudget": {
    base: { metadata: { name: "x", namespace: "n" }, spec: { minAvailable: 1 } },
    create: [
      [{ spec: { minAvailable: null } }],
      [{ spec: { minAvailable: "100%" } }],
      [
        { spec: { minAvailable: "101%" } },
        'Invalid spec.minAvailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"101%"}: must not be greater than 100%',
      ],
      [
        { spec: { minAvailable: null, maxUnavailable: -1, unhealthyPodEvictionPolicy: "Odd" } },
        "Invalid spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0",
        'NotSupported spec.unhealthyPodEvictionPolicy: Unsupported value: "Odd": supported values: "AlwaysAllow", "IfHealthyBudget"',
      ],
      [
        { spec: { maxUnavailable: 1 } },
        "Invalid spec: Invalid value: policy.PodDisruptionBudgetSpec{MinAvailable:(*intstr.IntOrString)(0xc000000000), Selector:(*v1.LabelSelector)(nil), MaxUnavailable:(*intstr.IntOrString)(0xc000000000), UnhealthyPodEvictionPolicy:(*policy.UnhealthyPodEvictionPolicyType)(nil)}: minAvailable and maxUnavailable cannot be both set",
      ],
    ],
    status: [
      [status({ conditions: [condition] })],
      [
        status({ currentHealthy: -1, conditions: [condition, { ...condition, status: "Odd", reason: "" }] }),
        'Duplicate status.conditions[1].type: Duplicate value: "Ready"',
        'NotSupported status.conditions[1].status: Unsupported value: "Odd": supported values: "False", "True", "Unknown"',
        "Required status.conditions[1].reason: Required value: must be set",
        "Invalid status.currentHealthy: Invalid value: -1: must be greater than or equal to 0",
      ],
      [
        status({
          conditions: [{ ...condition, reason: "1", lastTransitionTime: null, observedGeneration: -1 }],
        }),
        "Invalid status.conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero",
        "Required status.conditions[0].lastTransitionTime: Required value: must be set",
        "Invalid status.conditions[0].reason: Invalid value: \"1\": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')",
      ],
    ],
  },
};
