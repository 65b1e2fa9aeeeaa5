import type { KindRefusals } from "../refusals.table.ts";

const toleration = { key: "k", operator: "Exists", effect: "NoExecute" };

export const NODE_REFUSALS: Record<string, KindRefusals> = {
  "node.k8s.io/v1 RuntimeClass": {
    base: { metadata: { name: "x" }, handler: "h" },
    create: [
      [{ handler: "a.b" }, 'Invalid handler: Invalid value: "a.b": must not contain dots'],
      [
        { overhead: { podFixed: { cpu: "-1" } } },
        'Invalid overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      ],
      [
        { scheduling: { tolerations: [{ key: "k", operator: "Odd" }] } },
        'NotSupported scheduling.tolerations.tolerations[0].operator: Unsupported value: "Odd": supported values: "Equal", "Exists"',
      ],
      [
        { scheduling: { tolerations: [toleration, { ...toleration, tolerationSeconds: 1 }] } },
        'Duplicate scheduling.tolerations[1]: Duplicate value: core.Toleration{Key:"k", Operator:"Exists", Value:"", Effect:"NoExecute", TolerationSeconds:(*int64)(0xc000000000)}',
      ],
    ],
    update: [[{ handler: "g" }, 'Invalid handler: Invalid value: "g": field is immutable']],
  },
};
