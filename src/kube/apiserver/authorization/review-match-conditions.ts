import { A_BOOL, aggregateText, compileExpression } from "../../api/index.ts";
import {
  CelEnvironment,
  type CelType,
  jsonValue,
  listType,
  mapType,
  objectType,
  type Program,
  STRING,
} from "../../cel/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { RequestInfo } from "../request-info.ts";
import { shownRequirement } from "./shown-requirement.ts";

const STRINGS = listType(STRING);
const RESOURCE = objectType("kubernetes.ResourceAttributes");
const NON_RESOURCE = objectType("kubernetes.NonResourceAttributes");
const SPEC = objectType("kubernetes.SubjectAccessReviewSpec");
const FIELD_SELECTOR = objectType("kubernetes.FieldSelectorAttributes");
const LABEL_SELECTOR = objectType("kubernetes.LabelSelectorAttributes");
const REQUIREMENT = objectType("kubernetes.SelectorRequirement");
const SELECTOR_FIELDS = { rawSelector: STRING, requirements: listType(REQUIREMENT) };

const FIELDS: Readonly<Record<string, Readonly<Record<string, CelType>>>> = {
  [SPEC.name]: {
    resourceAttributes: RESOURCE,
    nonResourceAttributes: NON_RESOURCE,
    user: STRING,
    groups: STRINGS,
    extra: mapType(STRING, STRINGS),
    uid: STRING,
  },
  [RESOURCE.name]: {
    ...{ namespace: STRING, verb: STRING, group: STRING, version: STRING },
    ...{ resource: STRING, subresource: STRING, name: STRING },
    fieldSelector: FIELD_SELECTOR,
    labelSelector: LABEL_SELECTOR,
  },
  [NON_RESOURCE.name]: { path: STRING, verb: STRING },
  [FIELD_SELECTOR.name]: SELECTOR_FIELDS,
  [LABEL_SELECTOR.name]: SELECTOR_FIELDS,
  [REQUIREMENT.name]: { key: STRING, operator: STRING, values: STRINGS },
};

let environment: CelEnvironment | undefined;

/** Compiles a condition on `request`, the spec of a SubjectAccessReview (apiserver's authorization/cel). */
export function compileReviewCondition(text: string): { program: Program } | { problem: string } {
  environment ??= new CelEnvironment({
    variables: { request: SPEC },
    structs: {
      hasType: (name) => Object.hasOwn(FIELDS, name),
      fieldType: (name, field) => {
        const fields = Object.hasOwn(FIELDS, name) ? FIELDS[name]! : {};
        return Object.hasOwn(fields, field) ? fields[field] : undefined;
      },
    },
  });
  return compileExpression(environment, text, A_BOOL);
}

/** The expressions that say of which requests a webhook is asked. They must compile. */
export class ReviewMatchConditions {
  readonly #conditions: readonly { text: string; program: Program }[];

  constructor(texts: readonly string[]) {
    this.#conditions = texts.map((text) => {
      const compiled = compileReviewCondition(text);
      if ("problem" in compiled) throw new Error(compiled.problem);
      return { text, program: compiled.program };
    });
  }

  /** Whether all hold. One that does not decides; else those that fail are thrown. */
  hold(user: UserInfo, info: RequestInfo): boolean {
    if (this.#conditions.length === 0) return true;
    const request = jsonValue(requestOf(user, info));
    const errors: string[] = [];
    for (const { text, program } of this.#conditions) {
      const found = program.evaluate({ request });
      if (!found.ok)
        errors.push(`cel evaluation error: expression '${text}' resulted in error: ${found.error}`);
      else if (found.value !== true) return false;
    }
    if (errors.length > 0) throw new Error(aggregateText(errors));
    return true;
  }
}

/** All texts are there, empty ones too. */
function requestOf({ name, groups, uid = "", extra = {} }: UserInfo, info: RequestInfo): object {
  const who = { user: name, groups, uid, extra };
  if (!info.isResource) return { ...who, nonResourceAttributes: { path: info.path, verb: info.verb } };
  const { namespace = "", verb, group, version, resource, subresource = "", fieldRequirements = [] } = info;
  const attributes = { namespace, verb, group, version, resource, subresource, name: info.name ?? "" };
  const selector =
    fieldRequirements.length > 0
      ? { fieldSelector: { requirements: fieldRequirements.map(shownRequirement) } }
      : {};
  return { ...who, resourceAttributes: { ...attributes, ...selector } };
}
