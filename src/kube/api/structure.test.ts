import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { apiVersionOf } from "./api-version.ts";
import { decodeBody, PROTOBUF_MEDIA_TYPE, YAML_MEDIA_TYPE } from "./decode-body.ts";
import {
  checkStructure,
  clusterRoles,
  configMaps,
  deployments,
  kinds,
  pods,
  requestKinds,
  secrets,
  services,
  structureProblem,
} from "./index.ts";
import { encodeProtobuf } from "./protobuf/envelope.ts";
import type { KindDefinition } from "./types.ts";

const decode = (
  value: unknown,
  kind: KindDefinition = deployments,
  fieldValidation: "Strict" | "Warn" | "Ignore" = "Strict",
) =>
  decodeBody({
    bytes: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
    kind,
    fieldValidation,
  });

const podSpec = (container: object) => ({ spec: { containers: [container] } });

describe("decodeBody refuses", () => {
  const cannot = 'Deployment in version "v1" cannot be handled as a Deployment: ';
  it.each([
    [
      { spec: { replicas: "3" } },
      `${cannot}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      { spec: { replicas: 1.5 } },
      `${cannot}json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      { spec: { replicas: 3e9 } },
      `${cannot}json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      { spec: [] },
      `${cannot}json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec`,
    ],
    [
      { metadata: { labels: { a: 1 } } },
      `${cannot}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string`,
    ],
    [
      { metadata: { labels: [] } },
      `${cannot}json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string`,
    ],
    [
      { spec: { template: { spec: { containers: {} } } } },
      `${cannot}json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container`,
    ],
    [
      { spec: { paused: "yes" } },
      `${cannot}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool`,
    ],
    [{ spec: { replcas: 3 } }, `${cannot}strict decoding error: unknown field "spec.replcas"`],
    [
      '{"spec":{"replicas":1,"replicas":2}}',
      `${cannot}strict decoding error: duplicate field "spec.replicas"`,
    ],
    [
      '{"spec":{"unknownField":"a","replicas":1,"replicas":2},"more":1}',
      `${cannot}strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas", unknown field "more"`,
    ],
    [
      { kind: "Pod", apiVersion: "v1" },
      'Pod in version "v1" cannot be handled as a Deployment: converting (v1.Pod) to (apps.Deployment): unknown conversion',
    ],
    [
      { kind: "Deployment", apiVersion: "apps/v1beta1" },
      "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
    ],
  ])("%j", (value, message) => {
    expect(() => decode(value)).toThrow(message);
  });

  it("values that their own parsers refuse", () => {
    const quantity = podSpec({ name: "a", resources: { limits: { cpu: "lots" } } });
    expect(() => decode(quantity, pods)).toThrow(
      "Pod in version \"v1\" cannot be handled as a Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
    expect(() => decode({ data: { a: "é" } }, secrets)).toThrow("illegal base64 data at input byte 0");
    expect(() => decode({ metadata: { creationTimestamp: "yesterday" } }, pods)).toThrow(
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    );
    const port = podSpec({ name: "a", livenessProbe: { httpGet: { port: true } } });
    expect(() => decode(port, pods)).toThrow(
      "json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32",
    );
  });

  it("a time that is none, which the converter is told without its place", () => {
    const kind = { group: "", version: "v1", kind: "Pod", model: "io.k8s.api.core.v1.Pod" };
    let refusal: unknown;
    try {
      checkStructure({ metadata: { creationTimestamp: 5 } }, kind);
    } catch (error) {
      refusal = error;
    }
    expect(structureProblem(refusal, "decoder")).toBe(
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
    );
    expect(structureProblem(refusal, "converter")).toBe(
      "json: cannot unmarshal number into Go value of type string",
    );
  });

  it("garbage, with its first bytes", () => {
    expect(() => decode("garbage", pods)).toThrow(
      "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character 'g' looking for beginning of value (67617262616765)",
    );
    expect(() => decode({ apiVersion: 5, kind: "Pod", metadata: { name: "a" } }, pods)).toThrow(
      `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion of type string ({"apiVersion":5,"kind":"Pod"," ...)`,
    );
    expect(() => decodeBody({ contentType: "text/plain", bytes: Buffer.from(""), kind: pods })).toThrow(
      "the body of the request was in an unknown format",
    );
    expect(() =>
      decodeBody({
        contentType: PROTOBUF_MEDIA_TYPE,
        bytes: Buffer.from("k8s\0\xff\xff", "latin1"),
        kind: pods,
      }),
    ).toThrow("the object provided is unrecognized");
  });
});

describe("decodeBody reads", () => {
  it("canonical forms, without nulls", () => {
    const spec = podSpec({ name: "a", image: null, resources: { limits: { cpu: 0.5, memory: "1024Mi" } } });
    const { object } = decode(
      { ...spec, metadata: { creationTimestamp: null, deletionTimestamp: "2024-01-02T03:04:05.6+01:00" } },
      pods,
    );
    expect(object).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { creationTimestamp: null, deletionTimestamp: "2024-01-02T02:04:05Z" },
      spec: { containers: [{ name: "a", resources: { limits: { cpu: "500m", memory: "1Gi" } } }] },
      status: {},
    });
  });

  it.each([
    [
      "an empty list or map",
      pods,
      { spec: { volumes: [], nodeSelector: {} } },
      { spec: { containers: null } },
    ],
    ["an empty text, number or flag", pods, { spec: { nodeName: "", hostNetwork: false } }, { spec: {} }],
    [
      "a pointer to something empty",
      pods,
      { spec: { priority: 0, affinity: {} } },
      { spec: { priority: 0, affinity: {} } },
    ],
    [
      "a required field that is missing",
      pods,
      { spec: { containers: [{}] } },
      { spec: { containers: [{ name: "", resources: {} }] } },
    ],
    ["a list that is never left out", clusterRoles, {}, { rules: null }],
    ["an empty list that is never left out", clusterRoles, { rules: [] }, { rules: null }],
    [
      "a null among structs",
      pods,
      { spec: { containers: [null] } },
      { spec: { containers: [{ name: "", resources: {} }] } },
    ],
    [
      "a struct that is no pointer",
      services,
      { spec: { ports: [{ port: 1 }] } },
      { spec: { ports: [{ port: 1, targetPort: 0 }] }, status: { loadBalancer: {} } },
    ],
  ] as [string, KindDefinition, object, object][])("%s as Go writes it", (_, kind, value, expected) => {
    const { object } = decode(value, kind);
    expect(object).toMatchObject(expected);
    const again = decode(object, kind).object;
    expect(again).toEqual(object);
  });

  it("nothing where Go leaves out the empty", () => {
    const { object } = decode(
      { spec: { containers: [], volumes: [], nodeName: "", hostNetwork: false } },
      pods,
    );
    expect(object.spec).toEqual({ containers: null });
  });

  it("and warns of what it dropped, or keeps silent", () => {
    const value = { data: { a: "b" }, extra: 1 };
    expect(decode(value, configMaps, "Warn")).toMatchObject({ warnings: ['unknown field "extra"'] });
    expect(decode(value, configMaps, "Ignore").warnings).toEqual([]);
    expect(decode(value, configMaps, "Ignore").object).not.toHaveProperty("extra");
  });

  it("YAML and protobuf", () => {
    const expected = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", creationTimestamp: null },
      data: { x: "1" },
    };
    const yaml = Buffer.from("metadata: {name: a}\ndata: {x: '1'}\n");
    expect(
      decodeBody({ contentType: `${YAML_MEDIA_TYPE}; charset=utf-8`, bytes: yaml, kind: configMaps }).object,
    ).toEqual(expected);
    const bytes = encodeProtobuf(expected);
    expect(decodeBody({ contentType: PROTOBUF_MEDIA_TYPE, bytes, kind: configMaps }).object).toEqual(
      expected,
    );
  });

  it("options of every group", () => {
    const kind = {
      group: "",
      version: "v1",
      kind: "DeleteOptions",
      model: "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    };
    const body = { kind: "DeleteOptions", apiVersion: "apps/v1", gracePeriodSeconds: 0 };
    const expected = { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0 };
    expect(decodeBody({ bytes: Buffer.from(JSON.stringify(body)), kind }).object).toEqual(expected);
    const contentType = PROTOBUF_MEDIA_TYPE;
    expect(decodeBody({ contentType, bytes: encodeProtobuf(body), kind }).object).toEqual(expected);
  });

  it("odd keys as ordinary ones", () => {
    const { object } = decode('{"data":{"__proto__":"x","constructor":"y"}}', configMaps);
    expect(Object.keys(object.data)).toEqual(["__proto__", "constructor"]);
  });
});

const golden = fileURLToPath(new URL("../../../../shared/k8s/golden/", import.meta.url));

const goldenOf = ({ group, version, kind }: KindDefinition) =>
  join(golden, `${group || "core"}.${version}.${kind}.json`);
/** There are none of the groups that upstream keeps outside of k8s.io/api. */
const WITHOUT_GOLDEN = ["apiextensions.k8s.io", "apiregistration.k8s.io"];
describe("what stands in place of a schema", () => {
  const definition = {
    ...deployments,
    kind: "JSONSchemaProps",
    model: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps",
  };
  const read = (value: unknown) => decode(value, definition, "Ignore").object;

  it.each([
    [{ items: { type: "string", nullable: false, zz: 1 } }, { items: { type: "string" } }],
    [{ items: [{ type: "string" }, {}] }, { items: [{ type: "string" }, {}] }],
    [{ items: [] }, { items: null }],
    [{ additionalProperties: false }, { additionalProperties: false }],
    [{ additionalProperties: { type: "string", zz: 1 } }, { additionalProperties: { type: "string" } }],
    [{ dependencies: { a: ["b"], c: { zz: 1 }, d: null } }, { dependencies: { a: ["b"], c: {}, d: null } }],
  ])("%j", (value, expected) => {
    expect(read(value)).toMatchObject(expected);
  });

  it("is refused where the field stands, whatever is wrong inside of it", () => {
    const cannot = 'JSONSchemaProps in version "v1" cannot be handled as a JSONSchemaProps: ';
    expect(() => read({ items: { properties: { a: { type: 5 } } } })).toThrow(
      `${cannot}json: cannot unmarshal number into Go struct field JSONSchemaProps.items of type string`,
    );
    expect(() => read({ additionalProperties: 5 })).toThrow(`${cannot}boolean or JSON schema expected`);
  });
});

describe.skipIf(!existsSync(golden))("fully populated objects", () => {
  const withGolden = [...kinds, ...requestKinds].filter(({ group }) => !WITHOUT_GOLDEN.includes(group));
  it.each(withGolden.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))(
    "of %s pass unchanged",
    (_, kind) => {
      const file = goldenOf(kind);
      const value = JSON.parse(readFileSync(file, "utf8"));
      const { object } = decode(value, kind);
      expect(withoutNulls(object)).toEqual(withoutNulls(value));
    },
  );
});

/** The reference objects hold null in maps of times; everywhere else it is absence. */
function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one) => (one === null ? undefined : one)));
}
