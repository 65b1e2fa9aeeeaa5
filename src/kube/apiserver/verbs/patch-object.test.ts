import { expect } from "vitest";
import { type AnswerRow, describeAnswers } from "../testing/answer-table.ts";

const PODS = "/api/v1/namespaces/default/pods";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const MERGE = { "content-type": "application/merge-patch+json" };
const STRATEGIC = { "content-type": "application/strategic-merge-patch+json" };
const JSON_PATCH = { "content-type": "application/json-patch+json" };

/** Refused with the one cause `patch`; its value is the patch or its result, its end says why. */
const refused = (
  request: string,
  headers: Record<string, string>,
  body: unknown,
  why: string,
): AnswerRow => ({
  request: `PATCH ${request}`,
  headers,
  body,
  code: 422,
  reason: "Invalid",
  object: {
    message: expect.stringMatching(
      new RegExp(`^ "" is invalid: patch: Invalid value: ".*": ${escaped(why)}$`),
    ),
    details: { causes: [{ reason: "FieldValueInvalid", field: "patch" }] },
  },
});
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

describeAnswers("a patch whose result is none of its kind", {
  stored: [
    [PODS, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } }],
    [CONFIG_MAPS, { metadata: { name: "a", labels: { l: "1" } } }],
  ],
  rows: [
    {
      request: `PATCH ${PODS}/p`,
      headers: STRATEGIC,
      body: { metadata: { labels: "invalid" } },
      code: 422,
      reason: "Invalid",
      message:
        ' "" is invalid: patch: Invalid value: "map[metadata:map[labels:invalid]]": cannot restore map from string',
    },
    refused(`${PODS}/p`, STRATEGIC, { spec: { containers: {} } }, "cannot restore slice from map"),
    refused(`${PODS}/p`, STRATEGIC, { spec: "x" }, "cannot restore struct from: string"),
    refused(`${PODS}/p`, STRATEGIC, { spec: { hostNetwork: "x" } }, "unrecognized type: bool"),
    refused(`${PODS}/p`, STRATEGIC, { spec: { nodeName: 5 } }, "cannot convert int64 to string"),
    refused(
      `${PODS}/p`,
      MERGE,
      { metadata: { labels: "invalid" } },
      "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
    ),
    refused(
      `${PODS}/p`,
      JSON_PATCH,
      [{ op: "add", path: "/metadata/labels", value: 5 }],
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type map[string]string",
    ),
    refused(
      `${CONFIG_MAPS}/a?fieldValidation=Strict`,
      MERGE,
      { foo: "x" },
      'strict decoding error: unknown field "foo"',
    ),
    refused(
      `${CONFIG_MAPS}/a?fieldValidation=Strict`,
      STRATEGIC,
      { foo: "x" },
      'strict decoding error: unknown field "foo"',
    ),
    refused(
      `${CONFIG_MAPS}/a?fieldValidation=Strict`,
      STRATEGIC,
      '{"data":{"a":"1"},"data":{"a":"2"}}',
      'strict decoding error: duplicate field "data"',
    ),
    refused(
      `${CONFIG_MAPS}/a`,
      MERGE,
      { kind: "Pod" },
      "converting (v1.Pod) to (core.ConfigMap): unknown conversion",
    ),
    refused(
      `${CONFIG_MAPS}/a`,
      MERGE,
      { apiVersion: "v9" },
      'no kind "ConfigMap" is registered for version "v9" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ),
    { request: `GET ${CONFIG_MAPS}/a`, code: 200, object: { metadata: { labels: { l: "1" } } } },
  ],
});

/** How the result of the refused patch begins and ends in the message. */
const shown = (headers: Record<string, string>, body: unknown, start: string, end: string): AnswerRow => ({
  request: `PATCH ${CONFIG_MAPS}/a?fieldValidation=Strict`,
  headers,
  body,
  code: 422,
  object: {
    message: expect.stringMatching(
      new RegExp(
        `^ "" is invalid: patch: Invalid value: ${escaped(JSON.stringify(start).slice(0, -1))}.*${escaped(JSON.stringify(end).slice(1))}: `,
      ),
    ),
  },
});

describeAnswers("the text of a patched object", {
  stored: [[CONFIG_MAPS, { data: { b: "2", a: "1" }, metadata: { labels: { l: "1" }, name: "a" } }]],
  rows: [
    // What the patch leaves alone is in the order of Go's struct, what it looks into in that of the keys.
    shown(
      MERGE,
      { foo: 1, Z: 2 },
      '{"Z":2,"apiVersion":"v1","data":{"a":"1","b":"2"},"foo":1,"kind":"ConfigMap","metadata":{"name":"a","namespace":"default","uid":"',
      "}}",
    ),
    shown(
      MERGE,
      { metadata: { foo: 1 } },
      '{"apiVersion":"v1","data":{"a":"1","b":"2"},"kind":"ConfigMap","metadata":{"creationTimestamp":"',
      "}}",
    ),
    shown(
      JSON_PATCH,
      [{ op: "add", path: "/metadata/foo", value: { z: 1, a: 2 } }],
      '{"apiVersion":"v1","data":{"a":"1","b":"2"},"kind":"ConfigMap","metadata":{"creationTimestamp":"',
      "}}",
    ),
    shown(
      JSON_PATCH,
      [{ op: "add", path: "/foo", value: { z: 1, a: 2 } }],
      '{"apiVersion":"v1","data":{"a":"1","b":"2"},"foo":{"z":1,"a":2},"kind":"ConfigMap","metadata":{"name":"a","namespace":"default","uid":"',
      "}}",
    ),
  ],
});

describeAnswers("what a patch may do", {
  stored: [[CONFIG_MAPS, { metadata: { name: "a", labels: { l: "1" }, finalizers: ["a/b", "c/d"] } }]],
  rows: [
    // Of a strategic patch the kind is the object's, whatever it says.
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: STRATEGIC,
      body: { kind: "Pod", apiVersion: "v9" },
      code: 200,
    },
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: JSON_PATCH,
      body: [{ op: "remove", path: "/kind" }],
      code: 200,
      object: { kind: "ConfigMap", apiVersion: "v1" },
    },
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: JSON_PATCH,
      body: [
        { op: "replace", path: "/metadata/labels/absent", value: "x" },
        { op: "replace", path: "/metadata/finalizers/-1", value: "e/f" },
      ],
      code: 200,
      object: { metadata: { labels: { l: "1", absent: "x" }, finalizers: ["a/b", "e/f"] } },
    },
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: MERGE,
      body: { foo: "x" },
      code: 200,
      warnings: ['unknown field "foo"'],
    },
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: JSON_PATCH,
      body: [{ op: "remove", path: "/absent" }],
      code: 422,
      reason: "Invalid",
      message: "the server rejected our request due to an error in our request",
      causes: [],
    },
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: JSON_PATCH,
      body: {},
      code: 400,
      message:
        "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    },
  ],
});

const FIELDS = "/metadata/managedFields";

describeAnswers("JSON patches of the managed fields", {
  stored: [
    [CONFIG_MAPS, { metadata: { name: "a" }, data: { k: "1" } }],
    [CONFIG_MAPS, { metadata: { name: "b" }, data: { k: "1" } }],
  ],
  rows: [
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: JSON_PATCH,
      body: [{ op: "add", path: `${FIELDS}/0/time`, value: "2004-01-01T01:01:01Z" }],
      code: 200,
    },
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: JSON_PATCH,
      body: [{ op: "test", path: `${FIELDS}/0/fieldsType`, value: "v" }],
      code: 422,
    },
    // An empty list, or an empty entry, forgets who owns what; what is removed stays.
    {
      request: `PATCH ${CONFIG_MAPS}/b`,
      headers: JSON_PATCH,
      body: [{ op: "remove", path: FIELDS }],
      code: 200,
      object: { metadata: expect.objectContaining({ managedFields: [expect.anything()] }) },
    },
    {
      request: `PATCH ${CONFIG_MAPS}/a`,
      headers: JSON_PATCH,
      body: [{ op: "replace", path: FIELDS, value: [{}] }],
      code: 200,
      object: { metadata: expect.not.objectContaining({ managedFields: expect.anything() }) },
    },
  ],
});
