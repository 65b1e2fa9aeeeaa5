import { describeAnswers } from "../testing/answer-table.ts";

const PODS = "/api/v1/namespaces/default/pods";
const one = { name: "c", image: "i" };

describeAnswers("what is asked of a pod's parts", {
  stored: [
    [
      PODS,
      {
        metadata: { name: "p" },
        spec: { initContainers: [{ name: "i", image: "i" }], containers: [one, { name: "d", image: "i" }] },
      },
    ],
    [
      PODS,
      { metadata: { name: "one" }, spec: { initContainers: [{ name: "i", image: "i" }], containers: [one] } },
    ],
  ],
  rows: [
    {
      request: `GET ${PODS}/p/log`,
      code: 400,
      message: "a container name must be specified for pod p, choose one of: [i c d]",
    },
    // The only one that runs on, whatever ran before it.
    { request: `GET ${PODS}/one/log`, code: 204 },
    {
      request: `GET ${PODS}/absent/log?tailLines=-1`,
      code: 422,
      message:
        'PodLogOptions "absent" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    },
    {
      request: `GET ${PODS}/p/log?container=c&stream=Stdout`,
      code: 422,
      message: 'PodLogOptions "p" is invalid: stream: Forbidden: may not be specified',
    },
    { request: `GET ${PODS}/p/proxy/`, code: 400, message: "address not allowed" },
    { request: `OPTIONS ${PODS}/p/proxy/`, code: 400, message: "address not allowed" },
    { request: `OPTIONS ${PODS}/p`, code: 405 },
    {
      request: `PATCH ${PODS}/p/proxy/?limit=x&dryRun=y`,
      body: {},
      code: 400,
      message: "address not allowed",
    },
    {
      request: "POST /api/v1/namespaces/default/bindings",
      body: {},
      code: 500,
      reason: undefined,
      message: "target.name: Required value",
    },
    {
      request: `POST ${PODS}/p/binding`,
      body: { metadata: { name: "p" }, target: { kind: "Pod" } },
      code: 500,
      message:
        '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]',
    },
    { request: "GET /api/v1/bindings", code: 404 },
    // The older version of an eviction is one too.
    {
      request: `POST ${PODS}/p/eviction?dryRun=All`,
      body: { apiVersion: "policy/v1beta1", kind: "Eviction", metadata: { name: "p" } },
      code: 201,
    },
  ],
});
