import { isDns1035Label, jsonEquals } from "../../../formats/index.ts";
import { invalid, invalidEach, notSupported, optionalOneOf, required } from "../field-error.ts";
import type { LabelSelector } from "../generated/types.ts";
import { validateFullyQualifiedName } from "../meta/domain-name.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import type { FieldError } from "../types.ts";
import { validateWebhookService, validateWebhookUrl } from "../webhook-client.ts";
import { validateMatchConditions } from "./match-conditions.ts";
import { MATCH_POLICIES } from "./match-resources.ts";
import { validateRule } from "./validate-rule.ts";
import type { Webhook } from "./webhook-configuration.ts";

export const FAILURE_POLICIES = ["Fail", "Ignore"];
const REINVOCATION_POLICIES = ["IfNeeded", "Never"];
const SIDE_EFFECTS = ["None", "NoneOnDryRun", "Some", "Unknown"];
const NO_SIDE_EFFECTS = ["None", "NoneOnDryRun"];
const REVIEW_VERSIONS = ["v1", "v1beta1"];

/** What was wrong before an update, and is let be. */
export interface Tolerance {
  unchangedConditions: boolean;
  sideEffects: boolean;
  unknownReviewVersions: boolean;
  repeatedNames: boolean;
  labelValues: boolean;
  storedExpressions: ReadonlySet<string>;
}

export function toleranceOf(next: readonly Webhook[], previous: readonly Webhook[] | undefined): Tolerance {
  const before = previous ?? [];
  const conditions = (webhooks: readonly Webhook[]) =>
    webhooks.map(({ matchConditions = [] }) => matchConditions);
  return {
    unchangedConditions: previous !== undefined && jsonEquals(conditions(next), conditions(before)),
    sideEffects: before.some(({ sideEffects }) => !NO_SIDE_EFFECTS.includes(sideEffects)),
    unknownReviewVersions: before.some(
      ({ admissionReviewVersions: versions }) =>
        versions?.length > 0 && !versions.some((version) => REVIEW_VERSIONS.includes(version)),
    ),
    repeatedNames: new Set(before.map(({ name }) => name)).size < before.length,
    labelValues: before.some(
      ({ namespaceSelector, objectSelector }) =>
        validateLabelSelector(namespaceSelector, "").length +
          validateLabelSelector(objectSelector, "").length >
        0,
    ),
    storedExpressions: new Set(
      conditions(before).flatMap((list) => list.map(({ expression }) => expression)),
    ),
  };
}

export function validateWebhook(webhook: Webhook, path: string, tolerance: Tolerance): FieldError[] {
  const { rules = [], failurePolicy, matchPolicy, reinvocationPolicy, matchConditions = [] } = webhook;
  return [
    ...validateFullyQualifiedName(webhook.name, `${path}.name`),
    ...rules.flatMap((rule, index) => validateRule(rule, `${path}.rules[${index}]`)),
    ...optionalOneOf(`${path}.failurePolicy`, failurePolicy, FAILURE_POLICIES),
    ...optionalOneOf(`${path}.matchPolicy`, matchPolicy, MATCH_POLICIES),
    ...validateSideEffects(webhook.sideEffects, `${path}.sideEffects`, tolerance),
    ...validateTimeout(webhook.timeoutSeconds, `${path}.timeoutSeconds`),
    ...validateSelector(webhook.namespaceSelector, `${path}.namespaceSelector`, tolerance),
    ...validateSelector(webhook.objectSelector, `${path}.objectSelector`, tolerance),
    ...optionalOneOf(`${path}.reinvocationPolicy`, reinvocationPolicy, REINVOCATION_POLICIES),
    ...validateClient(webhook.clientConfig, `${path}.clientConfig`),
    ...(tolerance.unchangedConditions
      ? []
      : validateMatchConditions(matchConditions, `${path}.matchConditions`, {
          hasParams: false,
          stored: tolerance.storedExpressions,
        })),
  ];
}

function validateSideEffects(value: string | undefined, path: string, tolerance: Tolerance): FieldError[] {
  const allowed = tolerance.sideEffects ? SIDE_EFFECTS : NO_SIDE_EFFECTS;
  if (value === undefined) return [required(path, `must specify one of ${allowed.join(", ")}`)];
  return allowed.includes(value) ? [] : [notSupported(path, value, allowed)];
}

function validateTimeout(seconds: number | undefined, path: string): FieldError[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= 30)) return [];
  return [invalid(path, seconds, "the timeout value must be between 1 and 30 seconds")];
}

function validateSelector(
  selector: LabelSelector | undefined,
  path: string,
  { labelValues }: Tolerance,
): FieldError[] {
  const errors = validateLabelSelector(selector, path);
  return labelValues ? errors.filter(({ field }) => !/\.values\[\d+\]$/.test(field)) : errors;
}

function validateClient(client: Webhook["clientConfig"] = {}, path: string): FieldError[] {
  const { url, service } = client;
  if ((url === undefined) === (service === undefined))
    return [required(path, "exactly one of url or service is required")];
  if (url !== undefined) return validateWebhookUrl(url, `${path}.url`);
  // Upstream hands over name and namespace in each other's place, and so tells of the other one.
  const { name, namespace, ...rest } = service!;
  return validateWebhookService({ ...rest, name: namespace, namespace: name }, `${path}.service`);
}

/** The versions of the review that a webhook reads: one at least that this server writes. */
export function validateReviewVersions(
  versions: readonly string[],
  path: string,
  tolerance: Tolerance,
): FieldError[] {
  const known = REVIEW_VERSIONS.join(", ");
  if (versions.length === 0) return [required(path, `must specify one of ${known}`)];
  const errors = versions.flatMap((version, index) => {
    const at = `${path}[${index}]`;
    if (versions.indexOf(version) < index) return [invalid(at, version, "duplicate version")];
    return invalidEach(at, version, isDns1035Label(version));
  });
  const isRead = versions.some((version) => REVIEW_VERSIONS.includes(version));
  if (!isRead && !tolerance.unknownReviewVersions)
    errors.push(invalid(path, versions, `must include at least one of ${known}`));
  return errors;
}
