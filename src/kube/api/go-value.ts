import { Buffer } from "node:buffer";
import { parseQuantity, type QuantityFormat } from "../../formats/index.ts";
import { GoLiteral } from "./field-error.ts";
import type { ObjectReference } from "./generated/types.ts";
import type { KubeObject, OwnerReference } from "./types.ts";

/** A field of a Go struct that is a pointer: `%#v` prints where it points, which differs from process to process. */
export function goPointer(type: string, value: unknown): GoLiteral {
  return new GoLiteral(value === undefined ? `(*${type})(nil)` : `(*${type})(0xc000000000)`);
}

let madePointers = 0;

/** A pointer to what is made for the message only: no other points there. */
export function goNewPointer(type: string): GoLiteral {
  const address = 0xc00000000000 + 16 * (++madePointers % 0x1000000);
  return new GoLiteral(`(*${type})(0x${address.toString(16)})`);
}

export const GO_NIL_STRING: GoLiteral = goPointer("string", undefined);

/** A struct as `%#v` prints it: `rbac.RoleRef{APIGroup:"", Kind:"Role", Name:"r"}`. */
export function goStruct(
  type: string,
  fields: Record<string, string | number | boolean | GoLiteral>,
): GoLiteral {
  const list = Object.entries(fields).map(([name, value]) => {
    const text = value instanceof GoLiteral ? value.text : JSON.stringify(value);
    return `${name}:${text}`;
  });
  return new GoLiteral(`${type}{${list.join(", ")}}`);
}

export function goIntOrString(value: number | string): GoLiteral {
  const isText = typeof value === "string";
  const fields = { Type: isText ? 1 : 0, IntVal: isText ? 0 : value, StrVal: isText ? value : "" };
  return goStruct("intstr.IntOrString", fields);
}

const SCALES: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** What Go keeps of a `resource.Quantity` in canonical form (`200m`, `1Gi`, `1e3`). */
export function parseQuantityParts(text: string): { value: string; scale: number; format: QuantityFormat } {
  const [, digits = "0", suffix = ""] = /^(-?\d+)(.*)$/.exec(text) ?? [];
  const exponent = /^e(-?\d+)$/.exec(suffix)?.[1];
  const { nanos, format } = parseQuantity(text);
  const scale = exponent === undefined ? SCALES[suffix] : Number(exponent);
  const value = scale === undefined ? String(nanos / 1_000_000_000n) : digits;
  return { value, scale: scale ?? 0, format };
}

export function goQuantity(text: string): GoLiteral {
  const { value, scale, format } = parseQuantityParts(text);
  return goStruct("resource.Quantity", {
    i: goStruct("resource.int64Amount", { value: new GoLiteral(value), scale }),
    d: new GoLiteral("resource.infDecAmount{Dec:(*inf.Dec)(nil)}"),
    s: text,
    Format: format,
  });
}

/** A `runtime.RawExtension`: the bytes of its JSON as the client wrote them, as far as they are known. */
export function goRawExtension(value: unknown): GoLiteral {
  const raw = value === null || value === undefined ? undefined : Buffer.from(JSON.stringify(value));
  const bytes = byteSlice("[]uint8", raw);
  return new GoLiteral(`runtime.RawExtension{Raw:${bytes}, Object:runtime.Object(nil)}`);
}

/** Bytes that stand in a field of their own, given in base64. */
export function goBytes(base64: string | null | undefined): GoLiteral {
  return new GoLiteral(byteSlice("[]byte", base64 ? Buffer.from(base64, "base64") : undefined));
}

function byteSlice(type: string, bytes: Buffer | undefined): string {
  if (bytes === undefined) return `${type}(nil)`;
  return `${type}{${[...bytes].map((byte) => `0x${byte.toString(16)}`).join(", ")}}`;
}

/** A `metav1.Time` or `MicroTime`, which print themselves: `2009-01-01 01:01:01 +0000 UTC`. */
export function goTime(text: string | null | undefined): GoLiteral {
  if (!text) return new GoLiteral("0001-01-01 00:00:00 +0000 UTC");
  const [, date, time, fraction = ""] = /^(\d+-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(text) ?? [];
  const digits = fraction.replace(/0+$/, "");
  return new GoLiteral(`${date} ${time}${digits === "" ? "" : `.${digits}`} +0000 UTC`);
}

const REFERENCE_FIELDS = {
  Kind: "kind",
  Namespace: "namespace",
  Name: "name",
  UID: "uid",
  APIVersion: "apiVersion",
  ResourceVersion: "resourceVersion",
  FieldPath: "fieldPath",
} as const;

export function goObjectReference(reference: ObjectReference | undefined): GoLiteral {
  const fields = Object.entries(REFERENCE_FIELDS).map(([name, field]) => [name, reference?.[field] ?? ""]);
  return goStruct("core.ObjectReference", Object.fromEntries(fields));
}

const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);

/** A pointer to a `metav1.Time` inside a struct: `time.Date(2004, time.January, 1, 1, 1, 1, 0, time.Local)`. */
export function goTimeLiteral(text: string | undefined): GoLiteral {
  if (text === undefined) return new GoLiteral("<nil>");
  const [year, month, ...rest] = text
    .split(/[-T:Z]/)
    .filter(Boolean)
    .map(Number) as [number, number];
  return new GoLiteral(
    `time.Date(${[year, `time.${MONTHS[month - 1]}`, ...rest, 0].join(", ")}, time.Local)`,
  );
}

/** A time inside a struct. */
function goNestedTime(text: string | null | undefined): GoLiteral {
  const date = new Date(text ?? "0001-01-01T00:00:00Z");
  const month = date.toLocaleString("en", { month: "long", timeZone: "UTC" });
  const day = `${date.getUTCDate()}, ${date.getUTCHours()}, ${date.getUTCMinutes()}, ${date.getUTCSeconds()}`;
  return new GoLiteral(`time.Date(${date.getUTCFullYear()}, time.${month}, ${day}, 0, time.UTC)`);
}

function goStringMap(map: Record<string, string> | undefined): GoLiteral {
  if (!map) return new GoLiteral("map[string]string(nil)");
  const pairs = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return new GoLiteral(`map[string]string{${texts.join(", ")}}`);
}

/** An object's metadata, as where none may be given. */
export function goObjectMeta(metadata: Partial<KubeObject["metadata"]>): GoLiteral {
  const { name = "", generateName = "", namespace = "", uid = "", resourceVersion = "" } = metadata;
  const { generation = 0, creationTimestamp, deletionTimestamp, labels, annotations, finalizers } = metadata;
  return goStruct("v1.ObjectMeta", {
    Name: name,
    GenerateName: generateName,
    Namespace: namespace,
    SelfLink: "",
    UID: uid,
    ResourceVersion: resourceVersion,
    Generation: generation,
    CreationTimestamp: goNestedTime(creationTimestamp),
    DeletionTimestamp: goTimeLiteral(deletionTimestamp),
    DeletionGracePeriodSeconds: goPointer("int64", metadata.deletionGracePeriodSeconds),
    Labels: goStringMap(labels),
    Annotations: goStringMap(annotations),
    OwnerReferences: goList("v1.OwnerReference", metadata.ownerReferences, goOwner),
    Finalizers: goList("string", finalizers, (one) => new GoLiteral(JSON.stringify(one))),
    ManagedFields: goList(
      "v1.ManagedFieldsEntry",
      metadata.managedFields as ManagedFields[],
      goManagedFields,
    ),
  });
}

function goList<T>(type: string, list: T[] | undefined, shown: (item: T) => GoLiteral): GoLiteral {
  if (list === undefined) return new GoLiteral(`[]${type}(nil)`);
  return new GoLiteral(`[]${type}{${list.map((item) => shown(item).text).join(", ")}}`);
}

const goOwner = (owner: OwnerReference) =>
  goStruct("v1.OwnerReference", {
    APIVersion: owner.apiVersion ?? "",
    Kind: owner.kind ?? "",
    Name: owner.name ?? "",
    UID: owner.uid ?? "",
    Controller: goPointer("bool", owner.controller),
    BlockOwnerDeletion: goPointer("bool", owner.blockOwnerDeletion),
  });

interface ManagedFields {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: object;
  subresource?: string;
}

const goManagedFields = (one: ManagedFields) =>
  goStruct("v1.ManagedFieldsEntry", {
    Manager: one.manager ?? "",
    Operation: one.operation ?? "",
    APIVersion: one.apiVersion ?? "",
    Time: goTimeLiteral(one.time),
    FieldsType: one.fieldsType ?? "",
    FieldsV1: goPointer("v1.FieldsV1", one.fieldsV1),
    Subresource: one.subresource ?? "",
  });
