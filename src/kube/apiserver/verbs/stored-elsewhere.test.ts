import { describeAnswers } from "../testing/answer-table.ts";

const EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events";

describeAnswers("refusals of a kind that is kept as another", {
  rows: [
    {
      request: `GET ${EVENTS}/a`,
      code: 404,
      message: 'events "a" not found',
      object: { details: { name: "a", kind: "events" } },
    },
    {
      request: `POST ${EVENTS}`,
      body: { metadata: { name: "a" }, eventTime: "2024-01-01T00:00:00.000000Z", type: "x" },
      code: 422,
      message:
        "Event \"a\" is invalid: [reportingController: Required value, reportingController: Invalid value: \"\": name part must be non-empty, reportingController: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), reportingInstance: Required value, action: Required value, reason: Required value, type: Invalid value: \"\": has invalid value: x]",
    },
  ],
});
