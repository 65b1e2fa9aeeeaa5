import { describe, expect, it } from "vitest";
import { ageOf, humanDuration } from "./age.ts";
import { validateDomainPrefixedPath } from "./domain-name.ts";
import {
  validateMetaOfStatus,
  validateObjectMeta,
  validateObjectMetaUpdate,
  validateUpdatedMeta,
} from "./object-meta.ts";
import { canonicalTime, parseTimeParts } from "./time.ts";

const namespaced = { namespaced: true } as const;
const texts = (errors: { field: string; message: string }[]) =>
  errors.map((one) => `${one.field}: ${one.message}`);

describe("object metadata", () => {
  it.each([
    [{ name: "web", namespace: "default" }, []],
    [{ namespace: "default" }, ["metadata.name: Required value: name or generateName is required"]],
    [{ name: "web" }, ["metadata.namespace: Required value"]],
    [
      { name: "Web", namespace: "default" },
      [
        "metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      { name: "web", namespace: "default", finalizers: ["mine"] },
      [
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      { name: "web", namespace: "default", annotations: { a: "x".repeat(300_000) } },
      ["metadata.annotations: Too long: may not be more than 262144 bytes"],
    ],
    [
      {
        name: "web",
        namespace: "default",
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "", uid: "u" }],
      },
      ['metadata.ownerReferences.name: Invalid value: "": name must not be empty'],
    ],
  ])("%.80j has the errors %.80j", (metadata, expected) => {
    expect(texts(validateObjectMeta({ metadata }, namespaced))).toEqual(expected);
  });

  it("of cluster-scoped kinds has no namespace", () => {
    expect(
      texts(validateObjectMeta({ metadata: { name: "a", namespace: "b" } }, { namespaced: false })),
    ).toEqual(["metadata.namespace: Forbidden: not allowed on this type"]);
  });

  it("allows prefixes of generated names that end in a dash", () => {
    const metadata = { name: "web-x", generateName: "web-", namespace: "default" };
    expect(validateObjectMeta({ metadata }, namespaced)).toEqual([]);
  });

  it("tells the time that may not be set as Go prints it", () => {
    const before = { metadata: { name: "a" } };
    const next = { metadata: { name: "a", deletionTimestamp: "2009-01-01T01:01:01Z" } };
    expect(texts(validateObjectMetaUpdate(next, before))).toEqual([
      "metadata.deletionTimestamp: Invalid value: 2009-01-01 01:01:01 +0000 UTC: field is immutable",
    ]);
  });

  it("keeps its identity", () => {
    const before = { metadata: { name: "a", uid: "1", deletionTimestamp: "x", finalizers: ["a/b"] } };
    const next = { metadata: { ...before.metadata, uid: "2", finalizers: ["a/b", "c/d"] } };
    expect(texts(validateObjectMetaUpdate(next, before))).toEqual([
      'metadata.uid: Invalid value: "2": field is immutable',
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    ]);
  });
});

describe("paths with a domain before them", () => {
  it.each([
    ["example.com/any/path", []],
    ["", ["p: Required value"]],
    [
      "example.com",
      ['p: Invalid value: "example.com": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    ["/x", ['p: Invalid value: "/x": must be a domain-prefixed path (such as "acme.io/foo")']],
    [
      "a.b/c d",
      [
        `p: Invalid value: "c d": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`,
      ],
    ],
  ])("%j", (text, expected) => {
    expect(texts(validateDomainPrefixedPath(text, "p"))).toEqual(expected);
  });
});

describe("an update's metadata", () => {
  it("is held to the kind's own rules again, unless the kind takes what is older than those", () => {
    const object = { metadata: { name: "a.b", namespace: "n" } };
    const kind = { namespaced: true, nameValidation: "dns1123label" } as const;
    expect(texts(validateUpdatedMeta(object, object, kind))).toHaveLength(1);
    expect(validateUpdatedMeta(object, object, { ...kind, takesOldMetadata: true })).toEqual([]);
  });

  it("has finalizers that are qualified, which is told by each of the kind's rules", () => {
    const object = { metadata: { name: "a", namespace: "n", finalizers: ["odd"] } };
    const why =
      'metadata.finalizers[0]: Invalid value: "odd": name is neither a standard finalizer name nor is it fully qualified';
    const kind = { namespaced: true };
    expect(texts(validateUpdatedMeta(object, object, kind))).toEqual([why, why]);
    expect(texts(validateUpdatedMeta(object, object, { ...kind, takesOldMetadata: true }))).toEqual([why]);
    expect(validateUpdatedMeta(object, object, { ...kind, takesAnyFinalizer: true })).toEqual([]);
  });
});

describe("the metadata of an update of the status", () => {
  const object = { metadata: { name: "a.b", namespace: "n", labels: { l: "<" } } };
  const kind = { namespaced: true, nameValidation: "dns1123label" } as const;
  const told = (statusTellsOfMetadata: "changes" | "nothing" | "all" | undefined) =>
    validateMetaOfStatus(object, object, {
      ...kind,
      ...(statusTellsOfMetadata ? { statusTellsOfMetadata } : {}),
    });

  it.each([
    // By the rules of all kinds, and by what may not change; the latter again by the kind.
    [undefined, ["labels", "labels", "labels"]],
    ["nothing", ["labels", "labels"]],
    ["all", ["labels", "labels", "labels", "name", "labels"]],
  ] as const)("is told by %j", (status, fields) => {
    expect(told(status).map(({ field }) => field)).toEqual(fields.map((field) => `metadata.${field}`));
  });
});

describe("ages", () => {
  it.each([
    [-2_000, "<invalid>"],
    [0, "0s"],
    [119_000, "119s"],
    [120_000, "2m"],
    [125_000, "2m5s"],
    [600_000, "10m"],
    [3 * 3_600_000 - 1000, "179m"],
    [3 * 3_600_000, "3h"],
    [7.5 * 3_600_000, "7h30m"],
    [47 * 3_600_000, "47h"],
    [49 * 3_600_000, "2d1h"],
    [30 * 86_400_000, "30d"],
    [800 * 86_400_000, "2y70d"],
    [3000 * 86_400_000, "8y"],
  ])("%d ms is %s", (ms, expected) => {
    expect(humanDuration(ms)).toBe(expected);
  });

  it("of nothing is unknown", () => {
    expect(ageOf(null, 0)).toBe("<unknown>");
  });
});

describe("times", () => {
  it("are kept in UTC with the precision of their type", () => {
    expect(canonicalTime("2024-05-01T14:00:00.123456789+02:00", false)).toBe("2024-05-01T12:00:00Z");
    expect(canonicalTime("2024-05-01T14:00:00.123456+02:00", true)).toBe("2024-05-01T12:00:00.123456Z");
    expect(parseTimeParts("1969-12-31T23:59:59Z")).toEqual({ seconds: -1, nanos: 0 });
  });

  it.each([
    ["2024-05-01T14:00:00Z", 'cannot parse "Z" as ".000000"'],
    ["2024-05-01T14:00:00.123+02:00", 'cannot parse ".123+02:00" as ".000000"'],
    ["2024-05-01T14:00:00.123456789Z", 'cannot parse "789Z" as "Z07:00"'],
  ])("of microseconds have six digits, unlike %s", (text, why) => {
    expect(() => canonicalTime(text, true)).toThrow(
      `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05.000000Z07:00": ${why}`,
    );
  });

  it.each(["2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-05-01", "2024-05-01T24:00:00Z", "x"])(
    "refuse %s",
    (text) => {
      expect(() => parseTimeParts(text)).toThrow("parsing time");
    },
  );
});
