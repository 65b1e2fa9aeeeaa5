import { describeAnswers } from "../testing/answer-table.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const SCALE = `${DEPLOYMENTS}/d/scale`;
const MERGE = { "content-type": "application/merge-patch+json" };
const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };

describeAnswers("the scale of a workload", {
  stored: [
    [
      DEPLOYMENTS,
      { metadata: { name: "d" }, spec: { replicas: 2, selector: { matchLabels: { a: "b" } }, template } },
    ],
  ],
  rows: [
    {
      request: `GET ${SCALE}`,
      code: 200,
      object: { kind: "Scale", spec: { replicas: 2 }, status: { replicas: 0 } },
    },
    {
      request: `PUT ${SCALE}`,
      body: { metadata: { name: "d" }, spec: { replicas: -1 } },
      code: 422,
      message:
        'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    },
    {
      request: `PUT ${SCALE}`,
      body: { kind: "Deployment", apiVersion: "apps/v1", metadata: { name: "d" } },
      code: 400,
      message:
        'Deployment in version "v1" cannot be handled as a Scale: converting (v1.Deployment) to (autoscaling.Scale): unknown conversion',
    },
    {
      request: `PATCH ${SCALE}`,
      headers: MERGE,
      body: { metadata: { uid: "x" } },
      code: 409,
      object: { details: { kind: "deployments/scale", group: "apps" } },
    },
    {
      request: `PATCH ${SCALE}`,
      headers: MERGE,
      body: { spec: { replicas: 3 } },
      code: 200,
      object: { spec: { replicas: 3 } },
    },
    {
      request: `POST ${SCALE}`,
      body: {},
      code: 405,
      message: "the server does not allow this method on the requested resource",
    },
    { request: `PUT ${SCALE}`, body: { metadata: { name: "d" } }, code: 200, object: { spec: {} } },
    { request: `GET ${DEPLOYMENTS}/d`, code: 200, object: { spec: { replicas: 0 } } },
  ],
});
