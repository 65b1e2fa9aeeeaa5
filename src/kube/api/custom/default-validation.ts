import { cloneJson, isJsonObject, jsonEquals } from "../../../formats/index.ts";
import { invalid } from "../field-error.ts";
import { goUnstructured } from "../go-unstructured.ts";
import type { FieldError } from "../types.ts";
import {
  coerceEmbedded,
  coerceResource,
  MetadataProblem,
  validateEmbedded,
  validateResourceMetadata,
} from "./embedded-metadata.ts";
import { type Steps, surrounded } from "./pruned-defaults.ts";
import { pruneResource, pruneValue } from "./pruning.ts";
import { ruleTree } from "./rule-tree.ts";
import { OBJECT_COST_BUDGET, validateRulesOf } from "./rule-validator.ts";
import { asResourceRoot, type StructuralSchema } from "./structural-schema.ts";
import { validateValue } from "./value-validation.ts";

interface Walk {
  requiresPruned: boolean;
  /** What is left for the rules of all defaults. */
  budget: { left: number };
  /** The nearest resource around a schema, and the way from there. */
  root: StructuralSchema;
  steps: Steps;
  isInsideMetadata: boolean;
}

const RESOURCE_FIELDS = ["metadata", "apiVersion", "kind"];

/**
 * Whether all defaults of a structural schema are values that it takes (apiextensions-apiserver ValidateDefaults). `path`
 * names the schema.
 */
export function validateDefaults(
  schema: StructuralSchema,
  path: string,
  { requiresPruned }: { requiresPruned: boolean },
): FieldError[] {
  const root = asResourceRoot(schema);
  const budget = { left: OBJECT_COST_BUDGET };
  return validateSchema(root, path, { requiresPruned, budget, root, steps: [], isInsideMetadata: false });
}

function validateSchema(schema: StructuralSchema, path: string, outer: Walk): FieldError[] {
  if (outer.budget.left < 0) return [];
  const walk = schema.isEmbeddedResource
    ? { ...outer, root: schema, steps: [], isInsideMetadata: false }
    : outer;
  const errors = schema.default === undefined ? [] : validateDefault(schema, `${path}.default`, walk);
  if (schema.items !== undefined) {
    const inner = { ...walk, steps: [...walk.steps, 0 as const] };
    errors.push(...validateSchema(schema.items, `${path}.items`, inner));
  }
  for (const [name, property] of schema.properties) {
    const isInsideMetadata =
      walk.isInsideMetadata || (schema.isEmbeddedResource && RESOURCE_FIELDS.includes(name));
    const inner = { ...walk, steps: [...walk.steps, name], isInsideMetadata };
    errors.push(...validateSchema(property, `${path}.properties[${name}]`, inner));
  }
  return errors;
}

function validateDefault(schema: StructuralSchema, path: string, walk: Walk): FieldError[] {
  if (walk.isInsideMetadata) {
    const problem = metadataProblem(schema.default, walk);
    if (problem !== undefined)
      return [invalid(path, goUnstructured(schema.default), `must result in valid metadata: ${problem}`)];
    return validateByRules(schema.default, schema, path, walk);
  }
  const errors = walk.requiresPruned && !isPruned(schema) ? [unknownFields(schema, path)] : [];
  const value = cloneJson(schema.default);
  try {
    if (schema.isEmbeddedResource) coerceResource(value, schema, path);
    else coerceEmbedded(value, schema, path);
  } catch (error) {
    if (error instanceof MetadataProblem) return [...errors, error.fieldError];
    throw error;
  }
  const ofMetadata = schema.isEmbeddedResource
    ? validateResourceMetadata(value, schema, path)
    : validateEmbedded(value, schema, path);
  if (ofMetadata.length > 0) return [...errors, ...ofMetadata];
  return [...errors, ...validateByRules(value, schema, path, walk)];
}

/** By the rules about values, and if these are kept by those that are expressions. */
function validateByRules(value: unknown, schema: StructuralSchema, path: string, walk: Walk): FieldError[] {
  const errors = validateValue(value, schema, { path, reading: "default" });
  if (errors.length > 0) return errors;
  const tree = ruleTree(schema, { isResourceRoot: schema === walk.root });
  if (tree === undefined) return [];
  const budget = walk.budget.left;
  const unchanged = validateRulesOf(value, tree, { path, previous: value, budget });
  walk.budget.left = unchanged.budget;
  if (unchanged.errors.length > 0) return unchanged.errors;
  // It must also be one that may come where there was nothing.
  const fresh = validateRulesOf(value, tree, { path, budget });
  walk.budget.left = Math.min(unchanged.budget, fresh.budget);
  return fresh.errors;
}

function isPruned(schema: StructuralSchema): boolean {
  const value = cloneJson(schema.default);
  if (schema.isEmbeddedResource) pruneResource(value, schema);
  else pruneValue(value, schema);
  return jsonEquals(value, schema.default);
}

const unknownFields = (schema: StructuralSchema, path: string) =>
  invalid(path, goUnstructured(schema.default), "must not have unknown fields");

/** What is wrong with a resource that has the default and, beside it, only what it must have. */
function metadataProblem(value: unknown, { root, steps }: Walk): string | undefined {
  const object = surrounded(cloneJson(value), steps);
  if (isJsonObject(object)) {
    object.kind ??= "Validation";
    object.apiVersion ??= "validation/v1";
  }
  try {
    coerceResource(object, root);
  } catch (error) {
    if (error instanceof MetadataProblem) return error.message;
    throw error;
  }
  const errors = validateResourceMetadata(object, root);
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  if (texts.length === 0) return undefined;
  return texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
}
