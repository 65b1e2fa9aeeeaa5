import type { KindRefusals } from "../refusals.table.ts";

const RESERVED = "priority class names with 'system-' prefix are reserved for system use only. error:";

export const SCHEDULING_REFUSALS: Record<string, KindRefusals> = {
  "scheduling.k8s.io/v1 PriorityClass": {
    base: { metadata: { name: "x" }, value: 5 },
    create: [
      [{ value: 1_000_000_000 }],
      [
        { value: 1_000_000_001 },
        "Forbidden value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
      ],
      [
        { metadata: { name: "system-x" } },
        `Forbidden metadata.name: Forbidden: ${RESERVED} system-x is not a known system priority class`,
      ],
      [
        { metadata: { name: "system-node-critical" } },
        `Forbidden metadata.name: Forbidden: ${RESERVED} value of system-node-critical PriorityClass must be 2000001000`,
      ],
      [{ metadata: { name: "system-node-critical" }, value: 2_000_001_000 }],
      [
        { metadata: { name: "system-cluster-critical" }, value: 2_000_000_000, globalDefault: true },
        `Forbidden metadata.name: Forbidden: ${RESERVED} globalDefault of system-cluster-critical PriorityClass must be false`,
      ],
      [{ preemptionPolicy: "" }, "Required preemptionPolicy: Required value"],
      [
        { preemptionPolicy: "Odd" },
        'NotSupported preemptionPolicy: Unsupported value: "Odd": supported values: "PreemptLowerPriority", "Never"',
      ],
    ],
    update: [
      [{ globalDefault: true, description: "d" }],
      [
        { value: 2_000_000_000, preemptionPolicy: "Never" },
        "Forbidden value: Forbidden: may not be changed in an update.",
        'Invalid preemptionPolicy: Invalid value: "Never": field is immutable',
      ],
    ],
  },
};
