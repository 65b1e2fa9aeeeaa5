import { type AnswerRow, describeAnswers } from "../testing/answer-table.ts";

const NAMESPACE = "/api/v1/namespaces/default";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const MERGE = { "content-type": "application/merge-patch+json" };
const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };

const refused = (request: string, body: unknown, message: string, headers = {}): AnswerRow => ({
  request,
  headers,
  body,
  code: 400,
  reason: "BadRequest",
  message,
});
const nameless = (name: string) =>
  `the name of the object (${name} based on URL) was undeterminable: name must be provided`;
const otherNamespace =
  "the namespace of the provided object does not match the namespace sent on the request";

describeAnswers("what is sent to change an object says which one it is", {
  stored: [
    [`${NAMESPACE}/configmaps`, { metadata: { name: "a" }, data: { k: "v" } }],
    [`${NAMESPACE}/pods`, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } }],
    [
      DEPLOYMENTS,
      { metadata: { name: "d" }, spec: { replicas: 2, selector: { matchLabels: { a: "b" } }, template } },
    ],
    [LEASES, { metadata: { name: "l" }, spec: { holderIdentity: "one" } }],
  ],
  rows: [
    refused(`PUT ${NAMESPACE}/configmaps/a`, {}, nameless("a")),
    refused(`PUT ${NAMESPACE}/configmaps/absent`, {}, nameless("absent")),
    refused(
      `PUT ${NAMESPACE}/configmaps/a`,
      { metadata: { name: "b" } },
      "the name of the object (b) does not match the name on the URL (a)",
    ),
    refused(`PUT ${NAMESPACE}/configmaps/a`, { metadata: { name: "a", namespace: "x" } }, otherNamespace),
    refused(`PATCH ${NAMESPACE}/configmaps/a`, { metadata: { name: null } }, nameless("a"), MERGE),
    refused(`PATCH ${NAMESPACE}/configmaps/a`, { metadata: { namespace: "x" } }, otherNamespace, MERGE),
    refused(`PUT ${NAMESPACE}/pods/p/status`, { status: {} }, nameless("p")),
    refused("PUT /api/v1/namespaces/default/finalize", {}, nameless("default")),
    refused(`PUT ${DEPLOYMENTS}/d/scale`, { spec: { replicas: 0 } }, nameless("d")),
    refused(
      `PUT ${DEPLOYMENTS}/d/scale`,
      { metadata: { name: "e" }, spec: { replicas: 0 } },
      "the name of the object (e) does not match the name on the URL (d)",
    ),
    refused(`PATCH ${DEPLOYMENTS}/d/scale`, { metadata: { namespace: "x" } }, otherNamespace, MERGE),
    refused(
      `POST ${NAMESPACE}/pods/p/binding`,
      { metadata: { name: "q" }, target: { name: "n" } },
      "name in URL does not match name in Binding object",
    ),
    refused(
      `POST ${NAMESPACE}/pods/p/binding`,
      { target: { name: "n" } },
      "name in URL does not match name in Binding object",
    ),
    refused(
      `POST ${NAMESPACE}/pods/p/eviction`,
      { metadata: { name: "q" } },
      "name in URL does not match name in Eviction object",
    ),
    refused(`POST ${NAMESPACE}/pods/p/eviction`, {}, "name in URL does not match name in Eviction object"),
    { request: `GET ${NAMESPACE}/configmaps/a`, code: 200, object: { data: { k: "v" } } },
    { request: `GET ${DEPLOYMENTS}/d`, code: 200, object: { spec: { replicas: 2 } } },
    // Whoever holds a lease must not lose it to somebody who has not seen that.
    {
      request: `PUT ${LEASES}/l`,
      body: { metadata: { name: "l" }, spec: { holderIdentity: "two" } },
      code: 422,
      reason: "Invalid",
      message:
        'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    },
    {
      request: `PUT ${NAMESPACE}/configmaps/a`,
      body: { metadata: { name: "a", resourceVersion: "abc" } },
      code: 500,
      reason: undefined,
      message: 'strconv.ParseUint: parsing "abc": invalid syntax',
    },
    {
      request: `PUT ${NAMESPACE}/configmaps/absent`,
      body: { metadata: { name: "absent", uid: "x" } },
      code: 409,
      message:
        'Operation cannot be fulfilled on configmaps "absent": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/absent, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: ',
    },
    {
      request: `PATCH ${NAMESPACE}/pods/p`,
      headers: MERGE,
      body: { metadata: { uid: "x" } },
      code: 422,
      message: 'Pod "p" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    },
    {
      request: `PATCH ${NAMESPACE}/configmaps/a`,
      headers: MERGE,
      body: { metadata: { deletionGracePeriodSeconds: 5 } },
      code: 422,
      message:
        'ConfigMap "a" is invalid: metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable',
    },
  ],
});
