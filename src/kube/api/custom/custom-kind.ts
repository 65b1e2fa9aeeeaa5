import { compileJsonPath, jsonEquals } from "../../../formats/index.ts";
import { invalid } from "../field-error.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../generated/types.ts";
import { keepAllBut, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition, KubeObject, WriteContext } from "../types.ts";
import { Correlation } from "./correlation.ts";
import { readCustomObject } from "./custom-structure.ts";
import { setSchemaDefaults } from "./defaulting.ts";
import { validateEmbedded } from "./embedded-metadata.ts";
import { NO_PATH } from "./field-path.ts";
import { finalizerWarnings } from "./finalizer-warnings.ts";
import type { JsonSchema } from "./json-schema.ts";
import { validateListTypes } from "./list-types.ts";
import { openApiName } from "./open-api.ts";
import { printerColumns } from "./printer-columns.ts";
import { withPrunedDefaults } from "./pruned-defaults.ts";
import { type RuleTree, ruleTree } from "./rule-tree.ts";
import { validateRulesOf } from "./rule-validator.ts";
import { customScale, validateScaleSpec, validateScaleStatus } from "./scale-subresource.ts";
import { type StructuralSchema, structuralSchemaOf } from "./structural-schema.ts";
import { validateValue } from "./value-validation.ts";

/** The kind that one version of a definition describes, by the names that were accepted. */
export interface CustomKind extends KindDefinition<KubeObject> {
  readonly schema: StructuralSchema;
  readonly listKind: string;
  /** An object from the store in the form of today's schema: pruned, with defaults. Changes it in place. */
  readStored: (object: KubeObject) => KubeObject;
}

/**
 * The definition of the kind that a version of a custom resource definition serves (apiextensions-apiserver
 * registry/customresource). Throws where the version has no schema that can be served.
 */
export function customKind(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): CustomKind {
  const { group, scope } = definition.spec;
  const { acceptedNames } = definition.status!;
  const { plural, singular, kind, listKind, shortNames, categories } = acceptedNames!;
  const source = (version.schema?.openAPIV3Schema ?? {}) as JsonSchema;
  const schema = withPrunedDefaults(structuralSchemaOf(source));
  const names = { group, version: version.name, kind };
  const { scale, status } = version.subresources ?? {};
  const strategy = new CustomStrategy({ ...names, schema, scale, hasStatus: status !== undefined });
  return {
    ...names,
    resource: plural,
    singular: singular!,
    listKind: listKind!,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    namespaced: scope === "Namespaced",
    model: openApiName({ ...names, kind }),
    schema,
    hasStatus: status !== undefined,
    tracksGeneration: true,
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: false,
    takesAnyFinalizer: true,
    takesOldMetadata: true,
    readStructure: (input) => readCustomObject(input, names, schema),
    readStored: (object) => strategy.readStored(object),
    defaults: (object) => strategy.setDefaults(object),
    validate: (next, previous, context) => strategy.validate(next, previous, context),
    validateStatusUpdate: (next, previous, context) => strategy.validateStatus(next, previous, context),
    warnings: finalizerWarnings,
    prepareForCreate: (object) => strategy.prepareForCreate(object),
    prepareForUpdate: (next, previous) => strategy.prepareForUpdate(next, previous),
    prepareForStatusUpdate,
    ...(scale === undefined ? {} : { scale: customScale(scale) }),
    selectableFields: selectableFields(version),
    columns: printerColumns(version.additionalPrinterColumns),
  };
}

interface StrategyOptions {
  group: string;
  version: string;
  kind: string;
  schema: StructuralSchema;
  scale: NonNullable<CustomResourceDefinitionVersion["subresources"]>["scale"];
  hasStatus: boolean;
}

interface Update {
  previous: KubeObject | undefined;
  correlation: Correlation | undefined;
  context: WriteContext | undefined;
}

class CustomStrategy {
  readonly #options: StrategyOptions;
  #tree: { rules: RuleTree | undefined } | undefined;

  constructor(options: StrategyOptions) {
    this.#options = options;
  }

  /** Whatever says to be of another kind is left as it is. */
  setDefaults(object: KubeObject): void {
    if (this.#typeErrors(object).length === 0) setSchemaDefaults(object, this.#options.schema);
  }

  readStored(object: KubeObject): KubeObject {
    const { object: read } = readCustomObject(object, this.#options, this.#options.schema);
    // Objects of old had no generation.
    read.metadata.generation ??= 1;
    this.setDefaults(read);
    return read;
  }

  prepareForCreate(object: KubeObject): void {
    if (this.#options.hasStatus) delete object.status;
  }

  prepareForUpdate(next: KubeObject, previous: KubeObject): void {
    if (this.#options.hasStatus) keepStatus(next, previous);
    const { metadata: _, ...wanted } = next;
    const { metadata: __, ...before } = previous;
    if (!jsonEquals(wanted, before)) next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
  }

  validate(
    next: KubeObject,
    previous: KubeObject | undefined,
    context: WriteContext | undefined,
  ): FieldError[] {
    const { schema, scale } = this.#options;
    const correlation = previous && new Correlation(next, previous, schema);
    const ofType = this.#typeErrors(next);
    const errors =
      ofType.length > 0
        ? ofType
        : [
            ...validateValue(next, schema, { correlation }),
            ...validateScaleSpec(next, scale),
            ...validateScaleStatus(next, scale),
          ];
    errors.push(...validateEmbedded(next, schema));
    if (previous === undefined || validateListTypes(previous, schema).length === 0)
      errors.push(...validateListTypes(next, schema));
    return [...errors, ...this.#validateByRules(next, errors, { previous, correlation, context })];
  }

  validateStatus(next: KubeObject, previous: KubeObject, context: WriteContext | undefined): FieldError[] {
    const { schema, scale } = this.#options;
    const correlation = new Correlation(next, previous, schema);
    const ofType = this.#typeErrors(next);
    const statusSchema = schema.properties.get("status");
    const errors = ofType;
    if (ofType.length === 0) {
      if (statusSchema !== undefined && next.status !== undefined) {
        const ofStatus =
          correlation.field("status") ?? new Correlation(next.status, previous.status, statusSchema);
        errors.push(...validateValue(next.status, statusSchema, { path: "status", correlation: ofStatus }));
      }
      errors.push(...validateScaleStatus(next, scale));
    }
    const ofLists = validateListTypes(next, schema);
    if (ofLists.length > 0 && validateListTypes(previous, schema).length === 0) errors.push(...ofLists);
    return [...errors, ...this.#validateByRules(next, errors, { previous, correlation, context })];
  }

  /** Rules that are expressions are left where they would not know what they look at. */
  #validateByRules(
    next: KubeObject,
    errors: readonly FieldError[],
    { previous, correlation, context }: Update,
  ): FieldError[] {
    const tree = this.#rules();
    if (tree === undefined) return [];
    if (errors.some(({ type }) => BLOCKING.has(type))) return [invalid(NO_PATH, null, NOT_CHECKED)];
    return validateRulesOf(next, tree, { previous, correlation, warnings: context?.warnings }).errors;
  }

  /** Compiled when the first object is written. */
  #rules(): RuleTree | undefined {
    this.#tree ??= { rules: ruleTree(this.#options.schema, { isResourceRoot: true }) };
    return this.#tree.rules;
  }

  #typeErrors({ kind, apiVersion }: KubeObject): FieldError[] {
    const wanted = this.#options;
    const wantedVersion = `${wanted.group}/${wanted.version}`;
    const errors: FieldError[] = [];
    if (kind !== wanted.kind) errors.push(invalid("kind", kind, `must be ${wanted.kind}`));
    if (apiVersion !== wantedVersion)
      errors.push(invalid("apiVersion", apiVersion, `must be ${wantedVersion}`));
    return errors;
  }
}

/** After errors of these types expressions would not know what they look at (hasBlockingErr). */
const BLOCKING = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

const NOT_CHECKED =
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

/** An update through `/status` changes nothing else, and says who did. */
function prepareForStatusUpdate(next: KubeObject, previous: KubeObject): void {
  const { managedFields } = next.metadata;
  keepAllBut(next, previous, ["status"]);
  if (managedFields === undefined) delete next.metadata.managedFields;
  else next.metadata.managedFields = managedFields;
}

function selectableFields({ selectableFields: fields = [] }: CustomResourceDefinitionVersion) {
  const paths = fields.map(
    ({ jsonPath }) => [jsonPath.replace(/^\./, ""), compileJsonPath(`{${jsonPath}}`)] as const,
  );
  return (object: KubeObject) =>
    Object.fromEntries(paths.map(([name, path]) => [name, String(path.select(object)[0] ?? "")]));
}
