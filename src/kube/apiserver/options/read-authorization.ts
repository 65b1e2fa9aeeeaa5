import { invalidArgument } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import { type AbacPolicy, readAbacPolicies } from "../authorization/abac-policies.ts";
import { configuredAuthorization } from "../authorization/configured-authorization.ts";
import {
  type AuthorizationMode,
  type AuthorizationOptions,
  DEFAULT_AUTHORIZATION,
} from "../authorization/server-authorizer.ts";
import type { WebhookAuthorizerOptions } from "../authorization/webhook-authorizer.ts";
import { readKubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import { fileOf, type OptionProblems } from "./option-problems.ts";

const MODES = ["Node", "RBAC", "AlwaysAllow", "AlwaysDeny", "ABAC", "Webhook"];
const EXCLUDED_BY_CONFIG = [
  "authorization-mode",
  "authorization-webhook-config-file",
  "authorization-webhook-version",
  "authorization-webhook-cache-authorized-ttl",
  "authorization-webhook-cache-unauthorized-ttl",
];

/** `--authorization-…` (kubeapiserver/options BuiltInAuthorizationOptions). */
export async function readAuthorization(
  flags: FlagValues,
  problems: OptionProblems,
): Promise<AuthorizationOptions> {
  const policies = await problems.during(() => policiesOf(flags));
  if (flags.text("authorization-config") !== "")
    return (await problems.during(() => ofConfig(flags, policies))) ?? DEFAULT_AUTHORIZATION;
  const modes = flags.list("authorization-mode");
  checkModes(modes, flags, problems);
  const webhook = await readWebhook(flags, problems);
  return {
    modes: modes as AuthorizationMode[],
    ...(webhook ? { webhooks: [webhook] } : {}),
    ...(policies ? { policies } : {}),
  };
}

async function policiesOf(flags: FlagValues): Promise<AbacPolicy[] | undefined> {
  const text = await fileOf(flags, "authorization-policy-file");
  return text === undefined ? undefined : readAbacPolicies(flags.text("authorization-policy-file"), text);
}

async function ofConfig(
  flags: FlagValues,
  policies: readonly AbacPolicy[] | undefined,
): Promise<AuthorizationOptions> {
  if (EXCLUDED_BY_CONFIG.some((name) => flags.isGiven(name)))
    throw invalidArgument(
      "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined",
    );
  const text = (await fileOf(flags, "authorization-config"))!;
  const fixed = policies ? { policies } : {};
  const options = await configuredAuthorization(text, fixed);
  const read = (now: string) => configuredAuthorization(now, { ...fixed, before: options.modes });
  return { ...options, reloaded: { path: flags.text("authorization-config"), text, read } };
}

function checkModes(modes: readonly string[], flags: FlagValues, problems: OptionProblems): void {
  const webhookFile = flags.text("authorization-webhook-config-file");
  const policyFile = flags.text("authorization-policy-file");
  if (modes.length === 0) problems.add("at least one authorization-mode must be passed");
  for (const mode of modes) {
    if (!MODES.includes(mode)) problems.add(`authorization-mode ${JSON.stringify(mode)} is not a valid mode`);
    if (mode === "ABAC" && policyFile === "")
      problems.add("authorization-mode ABAC's authorization policy file not passed");
    if (mode === "Webhook" && webhookFile === "")
      problems.add("authorization-mode Webhook's authorization config file not passed");
  }
  if (policyFile !== "" && !modes.includes("ABAC"))
    problems.add("cannot specify --authorization-policy-file without mode ABAC");
  if (webhookFile !== "" && !modes.includes("Webhook"))
    problems.add("cannot specify --authorization-webhook-config-file without mode Webhook");
  if (new Set(modes).size !== modes.length)
    problems.add(
      `authorization-mode [${modes.map((mode) => JSON.stringify(mode)).join(" ")}] has mode specified more than once`,
    );
}

async function readWebhook(
  flags: FlagValues,
  problems: OptionProblems,
): Promise<WebhookAuthorizerOptions | undefined> {
  const version = flags.text("authorization-webhook-version");
  if (version !== "v1" && version !== "v1beta1")
    problems.add(
      `unsupported webhook authorizer version ${JSON.stringify(version)}, supported versions are "v1", "v1beta1"`,
    );
  const file = flags.text("authorization-webhook-config-file");
  const target = file === "" ? undefined : await problems.during(() => readKubeconfigTarget(file));
  return (
    target && {
      target,
      version: version as "v1" | "v1beta1",
      authorizedTtlMs: flags.milliseconds("authorization-webhook-cache-authorized-ttl"),
      unauthorizedTtlMs: flags.milliseconds("authorization-webhook-cache-unauthorized-ttl"),
    }
  );
}
