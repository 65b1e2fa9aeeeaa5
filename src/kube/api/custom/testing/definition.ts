import { cloneJson } from "../../../../formats/index.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../../generated/types.ts";
import { type CustomKind, customKind } from "../custom-kind.ts";
import type { JsonSchema } from "../json-schema.ts";

/** A definition of `widgets.example.com` whose one version has this schema, as it is once it is served. */
export function definitionOf(
  openAPIV3Schema: JsonSchema,
  version: Partial<CustomResourceDefinitionVersion> = {},
): CustomResourceDefinition {
  const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com", uid: "u", resourceVersion: "1", creationTimestamp: null },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names,
      conversion: { strategy: "None" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema }, ...version }],
    } as CustomResourceDefinition["spec"],
    status: { acceptedNames: cloneJson(names), storedVersions: ["v1"], conditions: [] },
  };
}

export function kindOf(
  openAPIV3Schema: JsonSchema,
  version: Partial<CustomResourceDefinitionVersion> = {},
): CustomKind {
  const definition = definitionOf(openAPIV3Schema, version);
  return customKind(definition, definition.spec.versions[0]!);
}

/** A widget with this spec and, perhaps, status. */
export const widget = (spec: unknown, more: object = {}): object => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "w", namespace: "n" },
  spec,
  ...more,
});
