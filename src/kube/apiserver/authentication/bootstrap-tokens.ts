import type { Clock, Logger } from "../../../base/index.ts";
import { BOOTSTRAP_TOKEN_TYPE, type KubeObject, secrets, secretText, tokenLifeMs } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import type { Authentication, TokenAuthenticator } from "./authenticator.ts";
import { isSameText } from "./same-text.ts";

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const BOOTSTRAPPERS = "system:bootstrappers";
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export interface BootstrapTokensOptions {
  lookup: Pick<ObjectLookup, "get">;
  logger: Logger;
  clock: Clock;
}

/** Machines that are to join, by `ID.SECRET` as in the Secret `bootstrap-token-ID` of kube-system (plugin/pkg/auth/…/bootstrap). */
export class BootstrapTokens implements TokenAuthenticator {
  readonly #options: BootstrapTokensOptions;

  constructor(options: BootstrapTokensOptions) {
    this.#options = options;
  }

  async authenticateToken(token: string): Promise<Authentication | undefined> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const name = `bootstrap-token-${id}`;
    const found = await this.#options.lookup.get(secrets, "kube-system", name);
    if (!found) return undefined;
    const groups = groupsOf(found);
    const problem = problemOf(found, id, secret, this.#options.clock.nowMs()) ?? groups.problem;
    if (problem !== undefined) {
      this.#options.logger.debug("a bootstrap token is not taken", { secret: name, problem });
      return undefined;
    }
    return { user: { name: `system:bootstrap:${id}`, groups: groups.names } };
  }
}

function problemOf(found: KubeObject, id: string, secret: string, nowMs: number): string | undefined {
  if (found.metadata.deletionTimestamp) return "it is about to be deleted";
  if (found.type !== BOOTSTRAP_TOKEN_TYPE) return `its type is not ${BOOTSTRAP_TOKEN_TYPE}`;
  if (!isSameText(secretText(found, "token-secret"), secret)) return "token-secret is another one";
  if (secretText(found, "token-id") !== id) return "token-id is another one";
  if (tokenLifeMs(found, nowMs) === 0) return "it has expired";
  if (secretText(found, "usage-bootstrap-authentication") !== "true") return "it is not for authentication";
  return undefined;
}

function groupsOf(found: KubeObject): { names: string[]; problem?: string } {
  const more = secretText(found, "auth-extra-groups");
  const extra = more === "" ? [] : more.split(",");
  const wrong = extra.find((group) => !EXTRA_GROUP.test(group));
  if (wrong !== undefined)
    return { names: [], problem: `${JSON.stringify(wrong)} is no group of bootstrappers` };
  return { names: [...new Set([BOOTSTRAPPERS, ...extra])].sort() };
}
