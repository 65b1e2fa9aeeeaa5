import { readCustomObject } from "../custom/custom-structure.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { customOpenApi, openApiName } from "../custom/open-api.ts";
import { structuralSchemaOf } from "../custom/structural-schema.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import type { ApiObject, KindDefinition, KubeObject, TableColumn } from "../types.ts";

export interface ComputedKind {
  group: string;
  version: string;
  kind: string;
  /** Lower-case plural. */
  resource: string;
  namespaced: boolean;
  /** An OpenAPI schema without the fields that every object has. */
  schema: JsonSchema;
  columns: TableColumn[];
}

/** A kind that is only read, and of which the models that are generated know nothing: it is described as custom kinds are. */
export function computedKind<T extends ApiObject>(described: ComputedKind): KindDefinition<T> {
  const { group, version, kind, resource, namespaced, schema, columns } = described;
  const names = { group, version, kind };
  const served = {
    name: version,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
  };
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${resource}.${group}` },
    spec: {
      group,
      names: { kind, plural: resource, listKind: `${kind}List` },
      scope: namespaced ? "Namespaced" : "Cluster",
      versions: [served],
    },
  } as unknown as CustomResourceDefinition;
  return {
    ...names,
    resource,
    singular: "",
    namespaced,
    model: openApiName(names),
    verbs: ["get", "list"],
    use: "computed",
    hasStatus: false,
    columns,
    readStructure: (input) =>
      readCustomObject(input, names, structuralSchemaOf(schema)) as {
        object: KubeObject;
        unknownFields: string[];
      },
    openApi: (openApi) => customOpenApi(definition, definition.spec.versions[0]!, openApi),
  };
}
