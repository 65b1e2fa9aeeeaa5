import { describeAnswers } from "../testing/answer-table.ts";

const PATH = "/api/v1/componentstatuses";
const warnings = ["v1 ComponentStatus is deprecated in v1.19+"];
const AS_TABLE = { Accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
const healthy = (name: string) => ({
  metadata: { name, creationTimestamp: null },
  conditions: [{ type: "Healthy", status: "True", message: "ok" }],
});
const SCHEDULER = {
  metadata: { name: "scheduler", creationTimestamp: null },
  conditions: [{ type: "Healthy", status: "False", message: "not yet" }],
};

describeAnswers("the state of the components", {
  components: [
    {
      name: "scheduler",
      check: () => {
        throw new Error("not yet");
      },
    },
  ],
  rows: [
    {
      request: `GET ${PATH}`,
      code: 200,
      warnings,
      object: { kind: "ComponentStatusList", metadata: {}, items: [SCHEDULER, healthy("etcd-0")] },
    },
    {
      request: `GET ${PATH}/etcd-0`,
      code: 200,
      warnings,
      object: { kind: "ComponentStatus", apiVersion: "v1", ...healthy("etcd-0") },
    },
    {
      request: `GET ${PATH}?fieldSelector=metadata.name=scheduler`,
      code: 200,
      object: { items: [SCHEDULER] },
    },
    { request: `GET ${PATH}?labelSelector=a=b`, code: 200, object: { items: [] } },
    {
      request: `GET ${PATH}`,
      headers: AS_TABLE,
      code: 200,
      object: {
        rows: [
          { cells: ["scheduler", "Unhealthy", "not yet", ""] },
          { cells: ["etcd-0", "Healthy", "ok", ""] },
        ],
      },
    },
    {
      request: `GET ${PATH}/absent`,
      code: 404,
      reason: "NotFound",
      message: 'componentstatus "absent" not found',
    },
    { request: `DELETE ${PATH}/etcd-0`, code: 405, reason: "MethodNotAllowed" },
    { request: `GET ${PATH}?watch=1`, code: 405, reason: "MethodNotAllowed" },
  ],
});
