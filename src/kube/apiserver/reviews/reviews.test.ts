import { describeAnswers } from "../testing/answer-table.ts";

const REVIEWS = "/apis/authorization.k8s.io/v1";
const LOCAL = `${REVIEWS}/namespaces/default/localsubjectaccessreviews`;
const TOKEN = "/api/v1/namespaces/default/serviceaccounts/default/token";
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
const neither =
  'spec.resourceAttributes: Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified';
const nobody = 'spec.user: Invalid value: "": at least one of user or group must be specified';

describeAnswers("reviews and token requests", {
  rows: [
    {
      request: `POST ${REVIEWS}/selfsubjectaccessreviews`,
      body: {},
      code: 422,
      message: `.authorization.k8s.io "" is invalid: ${neither}`,
      causes: [neither],
    },
    {
      request: `POST ${REVIEWS}/selfsubjectaccessreviews`,
      body: { spec: { resourceAttributes: {}, nonResourceAttributes: { path: "/" } } },
      code: 422,
      causes: [
        'spec.nonResourceAttributes: Invalid value: authorization.NonResourceAttributes{Path:"/", Verb:""}: cannot be specified in combination with resourceAttributes',
      ],
    },
    {
      request: `POST ${REVIEWS}/subjectaccessreviews`,
      body: { spec: {} },
      code: 422,
      causes: [neither, nobody],
    },
    {
      request: `POST ${LOCAL}`,
      body: { spec: { user: "u", resourceAttributes: { namespace: "other", verb: "get" } } },
      code: 422,
      message:
        'LocalSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
    },
    {
      request: `POST ${LOCAL}`,
      body: { spec: { user: "u", nonResourceAttributes: { path: "/" } } },
      code: 422,
      causes: [
        'spec.nonResourceAttributes: Invalid value: authorization.NonResourceAttributes{Path:"/", Verb:""}: disallowed on this kind of request',
      ],
    },
    // They have no columns.
    {
      request: `POST ${REVIEWS}/selfsubjectaccessreviews`,
      headers: TABLE,
      body: { spec: { nonResourceAttributes: { path: "/", verb: "get" } } },
      code: 406,
      reason: "NotAcceptable",
      message:
        "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    },
    {
      request: `POST ${REVIEWS}/selfsubjectaccessreviews`,
      headers: { accept: `${TABLE.accept},application/json` },
      body: { spec: { nonResourceAttributes: { path: "/", verb: "get" } } },
      code: 201,
      object: { status: { allowed: true } },
    },
    { request: `PUT ${REVIEWS}/selfsubjectaccessreviews`, body: {}, code: 405 },
    {
      request: `POST ${TOKEN}`,
      body: { metadata: { name: "other" } },
      code: 422,
      message:
        'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
    },
    {
      request: `POST ${TOKEN}`,
      body: { spec: { expirationSeconds: 599 } },
      code: 422,
      message:
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    },
  ],
});
