import { errorMessage } from "../../../../base/index.ts";
import { type CelValue, jsonValue } from "../../../cel/index.ts";
import type { UserInfo } from "../../../client/types.ts";
import type { Claims } from "../json-web-token.ts";
import { CREDENTIAL_ID } from "../users.ts";
import { type ClaimExpression, evaluateExpression } from "./claim-expressions.ts";
import { booleanClaim, hasClaim, stringClaim, stringsClaim, stringsOf } from "./claims.ts";
import type { ValidationRule } from "./compile-jwt-config.ts";
import type { CompiledJwtConfig } from "./validate-authentication-configuration.ts";

/** Who is behind the claims of a proven token. Throws where they do not say it, or not as they must. */
export function userOfClaims({ config, expressions }: CompiledJwtConfig, claims: Claims): UserInfo {
  const { claimMappings: mappings = {}, claimValidationRules = [] } = config;
  const evaluate = (expression: ClaimExpression) =>
    evaluateExpression(expression, { claims: () => jsonValue(claims) });
  const { username, groups, uid, extra } = expressions;
  const name = username
    ? during("username claim expression", () => nameOf(evaluate(username)))
    : claimedName(claims, mappings.username ?? {});
  const found: UserInfo = {
    name,
    groups: groups
      ? during("group claim expression", () => stringsOf(evaluate(groups)))
      : claimedGroups(claims, mappings.groups ?? {}),
    ...uidOf(
      uid ? during("uid claim expression", () => uidText(evaluate(uid))) : claimedUid(claims, mappings.uid),
    ),
    ...extraOf([
      ...credentialOf(claims),
      ...extra.map(({ key, expression }): [string, string[]] => [
        key,
        during("extra claim expression", () => stringsOf(evaluate(expression))),
      ]),
    ]),
  };
  for (const { claim, requiredValue = "" } of claimValidationRules)
    if (claim) requireClaim(claims, claim, requiredValue);
  during("claim validation expression", () => holdTo(expressions.claimRules, evaluate));
  during("user info validation rule", () =>
    holdTo(expressions.userRules, (rule) =>
      evaluateExpression(rule, { user: () => jsonValue(shown(found)) }),
    ),
  );
  return found;
}

function during<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`oidc: error evaluating ${what}: ${errorMessage(error)}`, { cause: error });
  }
}

function nameOf(value: CelValue): string {
  if (typeof value !== "string") throw new Error("username claim expression must return a string");
  if (value === "") throw new Error("empty username via CEL expression is not allowed");
  return value;
}

function uidText(value: CelValue): string {
  if (typeof value === "string") return value;
  throw new Error("uid claim expression must return a string");
}

function parsing<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`oidc: parse ${what}: ${errorMessage(error)}`, { cause: error });
  }
}

/** An address that is not verified is nobody's (OpenID Connect Core 1.0 §5.1). */
function claimedName(
  claims: Claims,
  { claim = "", prefix = "" }: { claim?: string; prefix?: string },
): string {
  const name = parsing(`username claims ${JSON.stringify(claim)}`, () => stringClaim(claims, claim));
  if (claim === "email" && hasClaim(claims, "email_verified")) {
    const isVerified = parsing("'email_verified' claim", () => booleanClaim(claims, "email_verified"));
    if (!isVerified) throw new Error("oidc: email not verified");
  }
  return prefix + name;
}

function claimedGroups(
  claims: Claims,
  { claim = "", prefix = "" }: { claim?: string; prefix?: string },
): string[] {
  if (claim === "") return [];
  if (!hasClaim(claims, claim)) {
    refuseDistributed(claims, claim);
    return [];
  }
  const groups = parsing(`groups claim ${JSON.stringify(claim)}`, () => stringsClaim(claims, claim));
  return groups.map((group) => prefix + group);
}

/** Whoever has groups elsewhere (OpenID Connect Core 1.0 §5.6.2) is not let in without them. */
function refuseDistributed({ _claim_names: names }: Claims, claim: string): void {
  if (typeof names === "object" && names !== null && Object.hasOwn(names, claim))
    throw new Error("oidc: could not expand distributed claims: they are not implemented");
}

function claimedUid(claims: Claims, { claim = "" }: { claim?: string } = {}): string {
  if (claim === "") return "";
  return parsing(`uid claim ${JSON.stringify(claim)}`, () => stringClaim(claims, claim));
}

const uidOf = (uid: string) => (uid === "" ? {} : { uid });

function credentialOf({ jti }: Claims): [string, string[]][] {
  return typeof jti === "string" && jti !== "" ? [[CREDENTIAL_ID, [`JTI=${jti}`]]] : [];
}

function extraOf(all: readonly [string, string[]][]): { extra?: Record<string, string[]> } {
  const filled = all.filter(([, values]) => values.length > 0);
  return filled.length === 0 ? {} : { extra: Object.fromEntries(filled) };
}

function requireClaim(claims: Claims, claim: string, wanted: string): void {
  if (!hasClaim(claims, claim)) throw new Error(`oidc: required claim ${claim} not present in ID token`);
  const found = parsing(`claim ${claim}`, () => stringClaim(claims, claim));
  if (found === wanted) return;
  throw new Error(`oidc: required claim ${claim} value does not match. Got = ${found}, want = ${wanted}`);
}

function holdTo(rules: readonly ValidationRule[], evaluate: (rule: ClaimExpression) => CelValue): void {
  for (const { expression, message } of rules)
    if (evaluate(expression) !== true)
      throw new Error(`validation expression '${expression.text}' failed: ${message}`);
}

/** A user as expressions see it: nothing is absent. */
const shown = ({ name, uid = "", groups, extra = {} }: UserInfo) => ({ username: name, uid, groups, extra });
