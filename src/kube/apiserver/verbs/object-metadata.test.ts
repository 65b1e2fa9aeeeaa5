import { type AnswerRow, describeAnswers } from "../testing/answer-table.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const MERGE = { "content-type": "application/merge-patch+json" };
const JSON_TYPE = { "content-type": "application/json" };
const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "1" };
const duplicates = (when = "") =>
  `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: 1`;

/** The same metadata in a create, a replacement and a patch: refused each time. */
const refused = (metadata: object, message: string, causes: string[]): AnswerRow[] => {
  const answer = { code: 422, reason: "Invalid", message: `ConfigMap "a" is invalid: ${message}` };
  return [
    { request: `POST ${CONFIG_MAPS}`, body: { metadata: { name: "a", ...metadata } }, ...answer, causes },
    {
      request: `PUT ${CONFIG_MAPS}/a`,
      body: { metadata: { name: "a", ...metadata } },
      ...answer,
    },
    { request: `PATCH ${CONFIG_MAPS}/a`, headers: MERGE, body: { metadata }, ...answer },
  ];
};

describeAnswers("metadata of all kinds", {
  stored: [
    [CONFIG_MAPS, { metadata: { name: "a" } }],
    [CONFIG_MAPS, { metadata: { name: "held", finalizers: ["a/b"] } }],
    [LEASES, { metadata: { name: "l" } }],
  ],
  rows: [
    ...refused(
      { finalizers: ["orphan", "foregroundDeletion"] },
      'metadata.finalizers: Invalid value: []string{"orphan", "foregroundDeletion"}: finalizer orphan and foregroundDeletion cannot be both set',
      [
        'metadata.finalizers: Invalid value: []string{"orphan", "foregroundDeletion"}: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    ),
    ...refused(
      { ownerReferences: [{ ...owner, apiVersion: "v1/x/y" }] },
      'metadata.ownerReferences.apiVersion: Invalid value: "v1/x/y": version must not be empty',
      ['metadata.ownerReferences.apiVersion: Invalid value: "v1/x/y": version must not be empty'],
    ),
    ...refused(
      { finalizers: ["mine"] },
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      [
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ),
    // The rules of all kinds, and then the kind's.
    {
      request: `PUT ${CONFIG_MAPS}/a`,
      body: { metadata: { name: "a", deletionTimestamp: "2020-01-01T00:00:00Z" } },
      code: 422,
      causes: [
        "metadata.deletionTimestamp: Invalid value: 2020-01-01 00:00:00 +0000 UTC: field is immutable",
        "metadata.deletionTimestamp: Invalid value: 2020-01-01 00:00:00 +0000 UTC: field is immutable",
      ],
    },
    {
      request: `PUT ${CONFIG_MAPS}/a`,
      body: { metadata: { name: "a", generateName: "not_a_name" } },
      code: 422,
      reason: "Invalid",
    },
    {
      request: `PUT ${CONFIG_MAPS}/a`,
      body: { metadata: { name: "a", generateName: "name-", generation: 7 } },
      code: 200,
      object: { metadata: { generateName: "name-" } },
    },
    {
      request: `POST ${CONFIG_MAPS}`,
      body: { metadata: { name: "b", ownerReferences: [owner, { ...owner, name: "q" }] } },
      code: 201,
      warnings: [duplicates()],
      object: { metadata: { ownerReferences: [owner] } },
    },
    {
      request: `PUT ${CONFIG_MAPS}/b`,
      body: { metadata: { name: "b", ownerReferences: [owner, owner] } },
      code: 200,
      warnings: [duplicates()],
    },
    {
      request: `PATCH ${CONFIG_MAPS}/b`,
      headers: MERGE,
      body: { metadata: { ownerReferences: [owner, owner] } },
      code: 200,
      warnings: [duplicates(" after mutating admission happens")],
    },
    {
      request: `PATCH ${LEASES}/l`,
      headers: MERGE,
      body: { metadata: { finalizers: ["mine"] } },
      code: 200,
    },
    { request: `DELETE ${CONFIG_MAPS}/held`, code: 200 },
    {
      request: `POST ${CONFIG_MAPS}`,
      body: { metadata: { name: "held" } },
      code: 409,
      reason: "AlreadyExists",
      message: 'object is being deleted: configmaps "held" already exists',
    },
    // Of a kind that counts no generations, the client's stays.
    {
      request: `POST ${CONFIG_MAPS}`,
      body: { metadata: { name: "seventh", generation: 7 } },
      code: 201,
      object: { metadata: { generation: 7 } },
    },
    {
      request: `POST ${CONFIG_MAPS}`,
      body: { metadata: { name: "before", generation: -1 } },
      code: 422,
      causes: ["metadata.generation: Invalid value: -1: must be greater than or equal to 0"],
    },
    {
      request: `POST ${CONFIG_MAPS}`,
      body: { metadata: { name: "versioned", resourceVersion: "5" } },
      code: 500,
      reason: undefined,
      message: "resourceVersion should not be set on objects to be created",
    },
    {
      request: `POST ${CONFIG_MAPS}`,
      body: { metadata: { name: "versioned", resourceVersion: "none" } },
      code: 201,
    },
    // JSON's null is nothing, and half a character is none.
    {
      request: `POST ${CONFIG_MAPS}`,
      headers: JSON_TYPE,
      body: "null",
      code: 422,
      causes: ["metadata.name: Required value: name or generateName is required"],
    },
    {
      request: `POST ${CONFIG_MAPS}`,
      headers: JSON_TYPE,
      body: '{"metadata":{"name":"c"},"data":{"k":"x\\ud800y"}}',
      code: 201,
      object: { data: { k: "x\ufffdy" } },
    },
  ],
});
