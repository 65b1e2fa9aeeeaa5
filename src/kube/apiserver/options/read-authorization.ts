import type { AuthorizationMode, AuthorizationOptions } from "../authorization/server-authorizer.ts";
import { readKubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import type { FlagValues } from "./flag-values.ts";
import type { OptionProblems } from "./option-problems.ts";

const BUILT = ["Node", "RBAC", "AlwaysAllow", "AlwaysDeny", "Webhook"];
const NOT_BUILT = ["ABAC"];

/** `--authorization-…` (kubeapiserver/options BuiltInAuthorizationOptions). */
export async function readAuthorization(
  flags: FlagValues,
  problems: OptionProblems,
): Promise<AuthorizationOptions> {
  const modes = flags.list("authorization-mode");
  const file = flags.text("authorization-webhook-config-file");
  if (modes.length === 0) problems.add("at least one authorization-mode must be passed");
  for (const mode of modes) {
    if (NOT_BUILT.includes(mode))
      problems.add(`authorization-mode ${JSON.stringify(mode)} is not implemented`);
    else if (!BUILT.includes(mode))
      problems.add(`authorization-mode ${JSON.stringify(mode)} is not a valid mode`);
    if (mode === "Webhook" && file === "")
      problems.add("authorization-mode Webhook's authorization config file not passed");
  }
  if (file !== "" && !modes.includes("Webhook"))
    problems.add("cannot specify --authorization-webhook-config-file without mode Webhook");
  if (new Set(modes).size !== modes.length)
    problems.add(
      `authorization-mode [${modes.map((mode) => JSON.stringify(mode)).join(" ")}] has mode specified more than once`,
    );
  const version = flags.text("authorization-webhook-version");
  if (version !== "v1" && version !== "v1beta1")
    problems.add(
      `unsupported webhook authorizer version ${JSON.stringify(version)}, supported versions are "v1", "v1beta1"`,
    );
  const target = file === "" ? undefined : await problems.during(() => readKubeconfigTarget(file));
  const webhook = target && {
    target,
    version: version as "v1" | "v1beta1",
    authorizedTtlMs: flags.milliseconds("authorization-webhook-cache-authorized-ttl"),
    unauthorizedTtlMs: flags.milliseconds("authorization-webhook-cache-unauthorized-ttl"),
  };
  return { modes: modes as AuthorizationMode[], ...(webhook ? { webhook } : {}) };
}
