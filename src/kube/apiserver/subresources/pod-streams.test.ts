import { type AnswerRow, describeAnswers } from "../testing/answer-table.ts";

const PODS = "/api/v1/namespaces/default/pods";
const container = { name: "c", image: "i" };
const pod = (name: string, more: object = {}) => ({
  metadata: { name },
  spec: { containers: [container], automountServiceAccountToken: false, ...more },
});
const refused = (path: string, message: string, code = 400): AnswerRow => ({
  request: `POST ${PODS}/${path}`,
  code,
  message,
});
const STREAMS = "you must specify at least 1 of stdin, stdout, stderr";

describeAnswers("streams of a pod", {
  stored: [
    [
      PODS,
      pod("two", {
        initContainers: [{ ...container, name: "i" }],
        containers: [container, { ...container, name: "d" }],
      }),
    ],
    [PODS, pod("waits")],
    [PODS, pod("placed", { nodeName: "n" })],
  ],
  rows: [
    refused("none/exec", 'pods "none" not found', 404),
    refused("two/exec", "a container name must be specified for pod two, choose one of: [i c d]"),
    refused("two/attach?container=x", "container x is not valid for pod two"),
    refused("waits/exec?command=x", "pod waits does not have a host assigned"),
    refused("waits/attach", "pod waits does not have a host assigned"),
    refused(
      "none/portforward?ports=80,x",
      'cannot convert to []int32: strconv.ParseUint: parsing "x": invalid syntax',
    ),
    refused(
      "none/portforward?ports=70000",
      'cannot convert to []int32: strconv.ParseUint: parsing "70000": value out of range',
    ),
    refused("waits/portforward?ports=80", "pod waits does not have a host assigned"),
    refused("placed/exec?command=x", STREAMS),
    refused("placed/attach", STREAMS),
  ],
});
