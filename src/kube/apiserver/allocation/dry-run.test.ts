import { describeAnswers } from "../testing/answer-table.ts";

const SERVICES = "/api/v1/namespaces/default/services";
const service = (name: string, spec: object) => ({
  metadata: { name },
  spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30_123 }], ...spec },
});

describeAnswers("addresses and ports of a service that is only tried", {
  stored: [[SERVICES, service("a", { clusterIP: "10.96.5.5" })]],
  rows: [
    {
      request: `POST ${SERVICES}?dryRun=All`,
      body: service("b", { clusterIP: "10.96.5.5", ports: [{ port: 80, nodePort: 80 }] }),
      code: 201,
      object: { spec: { clusterIP: "10.96.5.5", ports: [{ nodePort: 80 }] } },
    },
    {
      request: `POST ${SERVICES}?dryRun=All`,
      body: service("b", {}),
      code: 422,
      causes: ["spec.ports[0].nodePort: Invalid value: 30123: provided port is already allocated"],
    },
    {
      request: `POST ${SERVICES}?dryRun=All`,
      body: service("b", { clusterIP: "192.0.2.1", ports: [{ port: 80 }] }),
      code: 422,
      causes: [
        'spec.clusterIPs: Invalid value: []string{"192.0.2.1"}: failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
      ],
    },
  ],
});
