import {
  duplicate,
  type FieldError,
  invalid,
  required,
  validateDomainPrefixedPath,
} from "../../../api/index.ts";
import { BOOL, type CelType } from "../../../cel/index.ts";
import type {
  ClaimMappings,
  JwtAuthenticatorConfig,
  PrefixedClaimOrExpression,
} from "./authentication-configuration.ts";
import { type ClaimExpression, compileOverClaims, compileOverUser } from "./claim-expressions.ts";
import { usesClaim } from "./uses-claim.ts";
import { validateIssuer } from "./validate-issuer.ts";

export interface ValidationRule {
  expression: ClaimExpression;
  message: string;
}

/** The expressions of a JWT authenticator, ready for use. */
export interface ClaimExpressions {
  username?: ClaimExpression;
  groups?: ClaimExpression;
  uid?: ClaimExpression;
  extra: { key: string; expression: ClaimExpression }[];
  claimRules: ValidationRule[];
  userRules: ValidationRule[];
}

/** Compiles what one authenticator says; what is wrong with it is told as upstream tells it (validateJWTAuthenticator). */
export function compileJwtConfig(
  config: JwtAuthenticatorConfig,
  path: string,
  disallowedIssuers: readonly string[],
): { expressions: ClaimExpressions; errors: FieldError[] } {
  const compiler = new ConfigCompiler();
  const { issuer = {}, claimMappings = {} } = config;
  compiler.errors.push(...validateIssuer(issuer, `${path}.issuer`, disallowedIssuers));
  compiler.claimRules(config.claimValidationRules ?? [], `${path}.claimValidationRules`);
  compiler.mappings(claimMappings, `${path}.claimMappings`);
  compiler.userRules(config.userValidationRules ?? [], `${path}.userValidationRules`);
  return { expressions: compiler.found, errors: compiler.errors };
}

const BOTH = "claim and expression can't both be set";
const NEITHER = "claim or expression is required";
const EMAIL_UNVERIFIED =
  "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression";

class ConfigCompiler {
  readonly errors: FieldError[] = [];
  readonly found: ClaimExpressions = { extra: [], claimRules: [], userRules: [] };

  claimRules(rules: NonNullable<JwtAuthenticatorConfig["claimValidationRules"]>, path: string): void {
    const claims = new Set<string>();
    const texts = new Set<string>();
    for (const [
      index,
      { claim = "", requiredValue = "", expression = "", message = "" },
    ] of rules.entries()) {
      const at = `${path}[${index}]`;
      if (claim !== "" && expression !== "") this.errors.push(invalid(at, claim, BOTH));
      else if (claim === "" && expression === "") this.errors.push(required(at, NEITHER));
      else if (claim !== "") {
        if (message !== "")
          this.errors.push(invalid(`${at}.message`, message, "message can't be set when claim is set"));
        this.#isNew(claims, claim, `${at}.claim`);
      } else {
        if (requiredValue !== "")
          this.errors.push(
            invalid(
              `${at}.requiredValue`,
              requiredValue,
              "requiredValue can't be set when expression is set",
            ),
          );
        if (!this.#isNew(texts, expression, `${at}.expression`)) continue;
        const compiled = this.#compile(expression, `${at}.expression`, BOOL);
        if (compiled) this.found.claimRules.push({ expression: compiled, message });
      }
    }
  }

  mappings({ username = {}, groups = {}, uid = {}, extra = [] }: ClaimMappings, path: string): void {
    const name = this.#prefixed(username, `${path}.username`);
    if (!username.claim && !username.expression) this.errors.push(required(`${path}.username`, NEITHER));
    if (name) this.found.username = name;
    const ofGroups = this.#prefixed(groups, `${path}.groups`);
    if (ofGroups) this.found.groups = ofGroups;
    if (uid.claim && uid.expression) this.errors.push(invalid(`${path}.uid`, "", BOTH));
    else if (uid.expression) {
      const compiled = this.#compile(uid.expression, `${path}.uid.expression`);
      if (compiled) this.found.uid = compiled;
    }
    this.#extra(extra, `${path}.extra`);
    if (name && usesClaim(name, "email") && !this.#verifiesEmail(name))
      this.errors.push(invalid(`${path}.username.expression`, name.text, EMAIL_UNVERIFIED));
  }

  userRules(rules: NonNullable<JwtAuthenticatorConfig["userValidationRules"]>, path: string): void {
    const texts = new Set<string>();
    for (const [index, { expression = "", message = "" }] of rules.entries()) {
      const at = `${path}[${index}].expression`;
      if (expression === "") this.errors.push(required(at, "expression is required"));
      if (expression === "" || !this.#isNew(texts, expression, at)) continue;
      const compiled = compileOverUser(expression);
      if ("problem" in compiled) this.errors.push(invalid(at, expression, compiled.problem));
      else this.found.userRules.push({ expression: compiled.expression, message });
    }
  }

  #verifiesEmail(name: ClaimExpression): boolean {
    const others = [...this.found.extra, ...this.found.claimRules].map(({ expression }) => expression);
    return [name, ...others].some((expression) => usesClaim(expression, "email_verified"));
  }

  #prefixed(mapping: PrefixedClaimOrExpression, path: string): ClaimExpression | undefined {
    const { claim = "", prefix, expression = "" } = mapping;
    if (claim !== "" && expression !== "") {
      this.errors.push(invalid(path, "", BOTH));
      return undefined;
    }
    if (expression !== "") {
      if (prefix !== undefined)
        this.errors.push(invalid(`${path}.prefix`, prefix, "prefix can't be set when expression is set"));
      return this.#compile(expression, `${path}.expression`);
    }
    if (claim !== "" && prefix === undefined)
      this.errors.push(
        required(
          `${path}.prefix`,
          "prefix is required when claim is set. It can be set to an empty string to disable prefixing",
        ),
      );
    return undefined;
  }

  #extra(mappings: NonNullable<ClaimMappings["extra"]>, path: string): void {
    const keys = new Set<string>();
    for (const [index, { key = "", valueExpression = "" }] of mappings.entries()) {
      const at = `${path}[${index}]`;
      this.errors.push(...keyErrors(key, `${at}.key`));
      if (!this.#isNew(keys, key, `${at}.key`)) continue;
      if (valueExpression === "") {
        this.errors.push(required(`${at}.valueExpression`, "valueExpression is required"));
        continue;
      }
      const expression = this.#compile(valueExpression, `${at}.valueExpression`);
      if (expression) this.found.extra.push({ key, expression });
    }
  }

  #compile(text: string, path: string, wanted?: CelType): ClaimExpression | undefined {
    const compiled = compileOverClaims(text, wanted);
    if ("expression" in compiled) return compiled.expression;
    this.errors.push(invalid(path, text, compiled.problem));
    return undefined;
  }

  #isNew(seen: Set<string>, value: string, path: string): boolean {
    const isNew = !seen.has(value);
    if (!isNew) this.errors.push(duplicate(path, value));
    seen.add(value);
    return isNew;
  }
}

const RESERVED_DOMAIN = /^(?:.*\.)?(?:kubernetes|k8s)\.io\//s;

function keyErrors(key: string, path: string): FieldError[] {
  return [
    ...validateDomainPrefixedPath(key, path),
    ...(key === key.toLowerCase() ? [] : [invalid(path, key, "key must be lowercase")]),
    ...(RESERVED_DOMAIN.test(key)
      ? [invalid(path, key, "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use")]
      : []),
  ];
}
