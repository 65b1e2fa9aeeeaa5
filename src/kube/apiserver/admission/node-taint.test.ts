import { describeAnswers } from "../testing/answer-table.ts";

const NODES = "/api/v1/nodes";
const notReady = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
const other = { key: "a", effect: "NoSchedule" };
const node = (name: string, taints?: object[]) => ({ metadata: { name }, spec: { taints } });
const created = (body: ReturnType<typeof node>, taints: object[]) => ({
  request: `POST ${NODES}`,
  body,
  code: 201,
  object: { spec: { taints } },
});

describeAnswers("the taint of a new node", {
  rows: [
    created(node("a"), [notReady]),
    created(node("b", [other]), [other, notReady]),
    created(node("c", [notReady]), [notReady]),
    {
      request: `PUT ${NODES}/a`,
      body: node("a", [other]),
      code: 200,
      object: { spec: { taints: [other] } },
    },
  ],
});
