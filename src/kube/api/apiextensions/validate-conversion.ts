import { isDns1035Label } from "../../../formats/index.ts";
import { forbidden, invalid, invalidEach, oneOf, required } from "../field-error.ts";
import type { ApiextensionsV1WebhookClientConfig } from "../generated/types.ts";
import type { FieldError } from "../types.ts";
import { validateCaBundle, validateWebhookService, validateWebhookUrl } from "../webhook-client.ts";
import type { InternalConversion } from "./internal-spec.ts";

/** Versions of ConversionReview that are spoken. */
export const REVIEW_VERSIONS = ["v1", "v1beta1"];

export interface ConversionOptions {
  requiresKnownReviewVersion: boolean;
  allowsInvalidCaBundle: boolean;
}

export function validateConversion(
  conversion: InternalConversion | undefined,
  options: ConversionOptions,
  path: string,
): FieldError[] {
  if (conversion === undefined) return [];
  const { strategy, webhookClientConfig: config, conversionReviewVersions: versions } = conversion;
  const errors = oneOf(`${path}.strategy`, strategy, ["None", "Webhook"]);
  if (strategy === "Webhook") {
    return [
      ...errors,
      ...validateClientConfig(config, options, `${path}.webhookClientConfig`),
      ...validateReviewVersions(versions, options, `${path}.conversionReviewVersions`),
    ];
  }
  const why = "should not be set when strategy is not set to Webhook";
  if (config !== undefined) errors.push(forbidden(`${path}.webhookClientConfig`, why));
  if (versions.length > 0) errors.push(forbidden(`${path}.conversionReviewVersions`, why));
  return errors;
}

function validateClientConfig(
  config: ApiextensionsV1WebhookClientConfig | undefined,
  { allowsInvalidCaBundle }: ConversionOptions,
  path: string,
): FieldError[] {
  if (config === undefined) return [required(path, "required when strategy is set to Webhook")];
  const { url, service, caBundle = "" } = config;
  const errors: FieldError[] = [];
  if ((url === undefined) === (service === undefined))
    errors.push(required(path, "exactly one of url or service is required"));
  else if (url !== undefined) errors.push(...validateWebhookUrl(url, `${path}.url`));
  else errors.push(...validateService(service!, `${path}.service`));
  if (!allowsInvalidCaBundle) errors.push(...validateCaBundle(caBundle, `${path}.caBundle`));
  return errors;
}

/** Upstream takes the one name for the other here. */
function validateService(
  { name, namespace, ...rest }: NonNullable<ApiextensionsV1WebhookClientConfig["service"]>,
  path: string,
) {
  return validateWebhookService({ ...rest, name: namespace, namespace: name }, path);
}

function validateReviewVersions(
  versions: readonly string[],
  { requiresKnownReviewVersion }: ConversionOptions,
  path: string,
): FieldError[] {
  if (versions.length === 0) return [required(path)];
  const errors = versions.flatMap((version, index) => {
    const at = `${path}[${index}]`;
    if (versions.indexOf(version) < index) return [invalid(at, version, "duplicate version")];
    return invalidEach(at, version, isDns1035Label(version));
  });
  if (requiresKnownReviewVersion && !versions.some((version) => REVIEW_VERSIONS.includes(version)))
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(", ")}`));
  return errors;
}
