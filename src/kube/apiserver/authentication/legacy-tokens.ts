import { type Clock, type Logger, rfc3339Seconds } from "../../../base/index.ts";
import { type ApiObject, type KubeObject, secrets, secretText, serviceAccounts } from "../../api/index.ts";
import type { KubeClient, UserInfo } from "../../client/types.ts";
import type { TokenSigningKey } from "../certificates.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type Authentication, AuthenticationFailure, type TokenAuthenticator } from "./authenticator.ts";
import { signToken, splitToken, type VerificationKey, verifyToken } from "./json-web-token.ts";
import { ProvenTokens } from "./proven-tokens.ts";
import { isSameText } from "./same-text.ts";
import { parseServiceAccountUserName, serviceAccountGroups, serviceAccountUserName } from "./users.ts";

const ISSUER = "kubernetes/serviceaccount";
const CLAIM = "kubernetes.io/serviceaccount/";
const INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";
const LAST_USED = "kubernetes.io/legacy-token-last-used";
const DAY_MS = 24 * 3600 * 1000;

/** Signs the token of an account that stands in the Secret of this name. */
export function issueLegacyToken(
  { metadata: { namespace, name, uid } }: ApiObject,
  secretName: string,
  key: TokenSigningKey,
): string {
  const claims = {
    iss: ISSUER,
    [`${CLAIM}namespace`]: namespace,
    [`${CLAIM}secret.name`]: secretName,
    [`${CLAIM}service-account.name`]: name,
    [`${CLAIM}service-account.uid`]: uid,
    sub: serviceAccountUserName(namespace!, name),
  };
  return signToken(claims, key);
}

export interface LegacyTokensOptions {
  keys: readonly VerificationKey[];
  lookup: Pick<ObjectLookup, "get">;
  /** Who writes into a Secret on which day its token was used last. */
  client(): Pick<KubeClient, "patch">;
  logger: Logger;
  clock: Clock;
}

interface LegacyToken {
  namespace: string;
  secretName: string;
  accountName: string;
  /** One for all requests with the token. */
  user: UserInfo;
}

/**
 * Tokens without an end that stand in Secrets of type kubernetes.io/service-account-token: they hold as long as the Secret holds them and
 * their account is there (upstream's serviceaccount/legacy.go).
 */
export class LegacyTokens implements TokenAuthenticator {
  readonly #options: LegacyTokensOptions;
  readonly #proven = new ProvenTokens((token) => this.#prove(token));

  constructor(options: LegacyTokensOptions) {
    this.#options = options;
  }

  async authenticateToken(token: string): Promise<Authentication | undefined> {
    const proven = this.#proven.get(token);
    if (!proven) return undefined;
    const secret = await this.#secretOf(proven, token);
    await this.#checkAccount(proven);
    const isRetired = Boolean(secret.metadata.labels?.[INVALID_SINCE]);
    this.#noteUse(secret);
    if (isRetired) throw new AuthenticationFailure(retired(proven));
    return { user: proven.user };
  }

  #prove(token: string): LegacyToken | undefined {
    if (splitToken(token)?.claims()?.iss !== ISSUER) return undefined;
    const claims = verifyToken(token, this.#options.keys);
    if (!claims) return undefined;
    const [namespace, secretName, accountName, uid] = [
      "namespace",
      "secret.name",
      "service-account.name",
      "service-account.uid",
    ].map((name) => String(claims[CLAIM + name] ?? ""));
    if (!namespace || !secretName || !accountName || !uid) return undefined;
    const subject = parseServiceAccountUserName(String(claims.sub));
    if (subject?.namespace !== namespace || subject.name !== accountName) return undefined;
    const name = serviceAccountUserName(namespace, accountName);
    return {
      namespace,
      secretName,
      accountName,
      user: { name, uid, groups: serviceAccountGroups(namespace) },
    };
  }

  async #secretOf({ namespace, secretName }: LegacyToken, token: string): Promise<KubeObject> {
    const secret = await this.#options.lookup.get(secrets, namespace, secretName);
    if (!secret || secret.metadata.deletionTimestamp)
      throw new AuthenticationFailure("Token has been invalidated");
    if (!isSameText(secretText(secret, "token"), token))
      throw new AuthenticationFailure("Token does not match server's copy");
    return secret;
  }

  async #checkAccount({ namespace, accountName, user }: LegacyToken): Promise<void> {
    const account = await this.#options.lookup.get(serviceAccounts, namespace, accountName);
    if (!account) throw new AuthenticationFailure(`serviceaccounts "${accountName}" not found`);
    if (account.metadata.deletionTimestamp)
      throw new AuthenticationFailure(`ServiceAccount ${namespace}/${accountName} has been deleted`);
    if (account.metadata.uid !== user.uid) {
      throw new AuthenticationFailure(
        `ServiceAccount UID (${account.metadata.uid}) does not match claim (${user.uid})`,
      );
    }
  }

  /** Once a day, so that a cleaner can tell which tokens nobody needs. */
  #noteUse({ metadata: { name, namespace, uid, labels } }: KubeObject): void {
    const nowMs = this.#options.clock.nowMs();
    const [today, tomorrow] = [nowMs, nowMs + DAY_MS].map((ms) => rfc3339Seconds(ms).slice(0, 10));
    if (labels?.[LAST_USED] === today || labels?.[LAST_USED] === tomorrow) return;
    const patch = { metadata: { name, namespace, uid, labels: { [LAST_USED]: today } } };
    this.#options
      .client()
      .patch(secrets, namespace, name, "merge", patch)
      .catch((error: unknown) =>
        this.#options.logger.warn("the day of a token's use could not be written", { secret: name, error }),
      );
  }
}

function retired({ namespace, secretName, accountName }: LegacyToken): string {
  return (
    `the token in secret ${namespace}/${secretName} for service account ${namespace}/${accountName} has been marked invalid. ` +
    "Use tokens from the TokenRequest API or manually created secret-based tokens, " +
    `or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`
  );
}
