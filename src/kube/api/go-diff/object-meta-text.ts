import type { OwnerReference } from "../types.ts";

interface Metadata {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

const mapText = (map: Record<string, string> = {}) =>
  `map[string]string{${Object.keys(map)
    .sort()
    .map((key) => `${key}: ${map[key]},`)
    .join("")}}`;

const pointerText = (value: unknown) => (value === undefined ? "nil" : `*${value}`);

const ownerText = ({ kind, name, uid, apiVersion, controller, blockOwnerDeletion }: OwnerReference) =>
  `OwnerReference{Kind:${kind ?? ""},Name:${name ?? ""},UID:${uid ?? ""},APIVersion:${apiVersion ?? ""},Controller:${pointerText(controller)},BlockOwnerDeletion:${pointerText(blockOwnerDeletion)},},`;

/** How metadata prints itself (its generated String method): as it is sent for what is made later, without times and managers. */
export function objectMetaText(metadata: Metadata = {}): string {
  const members = {
    Name: metadata.name ?? "",
    GenerateName: metadata.generateName ?? "",
    Namespace: metadata.namespace ?? "",
    SelfLink: "",
    UID: metadata.uid ?? "",
    ResourceVersion: metadata.resourceVersion ?? "",
    Generation: metadata.generation ?? 0,
    CreationTimestamp: "0001-01-01 00:00:00 +0000 UTC",
    DeletionTimestamp: "<nil>",
    DeletionGracePeriodSeconds: "nil",
    Labels: mapText(metadata.labels),
    Annotations: mapText(metadata.annotations),
    OwnerReferences: `[]OwnerReference{${(metadata.ownerReferences ?? []).map(ownerText).join("")}}`,
    Finalizers: `[${(metadata.finalizers ?? []).join(" ")}]`,
    ManagedFields: "[]ManagedFieldsEntry{}",
  };
  const texts = Object.entries(members).map(([name, text]) => `${name}:${text},`);
  return `&ObjectMeta{${texts.join("")}}`;
}
