import { type CelSchema, type DeclType, escapeProperty, schemaDeclType } from "../../cel/index.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { atMostUint64, RuleCosts } from "./rule-costs.ts";

/** The type of a schema as part of that around it. */
type Step = (around: DeclType) => DeclType | undefined;

/** Where a schema stands within the root's, as far as rules in it care (apiextensions CELSchemaContext). */
export class RulePlace {
  readonly #schema: JsonSchema;
  readonly #around: RulePlace | undefined;
  readonly #step: Step | undefined;
  #found: { type: DeclType | undefined } | undefined;
  /** Of all rules in the root's schema. */
  readonly costs: RuleCosts;
  /** How often its data can be there at most; undefined: as often as requests have room. */
  readonly cardinality: number | undefined;

  private constructor(schema: JsonSchema, around?: RulePlace, step?: Step) {
    this.#schema = schema;
    this.#around = around;
    this.#step = step;
    this.costs = around?.costs ?? new RuleCosts();
    this.cardinality = around === undefined ? 1 : around.#cardinalityWithin();
  }

  static root(schema: JsonSchema): RulePlace {
    return new RulePlace(schema);
  }

  property(name: string, schema: JsonSchema): RulePlace {
    const escaped = escapeProperty(name);
    return new RulePlace(schema, this, ({ fields }) =>
      escaped === undefined ? undefined : fields?.get(escaped),
    );
  }

  /** What stands in a list or a map. */
  element(schema: JsonSchema): RulePlace {
    return new RulePlace(schema, this, ({ element }) => element);
  }

  /** Undefined: it is nothing that rules can see. */
  get type(): DeclType | undefined {
    this.#found ??= { type: this.#findType() };
    return this.#found.type;
  }

  #findType(): DeclType | undefined {
    if (this.#around?.isRuled) {
      const around = this.#around.type;
      if (around === undefined) return undefined;
      const type = this.#step?.(around);
      if (type !== undefined) return type;
    }
    const isResource = this.#around === undefined || this.#schema["x-kubernetes-embedded-resource"] === true;
    return schemaDeclType(this.#schema as CelSchema, isResource ? "resource-root" : "inner");
  }

  /** Whether there are rules for it or around it: then its type is told by theirs. */
  get isRuled(): boolean {
    const { length } = this.#schema["x-kubernetes-validations"] ?? [];
    return length > 0 || (this.#around?.isRuled ?? false);
  }

  #cardinalityWithin(): number | undefined {
    const most = mostElements(this.#schema);
    if (this.cardinality === undefined || most === undefined) return undefined;
    return atMostUint64(this.cardinality * most);
  }
}

/** How many times over a schema lets be there what is within it. */
function mostElements({
  type,
  additionalProperties,
  maxProperties,
  maxItems,
}: JsonSchema): number | undefined {
  const isMap = type === "object" && additionalProperties !== undefined;
  if (!isMap && type !== "array") return 1;
  const most = isMap ? maxProperties : maxItems;
  return most === undefined ? undefined : Math.max(0, most);
}
