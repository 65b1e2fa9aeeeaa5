import { duplicate, type FieldError, invalid, tooMany } from "../../../api/index.ts";
import type { AuthenticationConfiguration, JwtAuthenticatorConfig } from "./authentication-configuration.ts";
import { type ClaimExpressions, compileJwtConfig } from "./compile-jwt-config.ts";

export interface CompiledJwtConfig {
  config: JwtAuthenticatorConfig;
  expressions: ClaimExpressions;
}

const MAX_AUTHENTICATORS = 64;

/** Compiles a configuration, and tells all that is wrong with it (apis/apiserver/validation ValidateAuthenticationConfiguration). */
export function compileAuthenticationConfiguration(
  { jwt = [], anonymous }: AuthenticationConfiguration,
  disallowedIssuers: readonly string[],
): { compiled: CompiledJwtConfig[]; errors: FieldError[] } {
  if (jwt.length > MAX_AUTHENTICATORS)
    return { compiled: [], errors: [tooMany("jwt", jwt.length, MAX_AUTHENTICATORS)] };
  const errors: FieldError[] = [];
  const compiled = jwt.map((config, index) => {
    const one = compileJwtConfig(config, `jwt[${index}]`, disallowedIssuers);
    errors.push(...one.errors, ...repetitions(jwt, index));
    return { config, expressions: one.expressions };
  });
  const { enabled = false, conditions = [] } = anonymous ?? {};
  if (!enabled && conditions.length > 0)
    errors.push(
      invalid(
        "anonymous.conditions",
        conditions,
        "enabled should be set to true when conditions are defined",
      ),
    );
  return { compiled, errors };
}

function repetitions(jwt: readonly JwtAuthenticatorConfig[], index: number): FieldError[] {
  const { url = "", discoveryURL = "" } = jwt[index]!.issuer ?? {};
  const before = jwt.slice(0, index).map(({ issuer = {} }) => issuer);
  const path = `jwt[${index}].issuer`;
  const isTwice = before.some((issuer) => (issuer.url ?? "") === url);
  const isFoundTwice = discoveryURL !== "" && before.some((issuer) => issuer.discoveryURL === discoveryURL);
  return [
    ...(isTwice ? [duplicate(`${path}.url`, url)] : []),
    ...(isFoundTwice ? [duplicate(`${path}.discoveryURL`, discoveryURL)] : []),
  ];
}
