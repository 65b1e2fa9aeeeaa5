import { type CelSchema, type DeclType, escapeProperty, schemaDeclType } from "../../cel/index.ts";
import { type CompiledRule, compileRules } from "./rule-compiler.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** The rules of a schema and of those within it, as far as there are any (apiextensions-apiserver cel.Validator). */
export interface RuleTree {
  readonly schema: StructuralSchema;
  /** As the values that rules look at have it. */
  readonly valueSchema: CelSchema;
  readonly rules: readonly CompiledRule[];
  /** There are rules, but nothing is known of the type that they speak of. */
  readonly isUntyped: boolean;
  readonly items?: RuleTree | undefined;
  readonly values?: RuleTree | undefined;
  readonly properties: ReadonlyMap<string, RuleTree>;
}

/** Undefined: there are no rules. */
export function ruleTree(
  schema: StructuralSchema,
  { isResourceRoot }: { isResourceRoot: boolean },
): RuleTree | undefined {
  if (!hasRules(schema)) return undefined;
  return treeOf(schema, isResourceRoot, declType(schema, isResourceRoot));
}

function hasRules({ rules, items, additionalProperties, properties }: StructuralSchema): boolean {
  const inner = [items, additionalProperties?.schema, ...properties.values()];
  return rules.length > 0 || inner.some((one) => one !== undefined && hasRules(one));
}

/** The type of what a schema describes, as rules see it. */
export function declType(
  schema: StructuralSchema,
  isResourceRoot = schema.isEmbeddedResource,
): DeclType | undefined {
  return schemaDeclType(schema.source as CelSchema, isResourceRoot ? "resource-root" : "inner");
}

function treeOf(
  schema: StructuralSchema,
  isResourceRoot: boolean,
  decl: DeclType | undefined,
): RuleTree | undefined {
  const { items, additionalProperties, rules, source } = schema;
  const inner = (one: StructuralSchema | undefined) =>
    one && treeOf(one, one.isEmbeddedResource, decl?.element);
  const tree: RuleTree = {
    schema,
    valueSchema: (isResourceRoot
      ? { ...source, "x-kubernetes-embedded-resource": true }
      : source) as CelSchema,
    rules: decl === undefined ? [] : compileRules(schema, decl),
    isUntyped: decl === undefined && rules.length > 0,
    items: inner(items),
    values: inner(additionalProperties?.schema),
    properties: propertyTrees(schema, decl),
  };
  const isEmpty =
    rules.length === 0 && tree.items === undefined && tree.values === undefined && tree.properties.size === 0;
  return isEmpty ? undefined : tree;
}

/** Properties of unknown type are left out of all this. */
function propertyTrees({ properties }: StructuralSchema, decl: DeclType | undefined): Map<string, RuleTree> {
  const trees = new Map<string, RuleTree>();
  for (const [name, property] of properties) {
    const escaped = escapeProperty(name);
    const type = escaped === undefined ? declType(property) : decl?.fields?.get(escaped);
    const tree = type && treeOf(property, property.isEmbeddedResource, type);
    if (tree !== undefined) trees.set(name, tree);
  }
  return trees;
}
