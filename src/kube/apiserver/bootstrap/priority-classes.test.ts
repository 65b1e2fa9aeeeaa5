import { describeAnswers } from "../testing/answer-table.ts";

const CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses";

describeAnswers("the priority classes of the system", {
  rows: [
    {
      request: `GET ${CLASSES}/system-cluster-critical`,
      code: 200,
      object: { metadata: { generation: 1 }, value: 2_000_000_000, preemptionPolicy: "PreemptLowerPriority" },
    },
    {
      request: `DELETE ${CLASSES}/system-node-critical`,
      code: 403,
      message:
        'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
    },
    {
      request: `POST ${CLASSES}`,
      body: { metadata: { name: "system-other" }, value: 1 },
      code: 422,
      causes: [
        "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-other is not a known system priority class",
      ],
    },
    { request: `DELETE ${CLASSES}/other`, code: 404 },
  ],
});
