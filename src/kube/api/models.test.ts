import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { describeModel, findModel, type ModelField, modelNames, modelOf } from "./models.ts";

const reference = fileURLToPath(new URL("../../../../shared/k8s/openapi-fields.json", import.meta.url));

interface ReferenceField {
  type: string;
  "list-type"?: string;
  "list-map-keys"?: string[];
  "map-type"?: string;
  "patch-merge-key"?: string;
  "patch-strategy"?: string;
}
type Definitions = Record<
  string,
  { fields: Record<string, ReferenceField>; required?: string[]; type?: string; "map-type"?: string }
>;

describe.skipIf(!existsSync(reference))("model tables against the OpenAPI document", () => {
  const definitions = existsSync(reference)
    ? (JSON.parse(readFileSync(reference, "utf8")).definitions as Definitions)
    : {};
  const objects = Object.entries(definitions).filter(([, one]) => Object.keys(one.fields).length > 0);

  it("hold every definition and no other", () => {
    const expected = objects.map(([name]) => name);
    expect(modelNames().filter((name) => !expected.includes(name) && modelOf(name).fields.size > 0)).toEqual(
      [],
    );
    expect(expected.filter((name) => findModel(name) === undefined)).toEqual([]);
  });

  it("agree on fields, on types and on what is required", () => {
    const differences: string[] = [];
    for (const [name, one] of objects) {
      const model = modelOf(name);
      const names = [...model.fields.keys()].sort();
      if (names.join() !== Object.keys(one.fields).sort().join()) differences.push(`${name}: ${names}`);
      for (const [fieldName, field] of Object.entries(one.fields)) {
        const ours = model.fields.get(fieldName);
        if (ours === undefined) continue;
        if (!sameType(ours, field.type))
          differences.push(`${name}.${fieldName}: ${field.type} is not ${JSON.stringify(ours)}`);
        if (ours.required !== (one.required ?? []).includes(fieldName))
          differences.push(`${name}.${fieldName} required`);
      }
    }
    expect(differences).toEqual([]);
  });

  it("agree on how lists and maps merge", () => {
    const differences: string[] = [];
    for (const [name, one] of objects) {
      const model = modelOf(name);
      if (model.isAtomic !== (one["map-type"] === "atomic")) differences.push(`${name} map-type`);
      for (const [fieldName, field] of Object.entries(one.fields)) {
        const ours = model.fields.get(fieldName)!;
        const strategy = field["patch-strategy"]?.split(",") ?? [];
        const expected = [
          field["list-type"],
          field["list-map-keys"]?.join(),
          field["map-type"],
          strategy.includes("merge") ? (field["patch-merge-key"] ?? "") : undefined,
          strategy.includes("retainKeys") || undefined,
          strategy.includes("replace") || undefined,
        ];
        const actual = [
          ours.listType,
          ours.listMapKeys?.join(),
          ours.mapType,
          ours.patchMergeKey,
          ours.retainKeys,
          ours.isReplaced,
        ];
        if (JSON.stringify(actual) !== JSON.stringify(expected))
          differences.push(`${name}.${fieldName}: ${actual} is not ${expected}`);
      }
    }
    expect(differences).toEqual([]);
  });
});

const CODES: Record<string, string> = {
  s: "string",
  b: "boolean",
  i: "integer:int32",
  l: "integer:int64",
  d: "number:double",
  y: "string:byte",
  q: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  t: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  u: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
  x: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  f: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
  A: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
  B: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
  S: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
  "*s": "[]string",
};
const FREE = /(RawExtension|\.JSON)$|^$/;

function sameType(ours: ModelField, type: string): boolean {
  const prefix = ours.isList ? "[]" : ours.isMap ? "map:" : "";
  if (!type.startsWith(prefix)) return false;
  const base = type.slice(prefix.length);
  if (ours.code === "r") return FREE.test(base);
  return base === (ours.code === "m" ? ours.definition : CODES[ours.code]);
}

describe("models", () => {
  it("tell type, list type and merge key of a field", () => {
    const ports = modelOf("io.k8s.api.core.v1.Container").fields.get("ports")!;
    expect(ports).toMatchObject({
      isList: true,
      patchMergeKey: "containerPort",
      listMapKeys: ["containerPort", "protocol"],
    });
  });

  it("describe definitions and fields", () => {
    expect(describeModel("io.k8s.api.core.v1.PodSpec", "containers")).toMatch(
      /^List of containers belonging to the pod/,
    );
    expect(describeModel("io.k8s.api.core.v1.Pod")).toMatch(/^Pod is a collection of containers/);
  });
});
