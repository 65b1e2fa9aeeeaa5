import { describeAnswers } from "../testing/answer-table.ts";

const SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
const STRATEGIC = { "content-type": "application/strategic-merge-patch+json" };
const slice = {
  metadata: { name: "s" },
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.1.2.3"] }],
  ports: [],
};
const patch = (body: object, generation: number) => ({
  request: `PATCH ${SLICES}/s`,
  headers: STRATEGIC,
  body,
  code: 200,
  object: { metadata: { generation } },
});

describeAnswers("the generation of a kind without a spec", {
  rows: [
    { request: `POST ${SLICES}`, body: slice, code: 201, object: { metadata: { generation: 1 } } },
    patch({ metadata: { annotations: { a: "b" } } }, 1),
    // Of the metadata, labels count here.
    patch({ metadata: { labels: { a: "b" } } }, 2),
    patch({ endpoints: [{ addresses: ["10.1.2.4"] }] }, 3),
    patch({ endpoints: [{ addresses: ["10.1.2.4"] }] }, 3),
    patch({ metadata: { generation: 9 } }, 3),
    patch({ ports: [{ port: 80 }] }, 4),
  ],
});
