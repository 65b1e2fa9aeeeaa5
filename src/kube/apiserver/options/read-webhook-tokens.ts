import { invalidArgument } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import type { WebhookTokensOptions } from "../authentication/webhook-tokens.ts";
import { readKubeconfigTarget } from "../webhook/kubeconfig-target.ts";

/** `--authentication-token-webhook-…`; undefined where no file is named. Throws InvalidArgument. */
export async function readWebhookTokens(flags: FlagValues): Promise<WebhookTokensOptions | undefined> {
  const file = flags.text("authentication-token-webhook-config-file");
  const version = flags.text("authentication-token-webhook-version");
  if (file === "") return undefined;
  if (version !== "v1" && version !== "v1beta1")
    throw invalidArgument(
      `unsupported authentication webhook version ${JSON.stringify(version)}, supported versions are "v1", "v1beta1"`,
    );
  const target = await readKubeconfigTarget(file);
  return { target, version, cacheTtlMs: flags.milliseconds("authentication-token-webhook-cache-ttl") };
}
