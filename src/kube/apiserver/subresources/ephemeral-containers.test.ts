import { describeAnswers } from "../testing/answer-table.ts";

const PODS = "/api/v1/namespaces/default/pods";
const POD = "spec.ephemeralContainers";
const pod = (name: string, annotations: Record<string, string> = {}) => ({
  metadata: { name, annotations },
  spec: { containers: [{ name: "c", image: "i" }], nodeName: "n", automountServiceAccountToken: false },
});
const put = (name: string, ephemeralContainers: object[]) => ({
  request: `PUT ${PODS}/${name}/ephemeralcontainers`,
  body: { ...pod(name), spec: { ...pod(name).spec, ephemeralContainers } },
});

describeAnswers("ephemeral containers", {
  stored: [
    [PODS, pod("a")],
    [PODS, pod("static", { "kubernetes.io/config.mirror": "x" })],
  ],
  rows: [
    {
      ...put("a", [{ name: "C", image: "i", ports: [{ containerPort: 1 }] }]),
      code: 422,
      causes: [
        `${POD}[0].name: Invalid value: "C": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
        `${POD}[0].ports: Forbidden: cannot be set for an Ephemeral Container`,
      ],
    },
    { ...put("a", [{ name: "d", image: "i" }]), code: 200, object: { metadata: { generation: 2 } } },
    {
      ...put("a", [{ name: "e", image: "i", targetContainerName: "x" }]),
      code: 422,
      causes: [
        `${POD}[0].targetContainerName: Not found: "x"`,
        `${POD}: Forbidden: existing ephemeral containers "d" may not be removed\n`,
      ],
    },
    {
      ...put("static", [{ name: "e", image: "i" }]),
      code: 422,
      message: 'Pod "static" is invalid: : Forbidden: static pods do not support ephemeral containers',
    },
  ],
});
