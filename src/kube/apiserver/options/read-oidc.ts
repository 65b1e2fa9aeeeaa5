import { invalidArgument } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import { errorListText } from "../../api/index.ts";
import type { AnonymousOptions } from "../authentication/authenticate-http.ts";
import { isSigningAlgorithm, type SigningAlgorithm } from "../authentication/json-web-signature.ts";
import {
  type AuthenticationConfiguration,
  type JwtAuthenticatorConfig,
  readAuthenticationConfiguration,
} from "../authentication/oidc/authentication-configuration.ts";
import type { OidcOptions } from "../authentication/oidc/jwt-authenticators.ts";
import { compileAuthenticationConfiguration } from "../authentication/oidc/validate-authentication-configuration.ts";
import { fileOf, type OptionProblems } from "./option-problems.ts";

const OIDC_FLAGS = [
  "oidc-issuer-url",
  "oidc-client-id",
  "oidc-ca-file",
  "oidc-username-claim",
  "oidc-username-prefix",
  "oidc-groups-claim",
  "oidc-groups-prefix",
  "oidc-signing-algs",
  "oidc-required-claim",
];

/** `--authentication-config` and `--oidc-…` (kubeapiserver/options ToAuthenticationConfig). Throws InvalidArgument. */
export async function readOidc(
  flags: FlagValues,
  problems: OptionProblems,
): Promise<OidcOptions | undefined> {
  const path = flags.text("authentication-config");
  const hasFlags = OIDC_FLAGS.some((name) => flags.isGiven(name));
  if (path !== "" && hasFlags)
    problems.add("authentication-config file and oidc-* flags are mutually exclusive");
  if (path === "") return hasFlags ? ofFlags(flags) : undefined;
  const text = (await fileOf(flags, "authentication-config"))!;
  const configuration = readAuthenticationConfiguration(text);
  if (configuration.anonymous && flags.isGiven("anonymous-auth"))
    problems.add(
      "anonymous: Forbidden: --anonynous-auth flag cannot be set when anonymous field is configured in authentication configuration file",
    );
  return { ...checked(configuration, flags), reloaded: { path, text } };
}

/** Who may come without a name: as the file says, or else the flag. */
export function anonymousOf(flags: FlagValues, oidc: OidcOptions | undefined): AnonymousOptions {
  const { anonymous } = oidc?.configuration ?? {};
  if (!anonymous) return { isEnabled: flags.flag("anonymous-auth") && !allowsAll(flags) };
  const paths = (anonymous.conditions ?? []).map(({ path = "" }) => path);
  return { isEnabled: anonymous.enabled === true, paths };
}

/** Then whoever is let in may do everything: nobody is without saying who it is (ApplyAuthorization). */
const allowsAll = (flags: FlagValues) => flags.list("authorization-mode").includes("AlwaysAllow");

function checked(configuration: AuthenticationConfiguration, flags: FlagValues): OidcOptions {
  const disallowedIssuers = flags.list("service-account-issuer");
  const { errors } = compileAuthenticationConfiguration(configuration, disallowedIssuers);
  if (errors.length > 0) throw invalidArgument(errorListText(errors));
  return { configuration, disallowedIssuers };
}

async function ofFlags(flags: FlagValues): Promise<OidcOptions> {
  const [url, clientId] = [flags.text("oidc-issuer-url"), flags.text("oidc-client-id")];
  if (url === "" || clientId === "")
    throw invalidArgument(
      "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
    );
  const certificateAuthority = await fileOf(flags, "oidc-ca-file");
  const groups = flags.text("oidc-groups-claim");
  const jwt: JwtAuthenticatorConfig = {
    issuer: { url, audiences: [clientId], ...(certificateAuthority ? { certificateAuthority } : {}) },
    claimMappings: {
      username: { claim: flags.text("oidc-username-claim"), prefix: usernamePrefix(flags, url) },
      ...(groups === "" ? {} : { groups: { claim: groups, prefix: flags.text("oidc-groups-prefix") } }),
    },
    claimValidationRules: [...requiredClaims(flags)].map(([claim, requiredValue]) => ({
      claim,
      requiredValue,
    })),
  };
  return { ...checked({ jwt: [jwt] }, flags), algorithms: algorithmsOf(flags) };
}

/** Of a claim that is named twice the last value counts. */
function requiredClaims(flags: FlagValues): Map<string, string> {
  return new Map(
    flags.list("oidc-required-claim").map((pair) => {
      const [, claim = "", value = ""] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
      return [claim.trim(), value.trim()];
    }),
  );
}

/** Names of different issuers are to differ; addresses do already (issue 31380 of kubernetes). */
function usernamePrefix(flags: FlagValues, issuer: string): string {
  const prefix = flags.text("oidc-username-prefix");
  if (prefix === "-") return "";
  return prefix === "" && flags.text("oidc-username-claim") !== "email" ? `${issuer}#` : prefix;
}

function algorithmsOf(flags: FlagValues): SigningAlgorithm[] {
  return flags.list("oidc-signing-algs").map((name) => {
    if (isSigningAlgorithm(name)) return name;
    throw invalidArgument(`oidc: unsupported signing alg: ${JSON.stringify(name)}`);
  });
}
