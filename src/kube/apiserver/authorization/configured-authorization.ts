import { errorMessage, invalidArgument } from "../../../base/index.ts";
import { isDns1123Subdomain } from "../../../formats/index.ts";
import {
  aggregateText,
  duplicate,
  errorListText,
  type FieldError,
  invalid,
  notSupported,
  required,
} from "../../api/index.ts";
import { readKubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import type { AbacPolicy } from "./abac-policies.ts";
import {
  type AuthorizerConfiguration,
  readAuthorizers,
  type WebhookConfiguration,
} from "./authorization-configuration.ts";
import type { AuthorizationMode, AuthorizationOptions } from "./server-authorizer.ts";
import {
  authorizedTtlMs,
  durationMs,
  unauthorizedTtlMs,
  validateWebhookConfiguration,
} from "./validate-webhook-configuration.ts";
import type { WebhookAuthorizerOptions } from "./webhook-authorizer.ts";

const TYPES = ["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];

/**
 * Who is asked as an AuthorizationConfiguration says (kubeapiserver/authorizer LoadAndValidateData). `policies`: of the type
 * ABAC, where there are some; `before`: the modes that the server has begun with, which must stay. Throws InvalidArgument.
 */
export async function configuredAuthorization(
  text: string,
  { policies, before }: { policies?: readonly AbacPolicy[]; before?: readonly AuthorizationMode[] },
): Promise<AuthorizationOptions> {
  const authorizers = read(text);
  const errors = await configurationErrors(authorizers);
  if (errors.length > 0) throw invalidArgument(errorListText(errors));
  const modes = authorizers.map(({ type }) => type as AuthorizationMode);
  const problems = [...nameProblems(authorizers), ...changeProblems(modes, before)];
  if (modes.includes("ABAC") && !policies)
    problems.push("authorizer type ABAC needs --authorization-policy-file");
  if (problems.length > 0) throw invalidArgument(aggregateText(problems));
  const webhooks = await Promise.all(
    authorizers.flatMap(({ webhook }) => (webhook ? [ofWebhook(webhook)] : [])),
  );
  return { modes, webhooks, ...(policies ? { policies } : {}) };
}

function read(text: string): AuthorizerConfiguration[] {
  try {
    return readAuthorizers(text);
  } catch (error) {
    throw invalidArgument(`failed to load AuthorizationConfiguration from file: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

async function ofWebhook(webhook: WebhookConfiguration): Promise<WebhookAuthorizerOptions> {
  const { connectionInfo = {}, failurePolicy, matchConditions = [] } = webhook;
  if (connectionInfo.type !== "KubeConfigFile")
    throw invalidArgument("a webhook of the type InClusterConfig is not for an API server");
  return {
    target: await readKubeconfigTarget(connectionInfo.kubeConfigFile!),
    version: webhook.subjectAccessReviewVersion as "v1" | "v1beta1",
    authorizedTtlMs: authorizedTtlMs(webhook),
    unauthorizedTtlMs: unauthorizedTtlMs(webhook),
    timeoutMs: durationMs(webhook.timeout!),
    onError: failurePolicy === "Deny" ? "deny" : "noOpinion",
    matchConditions: matchConditions.map(({ expression = "" }) => expression),
  };
}

/** apis/apiserver/validation ValidateAuthorizationConfiguration. */
async function configurationErrors(authorizers: readonly AuthorizerConfiguration[]): Promise<FieldError[]> {
  if (authorizers.length === 0)
    return [required("authorizers", "at least one authorization mode must be defined")];
  const errors: FieldError[] = [];
  const types = new Set<string>();
  const names = new Set<string>();
  for (const [index, { type = "", name = "", webhook }] of authorizers.entries()) {
    const path = `authorizers[${index}]`;
    const wrong = typeErrors(type, `${path}.type`, types);
    errors.push(...wrong);
    if (wrong.length > 0) continue;
    types.add(type);
    errors.push(...nameErrors(name, `${path}.name`, names));
    names.add(name);
    if (type === "Webhook" && !webhook)
      errors.push(required(`${path}.webhook`, "required when type=Webhook"));
    else if (type === "Webhook") errors.push(...(await validateWebhookConfiguration(webhook!, path)));
    else if (webhook)
      errors.push(invalid(`${path}.webhook`, "non-null", "may only be specified when type=Webhook"));
  }
  return errors;
}

function typeErrors(type: string, path: string, before: ReadonlySet<string>): FieldError[] {
  if (type === "") return [required(path)];
  if (!TYPES.includes(type)) return [notSupported(path, type, TYPES)];
  return before.has(type) && type !== "Webhook" ? [duplicate(path, type)] : [];
}

function nameErrors(name: string, path: string, before: ReadonlySet<string>): FieldError[] {
  if (name === "") return [required(path)];
  if (before.has(name)) return [duplicate(path, name)];
  const wrong = isDns1123Subdomain(name);
  return wrong.length === 0 ? [] : [invalid(path, name, `authorizer name is invalid: ${wrong.join(", ")}`)];
}

function nameProblems(authorizers: readonly AuthorizerConfiguration[]): string[] {
  return authorizers.flatMap(({ type = "", name = "" }) => {
    const expected = type.toLowerCase();
    if (type === "Webhook" || name === expected) return [];
    return [`expected name ${expected} for authorizer ${type} instead of ${name}`];
  });
}

/** Webhooks come and go; the others are set up at the start. */
function changeProblems(
  modes: readonly AuthorizationMode[],
  before: readonly AuthorizationMode[] | undefined,
): string[] {
  if (!before) return [];
  const missing = before.filter((mode) => mode !== "Webhook" && !modes.includes(mode)).sort();
  const added = modes.filter((mode) => ["Node", "RBAC", "ABAC"].includes(mode) && !before.includes(mode));
  return [
    ...(missing.length > 0 ? [`missing required types: [${missing.join(" ")}]`] : []),
    ...added.map(
      (mode) => `authorizer type ${mode} is not allowed if it was not enabled at initial server startup`,
    ),
  ];
}
