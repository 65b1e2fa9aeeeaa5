import { errorMessage } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import { itemSchema, type JsonSchema, someSchema } from "../custom/json-schema.ts";
import { hasUnprunedDefaults } from "../custom/pruned-defaults.ts";
import { validateStructural } from "../custom/structural-rules.ts";
import { structuralSchemaOf } from "../custom/structural-schema.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import { validateCaBundle } from "../webhook-client.ts";
import { isAtomic } from "./atomic-items.ts";
import { isConditionTrue } from "./conditions.ts";
import { type InternalSpec, internalSpec, schemaOfVersion, schemasOf } from "./internal-spec.ts";
import { validateMapListKeys } from "./list-and-map-types.ts";
import { REVIEW_VERSIONS } from "./validate-conversion.ts";

/**
 * What a definition is held to. A definition that broke a rule before an update may go on to break it: what is stored must
 * stay writable (apiextensions validationOptions).
 */
export interface DefinitionOptions {
  requiresKnownReviewVersion: boolean;
  allowsInvalidCaBundle: boolean;
  requiresImmutableNames: boolean;
  requiresSchema: boolean;
  requiresValidTypes: boolean;
  requiresStructuralSchema: boolean;
  requiresPrunedDefaults: boolean;
  requiresAtomicSets: boolean;
  requiresMapListKeys: boolean;
  /** Expressions that were there before: they may use what newer rules may not. */
  knownRules: ReadonlySet<string>;
  knownMessageExpressions: ReadonlySet<string>;
  /** Versions whose schema did not change: their rules may cost what they cost. */
  unchangedVersions: ReadonlySet<string>;
}

export const CREATE_OPTIONS: DefinitionOptions = {
  requiresKnownReviewVersion: true,
  allowsInvalidCaBundle: true,
  requiresImmutableNames: false,
  requiresSchema: true,
  requiresValidTypes: true,
  requiresStructuralSchema: true,
  requiresPrunedDefaults: true,
  requiresAtomicSets: true,
  requiresMapListKeys: true,
  knownRules: new Set(),
  knownMessageExpressions: new Set(),
  unchangedVersions: new Set(),
};

export function updateOptions(
  next: CustomResourceDefinition,
  previous: CustomResourceDefinition,
): DefinitionOptions {
  const spec = internalSpec(previous);
  const schemas = schemasOf(spec);
  const isAnywhere = (isWanted: (one: JsonSchema) => boolean) =>
    schemas.some((schema) => someSchema(schema, isWanted));
  const isEstablished = isConditionTrue(previous, "Established");
  return {
    requiresKnownReviewVersion: hasKnownReviewVersion(spec),
    allowsInvalidCaBundle: !isEstablished || hasInvalidCaBundle(spec),
    requiresImmutableNames: isEstablished,
    requiresSchema: hasAllSchemas(spec),
    requiresValidTypes: !isAnywhere(hasInvalidType),
    requiresStructuralSchema: !schemas.some(isNonStructural),
    requiresPrunedDefaults: !schemas.some(hasUnprunedDefaults),
    requiresAtomicSets: !isAnywhere(hasNonAtomicSet),
    requiresMapListKeys: !isAnywhere((schema) => validateMapListKeys(schema, "").length > 0),
    ...knownExpressions(schemas),
    unchangedVersions: unchangedVersions(next, previous),
  };
}

function hasKnownReviewVersion({ conversion }: InternalSpec): boolean {
  const versions = conversion?.conversionReviewVersions ?? [];
  return versions.length === 0 || versions.some((version) => REVIEW_VERSIONS.includes(version));
}

function hasInvalidCaBundle({ conversion }: InternalSpec): boolean {
  return validateCaBundle(conversion?.webhookClientConfig?.caBundle ?? "", "").length > 0;
}

function hasAllSchemas({ validation, versions }: InternalSpec): boolean {
  if (validation?.openAPIV3Schema !== undefined) return true;
  return (versions ?? []).every((version) => version.schema?.openAPIV3Schema !== undefined);
}

/** Types of OpenAPI v3. */
export const SCHEMA_TYPES = ["array", "boolean", "integer", "number", "object", "string"];

const hasInvalidType = ({ type = "" }: JsonSchema) => type !== "" && !SCHEMA_TYPES.includes(type);

export function isNonStructural(schema: JsonSchema): boolean {
  try {
    return validateStructural(structuralSchemaOf(schema), "").length > 0;
  } catch (error) {
    return errorMessage(error) !== "";
  }
}

function hasNonAtomicSet(schema: JsonSchema): boolean {
  const items = itemSchema(schema);
  return schema["x-kubernetes-list-type"] === "set" && items !== undefined && !isAtomic(items);
}

function knownExpressions(schemas: readonly JsonSchema[]) {
  const knownRules = new Set<string>();
  const knownMessageExpressions = new Set<string>();
  for (const schema of schemas) {
    someSchema(schema, (one) => {
      for (const { rule, messageExpression } of one["x-kubernetes-validations"] ?? []) {
        knownRules.add(rule);
        if (messageExpression) knownMessageExpressions.add(messageExpression);
      }
      return false;
    });
  }
  return { knownRules, knownMessageExpressions };
}

function unchangedVersions(next: CustomResourceDefinition, previous: CustomResourceDefinition): Set<string> {
  const names = (next.spec.versions ?? []).map((version) => version.name);
  const known = new Set((previous.spec.versions ?? []).map((version) => version.name));
  return new Set(
    names.filter(
      (name) => known.has(name) && jsonEquals(schemaOfVersion(next, name), schemaOfVersion(previous, name)),
    ),
  );
}
