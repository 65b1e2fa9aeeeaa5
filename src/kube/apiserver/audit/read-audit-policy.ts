import { errorMessage, invalidArgument, type Logger } from "../../../base/index.ts";
import { isDns1123Subdomain } from "../../../formats/index.ts";
import {
  type ConfigKind,
  errorListText,
  type FieldError,
  invalid,
  notSupported,
  readComponentConfig,
  required,
} from "../../api/index.ts";
import { AUDIT_LEVELS, AUDIT_STAGES, type AuditStage } from "./audit-event.ts";
import type { AuditPolicy, AuditRule, GroupResources } from "./audit-policy.ts";

const STRINGS = { list: "string" } as const;

const POLICY: ConfigKind = {
  group: "audit.k8s.io",
  versions: ["v1"],
  kind: "Policy",
  fields: {
    metadata: "any",
    omitStages: STRINGS,
    omitManagedFields: "boolean",
    rules: {
      list: {
        fields: {
          level: "string",
          users: STRINGS,
          userGroups: STRINGS,
          verbs: STRINGS,
          resources: {
            list: { fields: { group: "string", resources: STRINGS, resourceNames: STRINGS } },
          },
          namespaces: STRINGS,
          nonResourceURLs: STRINGS,
          omitStages: STRINGS,
          omitManagedFields: "boolean",
        },
      },
    },
  },
};

/** The policy in a file's text (`--audit-policy-file`). Throws InvalidArgument with upstream's messages; what is unknown is warned of. */
export function readAuditPolicy({
  path,
  text,
  logger,
}: {
  path: string;
  text: string;
  logger: Logger;
}): AuditPolicy {
  try {
    const policy = read(text, logger);
    // Stages that no request is taken down at.
    const everywhere = policy.omitStages ?? [];
    const rules = policy.rules.map((rule) => ({
      ...rule,
      omitStages: [...new Set([...everywhere, ...(rule.omitStages ?? [])])],
    }));
    return { ...policy, rules };
  } catch (error) {
    throw invalidArgument(`loading audit policy file: ${errorMessage(error)}: from file ${path}`, {
      cause: error,
    });
  }
}

function read(text: string, logger: Logger): AuditPolicy {
  const { value, strictProblems } = readComponentConfig<Partial<AuditPolicy>>(text, POLICY);
  if (strictProblems.length > 0)
    logger.warn("the audit policy has what is not read", { problems: strictProblems.join(", ") });
  const policy = { ...value, rules: value.rules ?? [] };
  const errors = [
    ...stageErrors(policy.omitStages, "omitStages"),
    ...policy.rules.flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`)),
  ];
  if (errors.length > 0) throw invalidArgument(errorListText(errors));
  if (policy.rules.length === 0) throw invalidArgument("loaded illegal policy with 0 rules");
  return policy;
}

/** apis/audit/validation. */
function ruleErrors(rule: AuditRule, path: string): FieldError[] {
  const { nonResourceURLs = [], resources = [], namespaces = [] } = rule;
  const isMixed = nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0);
  const field = `${path}.nonResourceURLs`;
  return [
    ...levelErrors(rule.level, `${path}.level`),
    ...nonResourceURLs.flatMap((url, index) => urlErrors(url, `${field}[${index}]`)),
    ...resources.flatMap((one) => resourceErrors(one, `${path}.resources`)),
    ...stageErrors(rule.omitStages, `${path}.omitStages`),
    ...(isMixed
      ? [
          invalid(
            field,
            nonResourceURLs,
            "rules cannot apply to both regular resources and non-resource URLs",
          ),
        ]
      : []),
  ];
}

function levelErrors(level: string | undefined, field: string): FieldError[] {
  if (!level) return [required(field)];
  return (AUDIT_LEVELS as readonly string[]).includes(level)
    ? []
    : [notSupported(field, level, AUDIT_LEVELS)];
}

function urlErrors(url: string, field: string): FieldError[] {
  if (url === "*") return [];
  return [
    ...(url.startsWith("/")
      ? []
      : [invalid(field, url, "non-resource URL rules must begin with a '/' character")]),
    ...(url.slice(0, -1).includes("*")
      ? [invalid(field, url, "non-resource URL wildcards '*' must be the final character of the rule")]
      : []),
  ];
}

function resourceErrors({ group = "", resources = [], resourceNames = [] }: GroupResources, path: string) {
  const problems = group === "" ? [] : isDns1123Subdomain(group);
  return [
    ...(problems.length > 0 ? [invalid(`${path}.group`, group, problems.join(","))] : []),
    ...(resourceNames.length > 0 && resources.length === 0
      ? [
          invalid(
            `${path}.resourceNames`,
            resourceNames,
            "using resourceNames requires at least one resource",
          ),
        ]
      : []),
  ];
}

function stageErrors(stages: readonly AuditStage[] = [], path: string): FieldError[] {
  return stages.flatMap((stage, index) =>
    AUDIT_STAGES.includes(stage)
      ? []
      : [invalid(`${path}[${index}]`, stage, `allowed stages are ${AUDIT_STAGES.join(",")}`)],
  );
}
