import { expect } from "vitest";
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
    {
      request: `POST ${REVIEWS}/subjectaccessreviews`,
      body: { metadata: { name: "n", labels: { a: "b" } }, spec: { user: "u", resourceAttributes: {} } },
      code: 422,
      causes: [
        'metadata: Invalid value: v1.ObjectMeta{Name:"n", GenerateName:"", Namespace:"", SelfLink:"", UID:"", ResourceVersion:"", Generation:0, CreationTimestamp:time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC), DeletionTimestamp:<nil>, DeletionGracePeriodSeconds:(*int64)(nil), Labels:map[string]string{"a":"b"}, Annotations:map[string]string(nil), OwnerReferences:[]v1.OwnerReference(nil), Finalizers:[]string(nil), ManagedFields:[]v1.ManagedFieldsEntry(nil)}: must be empty',
      ],
    },
    {
      request: `POST ${REVIEWS}/selfsubjectaccessreviews`,
      body: {
        spec: {
          resourceAttributes: {
            fieldSelector: { rawSelector: "a=b", requirements: [{ operator: "In" }] },
            labelSelector: { requirements: [] },
          },
        },
      },
      code: 422,
      causes: [
        'spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements',
        "spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified",
        "spec.resourceAttributes.fieldSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        "spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required",
      ],
    },
    {
      request: `POST ${REVIEWS}/selfsubjectaccessreviews`,
      body: {
        spec: {
          resourceAttributes: {
            fieldSelector: { rawSelector: "x" },
            labelSelector: {
              requirements: [
                { key: "a", operator: "Newer" },
                { key: "b", operator: "Exists" },
              ],
            },
          },
        },
      },
      code: 201,
      object: {
        status: {
          evaluationError:
            "spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector partially ignored due to parse error",
        },
      },
    },
    {
      request: "POST /apis/authentication.k8s.io/v1/tokenreviews",
      body: { spec: { token: "bad" } },
      code: 201,
      object: { status: expect.not.objectContaining({ authenticated: expect.anything() }) },
    },
    { request: `POST ${TOKEN}`, body: {}, code: 201, object: { spec: { boundObjectRef: null } } },
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
