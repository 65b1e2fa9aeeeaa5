import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type MessageField, messageByKey, messageKeyOfKind } from "./message-table.ts";

const reference = fileURLToPath(new URL("../../../../../shared/k8s/proto-fields.json", import.meta.url));

type Packages = Record<string, { messages: Record<string, Record<string, [number, string, string?]>> }>;

const CODES: Record<string, string> = {
  string: "s",
  bool: "b",
  bytes: "y",
  int32: "i",
  int64: "l",
  double: "d",
};
const WRAPPERS: Record<string, string> = {
  Quantity: "q",
  Time: "t",
  MicroTime: "u",
  Duration: "n",
  IntOrString: "x",
  RawExtension: "r",
  FieldsV1: "f",
};
/** Messages that the codec knows as scalars, and groups that are not of Kubernetes itself. */
const LEFT_OUT = /\.(testapigroup|metrics)\.|^k8s\.io\.apimachinery\.pkg\.(runtime|util|api)/;

function describeType(pkg: string, type: string, label: string | undefined): string {
  const map = /^map<string,(.*)>$/.exec(type);
  const base = (map?.[1] ?? type).replace(/^\./, "");
  const prefix = map !== null ? "{}" : label === "repeated" ? "*" : "";
  if (CODES[base] !== undefined) return prefix + CODES[base];
  const full = base.includes(".") ? base : `${pkg}.${base}`;
  const isWrapper =
    full.startsWith("k8s.io.apimachinery.") && WRAPPERS[full.split(".").at(-1)!] !== undefined;
  return prefix + (isWrapper ? WRAPPERS[full.split(".").at(-1)!] : full);
}

function describeField(field: MessageField): string {
  const prefix = field.map ? "{}" : field.repeated ? "*" : "";
  return prefix + (field.code === "m" ? field.message : field.code);
}

describe.skipIf(!existsSync(reference))("message tables against the protobuf definitions", () => {
  it("agree on numbers and types of every field", () => {
    const packages = JSON.parse(readFileSync(reference, "utf8")) as Packages;
    const differences: string[] = [];
    for (const [pkg, { messages }] of Object.entries(packages)) {
      if (LEFT_OUT.test(`${pkg}.`)) continue;
      for (const [name, fields] of Object.entries(messages)) {
        if (pkg.endsWith("meta.v1") && (name in WRAPPERS || name === "Timestamp")) continue;
        const message = messageByKey(`${pkg}.${name}`);
        const expected = Object.values(fields).map(
          ([number, type, label]) => `${number} ${describeType(pkg, type, label)}`,
        );
        const actual = (message?.fields ?? []).map((field) => `${field.number} ${describeField(field)}`);
        if (expected.sort().join() !== actual.sort().join())
          differences.push(`${pkg}.${name}: ${actual} is not ${expected}`);
      }
    }
    expect(differences).toEqual([]);
  });
});

describe("message tables", () => {
  it("find the message of a kind, metadata kinds in every group", () => {
    expect(messageKeyOfKind("v1", "Pod")).toBe("k8s.io.api.core.v1.Pod");
    expect(messageKeyOfKind("rbac.authorization.k8s.io/v1", "Role")).toBe("k8s.io.api.rbac.v1.Role");
    expect(messageKeyOfKind("apps/v1", "DeleteOptions")).toBe(
      "k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    );
    expect(messageKeyOfKind("example.com/v1", "Widget")).toBeUndefined();
  });

  it("read the notation: numbers, pointers, inline messages, aliases", () => {
    const volume = messageByKey("k8s.io.api.core.v1.SecretVolumeSource")!;
    expect(volume.byName.get("defaultMode")).toMatchObject({ number: 3, code: "i", pointer: true });
    const probe = messageByKey("k8s.io.api.core.v1.Probe")!;
    expect(probe.byNumber.get(1)).toMatchObject({ inline: true, message: "k8s.io.api.core.v1.ProbeHandler" });
    expect(messageByKey("k8s.io.api.rbac.v1beta1.PolicyRule")!.fields.map((field) => field.name)).toEqual(
      messageByKey("k8s.io.api.rbac.v1.PolicyRule")!.fields.map((field) => field.name),
    );
  });
});
