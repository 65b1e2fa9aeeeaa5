import { expect } from "vitest";
import { type AnswerRow, describeAnswers } from "../testing/answer-table.ts";

const PODS = "/api/v1/namespaces/default/pods";
const pod = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: "c", image: "i" }] } });
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const MERGE = { "content-type": "application/merge-patch+json" };
const a = { metadata: { name: "a" }, data: { k: "v" } };

const invalid = (
  request: string,
  kind: string,
  causes: string[],
  more: Partial<AnswerRow> = {},
): AnswerRow => ({
  request,
  code: 422,
  reason: "Invalid",
  message: `${kind}.meta.k8s.io "" is invalid: ${causes.length === 1 ? causes[0] : `[${causes.join(", ")}]`}`,
  causes,
  ...more,
});
const DRY_RUN = 'dryRun: Unsupported value: []string{"x"}: supported values: "All"';
const match = "resourceVersionMatch";

describeAnswers("options of writes are validated", {
  stored: [[CONFIG_MAPS, a]],
  rows: [
    invalid(`POST ${CONFIG_MAPS}?dryRun=x`, "CreateOptions", [DRY_RUN], {
      body: { metadata: { name: "b" } },
    }),
    invalid(`PUT ${CONFIG_MAPS}/a?dryRun=x`, "UpdateOptions", [DRY_RUN], {
      body: { metadata: { name: "a" } },
    }),
    invalid(`PATCH ${CONFIG_MAPS}/a?dryRun=x`, "PatchOptions", [DRY_RUN], { headers: MERGE, body: {} }),
    invalid(
      `PATCH ${CONFIG_MAPS}/a?force=true`,
      "PatchOptions",
      ["force: Forbidden: may not be specified for non-apply patch"],
      { headers: MERGE, body: {} },
    ),
    invalid(
      `POST ${CONFIG_MAPS}?fieldValidation=strict&dryRun=All&dryRun=x`,
      "CreateOptions",
      [
        'dryRun: Unsupported value: []string{"All", "x"}: supported values: "All"',
        'fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn"',
      ],
      { body: { metadata: { name: "b" } } },
    ),
    invalid(
      `POST ${CONFIG_MAPS}?fieldManager=${"m".repeat(129)}`,
      "CreateOptions",
      ["fieldManager: Too long: may not be more than 128 bytes"],
      { body: { metadata: { name: "b" } } },
    ),
    invalid(
      `POST ${CONFIG_MAPS}?fieldManager=a%0Ab`,
      "CreateOptions",
      ['fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)'],
      { body: { metadata: { name: "b" } } },
    ),
    { request: `GET ${CONFIG_MAPS}/b`, code: 404 },
    { request: `GET ${CONFIG_MAPS}/a`, code: 200, object: { data: { k: "v" } } },
  ],
});

const unclassed = (body: unknown, message: string): AnswerRow => ({
  request: `DELETE ${CONFIG_MAPS}/a`,
  body,
  code: 500,
  reason: undefined,
  message,
});

describeAnswers("options of deletes are validated, in the query and in the body", {
  stored: [
    [CONFIG_MAPS, a],
    [CONFIG_MAPS, { metadata: { name: "gone" } }],
    [CONFIG_MAPS, { metadata: { name: "held", finalizers: ["x/y"] } }],
    [PODS, pod("p")],
  ],
  rows: [
    // Nothing is changed, but what would be is told.
    {
      request: `DELETE ${CONFIG_MAPS}/held?dryRun=All&propagationPolicy=Foreground`,
      code: 200,
      object: {
        metadata: {
          deletionTimestamp: expect.any(String),
          deletionGracePeriodSeconds: 0,
          finalizers: ["x/y", "foregroundDeletion"],
        },
      },
    },
    {
      request: `DELETE ${PODS}/p?dryRun=All&gracePeriodSeconds=0`,
      code: 200,
      object: {
        metadata: { generation: 2, deletionTimestamp: expect.any(String), deletionGracePeriodSeconds: 0 },
      },
    },
    {
      request: `GET ${PODS}/p`,
      code: 200,
      object: { metadata: { generation: 1 } },
    },
    invalid(`DELETE ${CONFIG_MAPS}/a?dryRun=x`, "DeleteOptions", [DRY_RUN]),
    invalid(`DELETE ${CONFIG_MAPS}/a`, "DeleteOptions", [DRY_RUN], { body: { dryRun: ["x"] } }),
    invalid(`DELETE ${CONFIG_MAPS}?labelSelector=x`, "DeleteOptions", [DRY_RUN], { body: { dryRun: ["x"] } }),
    invalid(
      `DELETE ${CONFIG_MAPS}/a`,
      "DeleteOptions",
      [
        'propagationPolicy: Invalid value: "Bad": orphanDependents and deletionPropagation cannot be both set',
        'propagationPolicy: Unsupported value: "Bad": supported values: "Foreground", "Background", "Orphan", "nil"',
      ],
      { body: { propagationPolicy: "Bad", orphanDependents: true } },
    ),
    unclassed(
      { dryRun: "All" },
      "json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string",
    ),
    unclassed(
      { kind: "Pod", apiVersion: "v1" },
      'no kind "Pod" is registered for version "v1" in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"',
    ),
    unclassed(
      [],
      'couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
    ),
    {
      request: `DELETE ${CONFIG_MAPS}/a`,
      body: { preconditions: { resourceVersion: "1" } },
      code: 409,
      reason: "Conflict",
    },
    { request: `DELETE ${CONFIG_MAPS}/a?gracePeriodSeconds=x`, code: 400, reason: "BadRequest" },
    { request: `DELETE ${CONFIG_MAPS}/a`, body: { dryRun: ["All"] }, code: 200 },
    { request: `DELETE ${CONFIG_MAPS}/a?dryRun=All`, code: 200 },
    { request: `GET ${CONFIG_MAPS}/a`, code: 200 },
    // Of another group, with what nobody knows; beside a body the query is not read.
    {
      request: `DELETE ${CONFIG_MAPS}/gone?dryRun=All`,
      body: { kind: "DeleteOptions", apiVersion: "apps/v1", some: "thing" },
      code: 200,
      warnings: [],
    },
    { request: `GET ${CONFIG_MAPS}/gone`, code: 404 },
  ],
});

describeAnswers("options of reads are validated", {
  stored: [
    [CONFIG_MAPS, a],
    [CONFIG_MAPS, { metadata: { name: "b" } }],
  ],
  rows: [
    invalid(`GET ${CONFIG_MAPS}?${match}=exact`, "ListOptions", [
      `${match}: Forbidden: ${match} is forbidden unless resourceVersion is provided`,
      `${match}: Unsupported value: "exact": supported values: "Exact", "NotOlderThan", ""`,
    ]),
    invalid(`GET ${CONFIG_MAPS}?${match}=Exact&resourceVersion=0`, "ListOptions", [
      `${match}: Forbidden: ${match} "exact" is forbidden for resourceVersion "0"`,
    ]),
    invalid(`GET ${CONFIG_MAPS}?sendInitialEvents=true`, "ListOptions", [
      "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
    ]),
    invalid(`DELETE ${CONFIG_MAPS}?${match}=Exact`, "ListOptions", [
      `${match}: Forbidden: ${match} is forbidden unless resourceVersion is provided`,
    ]),
    invalid(`GET ${CONFIG_MAPS}?watch=1&${match}=Exact`, "ListOptions", [
      `${match}: Forbidden: ${match} is forbidden for watch unless sendInitialEvents is provided`,
      `${match}: Unsupported value: "Exact": supported values: "NotOlderThan"`,
    ]),
    {
      request: `GET ${CONFIG_MAPS}?limit=x`,
      code: 400,
      message: 'strconv.ParseInt: parsing "x": invalid syntax',
    },
    {
      request: `GET ${CONFIG_MAPS}?limit=9223372036854775808`,
      code: 400,
      message: 'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    },
    {
      request: `GET ${CONFIG_MAPS}?resourceVersion=abc`,
      code: 400,
      message:
        'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    },
    {
      request: `GET ${CONFIG_MAPS}/a?resourceVersion=abc`,
      code: 500,
      reason: undefined,
      message: 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    },
    // One object is read, whatever is said of watching.
    {
      request: `GET ${CONFIG_MAPS}/a?watch=1&${match}=Exact`,
      code: 200,
      object: { metadata: { name: "a" } },
    },
    // Any version: all of it.
    {
      request: `GET ${CONFIG_MAPS}?resourceVersion=0&limit=1`,
      code: 200,
      object: { items: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }] },
    },
  ],
});
