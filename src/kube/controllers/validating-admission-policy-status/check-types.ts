import {
  type ExpressionWarning,
  type KindDefinition,
  type KindSource,
  kindSchema,
  parseApiVersion,
  type RuleWithOperations,
  typeCheckingEnvironment,
  type ValidatingAdmissionPolicy,
  variableType,
} from "../../api/index.ts";
import {
  type CelEnvironment,
  type CelType,
  type DeclType,
  nameDecl,
  schemaDeclType,
} from "../../cel/index.ts";

type Policy = ValidatingAdmissionPolicy;

/** More kinds than this are not looked at for one rule. */
const MAX_KINDS = 10;

/**
 * What is wrong with a policy's validations and messages, given the types of the objects and parameters that they speak of. It
 * keeps no request from being judged (policy/validating TypeChecker.Check).
 */
export function checkTypes({ spec }: Policy, kinds: KindSource): ExpressionWarning[] {
  const params = paramsType(spec, kinds);
  const environments = kindsOf(spec, kinds).map(
    (kind) => [kind, environmentFor(kind, spec, params)] as const,
  );
  const warningsOf = (expression: string, fieldRef: string): ExpressionWarning[] => {
    const texts = environments.flatMap(([{ group, version, kind }, environment]) => {
      const compiled = environment.compile(expression);
      const isTyped = compiled.ok || compiled.stage === "program";
      return isTyped ? [] : [`${group}/${version}, Kind=${kind}: ${compiled.message}\n`];
    });
    return texts.length === 0 ? [] : [{ fieldRef, warning: texts.join("\n") }];
  };
  return (spec.validations ?? []).flatMap(({ expression, messageExpression }, index) => [
    ...warningsOf(expression, `spec.validations[${index}].expression`),
    ...(messageExpression
      ? warningsOf(messageExpression, `spec.validations[${index}].messageExpression`)
      : []),
  ]);
}

function paramsType({ paramKind }: Policy["spec"], kinds: KindSource): DeclType | undefined {
  if (!paramKind) return undefined;
  const { group, version } = parseApiVersion(paramKind.apiVersion ?? "");
  const kind = kinds.findByKind(group, version, paramKind.kind ?? "");
  return kind && typeOf(kind);
}

function typeOf(kind: KindDefinition): DeclType {
  return nameDecl(schemaDeclType(kindSchema(kind), "resource-root")!, kind.kind);
}

/** Each variable is known to those after it; one that does not compile may be anything. */
function environmentFor(
  kind: KindDefinition,
  { variables = [] }: Policy["spec"],
  params: DeclType | undefined,
): CelEnvironment {
  const types = new Map<string, CelType>();
  const environment = typeCheckingEnvironment({ object: typeOf(kind), params, variables: types });
  for (const { name, expression } of variables) {
    const compiled = environment.compile(expression);
    types.set(name, variableType(compiled.ok ? compiled.type : undefined));
  }
  return environment;
}

/** The kinds that the policy's rules name; rules with wildcards name none. */
function kindsOf({ matchConstraints }: Policy["spec"], kinds: KindSource): KindDefinition[] {
  const found = new Set<KindDefinition>();
  for (const rule of matchConstraints?.resourceRules ?? []) {
    const named = kindsOfRule(rule, kinds);
    for (const kind of named) found.add(kind);
    if (named.length === MAX_KINDS) break;
  }
  const placeOf = ({ group, version, kind }: KindDefinition) => [group, version, kind];
  return [...found].sort((a, b) => compare(placeOf(a), placeOf(b)));
}

function kindsOfRule(rule: RuleWithOperations, kinds: KindSource): KindDefinition[] {
  const { apiGroups = [], apiVersions = [], resources = [] } = rule;
  if ([...apiGroups, ...apiVersions].some((one) => one.includes("*"))) return [];
  const found: KindDefinition[] = [];
  for (const group of [...apiGroups].sort())
    for (const version of [...apiVersions].sort())
      for (const resource of [...resources].sort()) {
        const kind = kinds
          .served()
          .find((one) => one.group === group && one.version === version && one.resource === resource);
        if (kind && found.length < MAX_KINDS) found.push(kind);
      }
  return found;
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, text] of a.entries()) if (text !== b[index]) return text < b[index]! ? -1 : 1;
  return 0;
}
