import type { KindDefinition } from "../api/types.ts";

// biome-ignore lint/suspicious/noExplicitAny: an object as a client writes it
type Manifest = any;

/** What a row's request is made of. */
export interface Target {
  kind: KindDefinition;
  /** A valid object of the kind, which is stored already under this name where rows patch or replace it. */
  sample: Manifest;
  /** Of the collection. */
  path: string;
  /** Of a list of another kind that was cut short. */
  foreignToken: string;
}

/** One request that is wrong whichever kind it is about, and its answer: the code, a part of the message, and the warnings. */
export interface BadInput {
  what: string;
  /** Of which kinds this is asked: all when absent. */
  about?: (kind: KindDefinition) => boolean;
  method?: "PUT" | "PATCH" | "GET" | "DELETE";
  /** After the collection's path, or after the object's where a row patches, replaces or deletes: `?limit=x`. */
  query?: string | ((target: Target) => string);
  contentType?: string;
  body?: (target: Target) => unknown;
  code: number | readonly number[];
  message?: string | ((target: Target) => string);
  /** A part of one of the warnings; none of these may come where it is `none`. */
  warning?: string;
  unwarned?: string;
}

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
const APPLY_PATCH = "application/apply-patch+yaml";

const unknown = ({ sample }: Target) => ({ ...sample, zz: 1 });
const twice = ({ sample }: Target) =>
  JSON.stringify(sample).replace(/}$/, `,"metadata":${JSON.stringify(sample.metadata)}}`);
const nested =
  (depth: number) =>
  ({ sample }: Target) =>
    JSON.stringify(sample).replace(/}$/, `,"zz":${"[".repeat(depth)}${"]".repeat(depth)}}`);
const withMetadata =
  (more: object) =>
  ({ sample }: Target) => ({
    ...sample,
    metadata: { ...sample.metadata, ...more },
  });
const cannotBeHandled =
  (why: string) =>
  ({ kind }: Target) =>
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`;

/** Bodies of creates. */
export const BAD_CREATES: readonly BadInput[] = [
  {
    what: "an unknown field under Strict",
    query: "?fieldValidation=Strict",
    body: unknown,
    code: 400,
    message: cannotBeHandled('strict decoding error: unknown field "zz"'),
  },
  {
    what: "an unknown field under Warn",
    query: "?fieldValidation=Warn&dryRun=All",
    body: unknown,
    code: 201,
    warning: 'unknown field "zz"',
  },
  {
    what: "an unknown field, when nothing is said",
    query: "?dryRun=All",
    body: unknown,
    code: 201,
    warning: 'unknown field "zz"',
  },
  {
    what: "an unknown field under Ignore",
    query: "?fieldValidation=Ignore&dryRun=All",
    body: unknown,
    code: 201,
    unwarned: "unknown field",
  },
  {
    what: "a field twice under Strict",
    query: "?fieldValidation=Strict",
    body: twice,
    code: 400,
    message: cannotBeHandled('strict decoding error: duplicate field "metadata"'),
  },
  {
    what: "a field twice under Warn",
    query: "?fieldValidation=Warn&dryRun=All",
    body: twice,
    code: 201,
    warning: 'duplicate field "metadata"',
  },
  {
    what: "a field twice under Ignore",
    query: "?fieldValidation=Ignore&dryRun=All",
    body: twice,
    code: 201,
    unwarned: "duplicate field",
  },
  {
    what: "metadata that is text",
    body: ({ sample }) => ({ ...sample, metadata: "text" }),
    code: 400,
    message: ({ kind }) =>
      `json: cannot unmarshal string into Go struct field ${kind.kind}.metadata of type v1.ObjectMeta`,
  },
  {
    what: "labels that are a list",
    body: withMetadata({ labels: ["a"] }),
    code: 400,
    message:
      "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
  },
  {
    what: "no name",
    // Which gets one by chance.
    about: ({ kind }) => kind !== "LimitRange",
    body: withMetadata({ name: undefined }),
    code: 422,
    message: "metadata.name: Required value: name or generateName is required",
  },
  {
    what: "a label that is none",
    body: withMetadata({ labels: { "-": "!" } }),
    code: 422,
    message: "metadata.labels: Invalid value",
  },
  {
    what: "a finalizer that is no name",
    body: withMetadata({ finalizers: ["not/a/name"] }),
    code: 422,
    message: "metadata.finalizers",
  },
  {
    what: "another namespace",
    about: ({ namespaced }) => namespaced,
    body: withMetadata({ namespace: "elsewhere" }),
    code: 400,
    message: "the namespace of the provided object does not match the namespace sent on the request",
  },
  {
    what: "a namespace where there is none",
    about: ({ namespaced }) => !namespaced,
    query: "?dryRun=All",
    body: withMetadata({ namespace: "elsewhere" }),
    code: 201,
  },
  {
    what: "another version",
    body: ({ sample }) => ({ ...sample, apiVersion: "example.com/v9" }),
    code: 400,
    message: ({ kind }) => `no kind "${kind.kind}" is registered for version "example.com/v9"`,
  },
  {
    what: "another kind",
    body: ({ sample }) => ({ ...sample, kind: "Nothing" }),
    code: 400,
    message: 'no kind "Nothing" is registered for version',
  },
  { what: "no body", body: () => "", code: 400 },
  { what: "a list", body: () => "[]", code: 400 },
  { what: "a word", body: () => "nonsense", code: 400 },
  { what: "half an object", body: ({ sample }) => JSON.stringify(sample).slice(0, -1), code: 400 },
  {
    what: "bytes that are no UTF-8",
    body: () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    // Read as U+FFFD, and so a field that is not known.
    code: [201, 422],
    warning: "unknown field",
  },
  {
    what: "protobuf that is none",
    contentType: "application/vnd.kubernetes.protobuf",
    body: () => Buffer.from("k8s\0garbage"),
    code: 400,
  },
  { what: "YAML that is none", contentType: "application/yaml", body: () => "a: [", code: 400 },
  { what: "an anchor that multiplies", contentType: "application/yaml", body: bomb, code: 400 },
  { what: "10,001 levels", body: nested(10_001), code: 400, message: "exceeded max depth" },
  { what: "200,000 levels", body: nested(200_000), code: 400, message: "exceeded max depth" },
  {
    what: "a body over the limit",
    body: ({ sample }) => `${JSON.stringify(sample)}${" ".repeat(3 << 20)}`,
    code: 413,
    message: "limit is 3145728",
  },
  { what: "a web page", contentType: "text/html", body: () => "<html>", code: 415 },
  {
    what: "a dry run of parts",
    query: "?dryRun=Some",
    body: ({ sample }) => sample,
    code: 422,
    message: 'dryRun: Unsupported value: []string{"Some"}: supported values: "All"',
  },
  {
    what: "a validation of fields that is none",
    query: "?fieldValidation=Odd",
    body: ({ sample }) => sample,
    code: 422,
    message: 'fieldValidation: Unsupported value: "Odd": supported values: "", "Ignore", "Strict", "Warn"',
  },
  {
    what: "a manager's name that is too long",
    query: `?fieldManager=${"x".repeat(129)}`,
    body: ({ sample }) => sample,
    code: 422,
    message: "fieldManager: Too long",
  },
];

/** Nine levels of ten references each: 10^9 words, were they written out. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const inner = level === 0 ? "x" : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array(10).fill(inner).join(", ")}]`;
  });
  return levels.join("\n");
}

/** Queries of lists and watches. */
export const BAD_LISTS: readonly BadInput[] = [
  { what: "a label selector that is none", query: "?labelSelector=a%3D%3D%3Db", code: 400 },
  {
    what: "a label selector that never ends",
    query: `?labelSelector=a+in+(${"b,".repeat(3_000)}`,
    code: 400,
  },
  { what: "a field that is not selectable", query: "?fieldSelector=no.such%3Db", code: 400 },
  { what: "a field selector that is none", query: "?fieldSelector=%3D%3D", code: 400 },
  { what: "a limit that is none", query: "?limit=x", code: 400 },
  {
    what: "a token that is none",
    query: "?limit=1&continue=nonsense",
    code: 400,
    message: "continue key is not valid",
  },
  {
    what: "a token that leads outside",
    query: `?limit=1&continue=${token("../../secrets/x")}`,
    code: 400,
    message: "continue key is not valid",
  },
  {
    what: "a token of the future",
    query: `?limit=1&continue=${token("x", 1 << 30)}`,
    code: [400, 410, 500, 504],
  },
  {
    what: "a token of another kind",
    query: ({ foreignToken }) => `?limit=1&continue=${foreignToken}`,
    code: [200, 410],
  },
  { what: "a token and a version", query: `?resourceVersion=5&continue=${token("x")}`, code: 400 },
  { what: "a version that is none", query: "?resourceVersion=x", code: 400 },
  {
    what: "a version of the future",
    // The server waits some seconds for it.
    about: ({ kind }) => kind === "ConfigMap",
    query: "?resourceVersion=999999999",
    code: 504,
  },
  {
    what: "a match of versions that is none",
    query: "?resourceVersion=1&resourceVersionMatch=Odd",
    code: 422,
  },
  { what: "a match without a version", query: "?resourceVersionMatch=Exact", code: 422 },
  { what: "a watch from a version that is none", query: "?watch=1&resourceVersion=x", code: 500 },
  { what: "a watch with a token", query: `?watch=1&sendInitialEvents=true`, code: 422 },
];

function token(start: string, rv = 1): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv, start })).toString("base64url");
}

/** Of an object that is there. */
export const BAD_CHANGES: readonly BadInput[] = [
  {
    what: "a JSON patch that is no list",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => ({ op: "add" }),
    code: 400,
  },
  {
    what: "a JSON patch that is none",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => "nonsense",
    code: 400,
  },
  {
    what: "a test that fails",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => [{ op: "test", path: "/kind", value: "x" }],
    code: 422,
  },
  {
    what: "a removal of nothing",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => [{ op: "remove", path: "/no/where" }],
    code: 422,
  },
  {
    what: "an operation that is none",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => [{ op: "odd", path: "/kind" }],
    code: 422,
  },
  {
    what: "an operation without a path",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => [{ op: "remove" }],
    code: 422,
  },
  {
    what: "10,001 operations",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => Array(10_001).fill({ op: "test", path: "/kind", value: "x" }),
    code: 413,
    message: "The allowed maximum operations in a JSON patch is 10000, got 10001",
  },
  {
    what: "copies that double",
    method: "PATCH",
    contentType: JSON_PATCH,
    body: () => [
      { op: "add", path: "/metadata/annotations", value: { a: "x".repeat(1_000) } },
      ...Array.from({ length: 60 }, (_, n) => ({ op: "copy", from: "/metadata", path: `/metadata/z${n}` })),
    ],
    code: [413, 422],
  },
  {
    what: "a merge patch that is a list",
    method: "PATCH",
    contentType: MERGE_PATCH,
    body: () => "[]",
    code: [400, 422],
  },
  {
    what: "a merge patch of words",
    method: "PATCH",
    contentType: MERGE_PATCH,
    body: () => "nonsense",
    code: 400,
  },
  {
    what: "a merge patch of 20,000 levels",
    method: "PATCH",
    contentType: MERGE_PATCH,
    body: () => `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
    code: 400,
  },
  {
    what: "another kind by merge patch",
    method: "PATCH",
    contentType: MERGE_PATCH,
    body: () => ({ kind: "Nothing" }),
    code: 422,
  },
  {
    what: "another name by merge patch",
    method: "PATCH",
    contentType: MERGE_PATCH,
    body: () => ({ metadata: { name: "other" } }),
    code: 400,
    message: "the name of the object (other) does not match the name on the URL",
  },
  {
    what: "another uid by merge patch",
    method: "PATCH",
    contentType: MERGE_PATCH,
    body: () => ({ metadata: { uid: "other" } }),
    code: 422,
  },
  {
    what: "an older version by merge patch",
    method: "PATCH",
    contentType: MERGE_PATCH,
    body: () => ({ metadata: { resourceVersion: "1", labels: { a: "b" } } }),
    code: 409,
  },
  {
    what: "an unknown field by merge patch under Strict",
    method: "PATCH",
    query: "?fieldValidation=Strict",
    contentType: MERGE_PATCH,
    body: () => ({ zz: 1 }),
    code: 422,
    message: 'unknown field "zz"',
  },
  {
    what: "a directive that is none",
    method: "PATCH",
    contentType: STRATEGIC_PATCH,
    body: () => ({ metadata: { $patch: "odd" } }),
    code: [400, 500],
  },
  {
    what: "labels that are a list, merged strategically",
    method: "PATCH",
    contentType: STRATEGIC_PATCH,
    body: () => ({ metadata: { labels: ["a"] } }),
    code: [400, 422],
  },
  {
    what: "a configuration without a manager",
    method: "PATCH",
    contentType: APPLY_PATCH,
    body: ({ sample }) => sample,
    code: 422,
    message: "fieldManager: Required value: is required for apply patch",
  },
  {
    what: "a configuration that is none",
    method: "PATCH",
    query: "?fieldManager=m",
    contentType: APPLY_PATCH,
    body: () => "a: [",
    code: 400,
  },
  {
    what: "a configuration of another kind",
    method: "PATCH",
    query: "?fieldManager=m",
    contentType: APPLY_PATCH,
    body: ({ sample }) => ({ ...sample, kind: "Nothing" }),
    code: 400,
  },
  {
    what: "a configuration with an unknown field",
    method: "PATCH",
    query: "?fieldManager=m",
    contentType: APPLY_PATCH,
    body: unknown,
    code: 500,
    message: "field not declared in schema",
  },
  { what: "a patch of another type", method: "PATCH", contentType: "text/plain", body: () => "x", code: 415 },
  {
    what: "another name by replacement",
    method: "PUT",
    body: withMetadata({ name: "other" }),
    code: 400,
    message: "the name of the object (other) does not match the name on the URL",
  },
  {
    what: "an older version by replacement",
    method: "PUT",
    body: withMetadata({ resourceVersion: "1" }),
    code: 409,
    message: "the object has been modified",
  },
  {
    what: "a version that is none by replacement",
    method: "PUT",
    body: withMetadata({ resourceVersion: "x" }),
    code: 500,
  },
  { what: "another uid by replacement", method: "PUT", body: withMetadata({ uid: "other" }), code: 409 },
  {
    what: "options of a deletion that are none",
    method: "DELETE",
    body: () => ({ propagationPolicy: "Odd" }),
    code: 422,
  },
  {
    what: "a deletion of another object",
    method: "DELETE",
    body: () => ({ preconditions: { uid: "other" } }),
    code: 409,
  },
  {
    what: "a deletion with a grace period that is none",
    method: "DELETE",
    query: "?gracePeriodSeconds=x",
    code: 400,
  },
];
