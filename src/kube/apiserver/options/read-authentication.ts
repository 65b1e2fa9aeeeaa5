import type { Logger } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import type { RequestHeaderOptions } from "../authentication/request-header.ts";
import type { AuthenticationOptions } from "../authentication/server-authentication.ts";
import { TokenFile } from "../authentication/token-file.ts";
import { fileOf, type OptionProblems } from "./option-problems.ts";
import { anonymousOf, readOidc } from "./read-oidc.ts";
import { readWebhookTokens } from "./read-webhook-tokens.ts";

/** The ways in beside service accounts (kubeapiserver/options BuiltInAuthenticationOptions). */
export async function readAuthentication(
  flags: FlagValues,
  problems: OptionProblems,
  logger: Logger,
): Promise<AuthenticationOptions> {
  const clientCaPem = await problems.during(() => fileOf(flags, "client-ca-file"));
  const tokens = await problems.during(() => fileOf(flags, "token-auth-file"));
  const tokenFile = tokens === undefined ? undefined : { path: flags.text("token-auth-file"), text: tokens };
  // What is wrong with it is told with all else.
  if (tokenFile) await problems.during(() => new TokenFile({ ...tokenFile, logger }));
  const oidc = await problems.during(() => readOidc(flags, problems));
  const webhook = await problems.during(() => readWebhookTokens(flags));
  const requestHeader = await readRequestHeader(flags, problems);
  return {
    anonymous: anonymousOf(flags, oidc),
    bootstrapTokens: flags.flag("enable-bootstrap-token-auth"),
    ...(clientCaPem === undefined ? {} : { clientCaPem }),
    ...(tokenFile ? { tokenFile } : {}),
    ...(oidc ? { oidc } : {}),
    ...(webhook ? { webhook } : {}),
    ...(requestHeader ? { requestHeader } : {}),
  };
}

const CHECKED = ["username-headers", "group-headers", "extra-headers-prefix", "allowed-names", "uid-headers"];
const UID_WITHOUT_THE_USUAL =
  "--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header - API aggregation will not work";

async function readRequestHeader(
  flags: FlagValues,
  problems: OptionProblems,
): Promise<RequestHeaderOptions | undefined> {
  const list = (name: string) => flags.list(`requestheader-${name}`);
  for (const name of CHECKED)
    if (list(name).some((value) => value.trim() === ""))
      problems.add(`empty value in ${JSON.stringify(`requestheader-${name}`)}`);
  const uidHeaders = list("uid-headers");
  if (uidHeaders.length > 0 && !uidHeaders.some((header) => header.toLowerCase() === "x-remote-uid"))
    problems.add(UID_WITHOUT_THE_USUAL);
  const caPem = await problems.during(() => fileOf(flags, "requestheader-client-ca-file"));
  if (caPem === undefined) return undefined;
  const trimmed = (name: string) => list(name).map((value) => value.trim());
  return {
    caPem,
    allowedNames: list("allowed-names"),
    usernameHeaders: trimmed("username-headers"),
    uidHeaders: trimmed("uid-headers"),
    groupHeaders: trimmed("group-headers"),
    extraHeaderPrefixes: trimmed("extra-headers-prefix"),
  };
}
