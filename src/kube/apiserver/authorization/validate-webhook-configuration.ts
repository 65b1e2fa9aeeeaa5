import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { errnoCode } from "../../../base/index.ts";
import { goDurationProblem, goDurationText, parseGoDuration } from "../../../formats/index.ts";
import {
  duplicate,
  type FieldError,
  GoLiteral,
  invalid,
  notSupported,
  required,
  tooMany,
} from "../../api/index.ts";
import type { WebhookConfiguration } from "./authorization-configuration.ts";
import { compileReviewCondition } from "./review-match-conditions.ts";

const NS_PER_MS = 1e6;
const MAX_TIMEOUT_MS = 30_000;
const MAX_CONDITIONS = 64;
const AUTHORIZED_TTL = "5m";
const UNAUTHORIZED_TTL = "30s";

/** Milliseconds of a duration that is none of Go's: not a number. */
export const durationMs = (text: string): number => (parseGoDuration(text) ?? Number.NaN) / NS_PER_MS;

/** What is absent is upstream's default. */
export const authorizedTtlMs = ({ authorizedTTL }: WebhookConfiguration): number =>
  durationMs(authorizedTTL ?? AUTHORIZED_TTL) || durationMs(AUTHORIZED_TTL);
export const unauthorizedTtlMs = ({ unauthorizedTTL }: WebhookConfiguration): number =>
  durationMs(unauthorizedTTL ?? UNAUTHORIZED_TTL) || durationMs(UNAUTHORIZED_TTL);

/** What is wrong with a webhook that authorizes; `path` is that of its authorizer (ValidateWebhookConfiguration). */
export async function validateWebhookConfiguration(
  webhook: WebhookConfiguration,
  path: string,
): Promise<FieldError[]> {
  const { subjectAccessReviewVersion: version = "", failurePolicy = "", matchConditions = [] } = webhook;
  return [
    ...timeoutErrors(webhook, `${path}.timeout`),
    ...ttlErrors(webhook.authorizedTTL, authorizedTtlMs(webhook), `${path}.authorizedTTL`),
    ...ttlErrors(webhook.unauthorizedTTL, unauthorizedTtlMs(webhook), `${path}.unauthorizedTTL`),
    ...oneOf(version, ["v1", "v1beta1"], `${path}.subjectAccessReviewVersion`),
    ...conditionVersionErrors(webhook, `${path}.matchConditionSubjectAccessReviewVersion`),
    ...oneOf(failurePolicy, ["NoOpinion", "Deny"], `${path}.failurePolicy`),
    ...(await connectionErrors(webhook.connectionInfo ?? {}, `${path}.connectionInfo`)),
    ...conditionErrors(matchConditions, `${path}.matchConditions`),
  ];
}

function oneOf(value: string, supported: readonly string[], path: string): FieldError[] {
  if (value === "") return [required(path)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

function timeoutErrors({ timeout = "" }: WebhookConfiguration, path: string): FieldError[] {
  const wrong = timeout === "" ? undefined : goDurationProblem(timeout);
  if (wrong !== undefined) return [invalid(path, timeout, wrong)];
  const ms = timeout === "" ? 0 : durationMs(timeout);
  if (ms === 0) return [required(path)];
  return ms < 0 || ms > MAX_TIMEOUT_MS ? [invalid(path, goDurationText(ms), "must be > 0s and <= 30s")] : [];
}

function ttlErrors(given: string | undefined, ms: number, path: string): FieldError[] {
  const wrong = given === undefined ? undefined : goDurationProblem(given);
  if (wrong !== undefined) return [invalid(path, given, wrong)];
  return ms < 0 ? [invalid(path, goDurationText(ms), "must be > 0s")] : [];
}

function conditionVersionErrors(
  { matchConditionSubjectAccessReviewVersion: version = "", matchConditions = [] }: WebhookConfiguration,
  path: string,
): FieldError[] {
  if (version !== "") return oneOf(version, ["v1"], path);
  return matchConditions.length > 0 ? [required(path, "required if match conditions are specified")] : [];
}

async function connectionErrors(
  { type = "", kubeConfigFile: file }: NonNullable<WebhookConfiguration["connectionInfo"]>,
  path: string,
): Promise<FieldError[]> {
  const ofFile = `${path}.kubeConfigFile`;
  switch (type) {
    case "":
      return [required(`${path}.type`)];
    case "InClusterConfig":
      return file === undefined ? [] : [invalid(ofFile, file, "can only be set when type=KubeConfigFile")];
    case "KubeConfigFile":
      return fileErrors(file ?? "", ofFile);
    default: {
      const pointer = file === undefined ? "(*string)(nil)" : "(*string)(0x0)";
      const shown = `apiserver.WebhookConnectionInfo{Type:${JSON.stringify(type)}, KubeConfigFile:${pointer}}`;
      return [notSupported(`${path}.type`, new GoLiteral(shown), ["InClusterConfig", "KubeConfigFile"])];
    }
  }
}

async function fileErrors(file: string, path: string): Promise<FieldError[]> {
  if (file === "") return [required(path)];
  if (!isAbsolute(file)) return [invalid(path, file, "must be an absolute path")];
  try {
    return (await stat(file)).isFile() ? [] : [invalid(path, file, "must be a regular file")];
  } catch (error) {
    const why = errnoCode(error) === "ENOENT" ? "no such file or directory" : errnoCode(error);
    return [invalid(path, file, `error loading file: stat ${file}: ${why}`)];
  }
}

function conditionErrors(conditions: readonly { expression?: string }[], path: string): FieldError[] {
  if (conditions.length > MAX_CONDITIONS) return [tooMany(path, conditions.length, MAX_CONDITIONS)];
  const texts = conditions.map(({ expression = "" }) => expression);
  return texts.flatMap((text, index) => {
    const at = `${path}[${index}].expression`;
    if (text.trim() === "") return [required(at)];
    if (texts.indexOf(text) < index) return [duplicate(at, text)];
    const compiled = compileReviewCondition(text);
    return "problem" in compiled ? [invalid(at, text, compiled.problem)] : [];
  });
}
