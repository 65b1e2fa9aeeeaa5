import { GoLiteral, goStringList } from "../field-error.ts";
import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
} from "../generated/types.ts";
import { goPointer, goStruct } from "../go-value.ts";

const PACKAGE = "flowcontrol";
const strings = (list: readonly string[] | null | undefined) => new GoLiteral(goStringList(list));

function goList(type: string, items: readonly GoLiteral[] | undefined): GoLiteral {
  if (items === undefined) return new GoLiteral(`[]${type}(nil)`);
  return new GoLiteral(`[]${type}{${items.map(({ text }) => text).join(", ")}}`);
}

/** What a changed mandatory FlowSchema is answered with. */
export function goFlowSchemaSpec(spec: FlowSchemaSpec): GoLiteral {
  const { priorityLevelConfiguration: level, matchingPrecedence = 0, distinguisherMethod, rules } = spec;
  return goStruct(`${PACKAGE}.FlowSchemaSpec`, {
    PriorityLevelConfiguration: goStruct(`${PACKAGE}.PriorityLevelConfigurationReference`, {
      Name: level.name,
    }),
    MatchingPrecedence: matchingPrecedence,
    DistinguisherMethod: goPointer(`${PACKAGE}.FlowDistinguisherMethod`, distinguisherMethod),
    Rules: goList(`${PACKAGE}.PolicyRulesWithSubjects`, rules?.map(goRules)),
  });
}

function goRules({ subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects): GoLiteral {
  const ofSubjects = subjects?.map(({ kind, user, group, serviceAccount }) =>
    goStruct(`${PACKAGE}.Subject`, {
      Kind: kind,
      User: goPointer(`${PACKAGE}.UserSubject`, user),
      Group: goPointer(`${PACKAGE}.GroupSubject`, group),
      ServiceAccount: goPointer(`${PACKAGE}.ServiceAccountSubject`, serviceAccount),
    }),
  );
  return goStruct(`${PACKAGE}.PolicyRulesWithSubjects`, {
    Subjects: goList(`${PACKAGE}.Subject`, ofSubjects),
    ResourceRules: goList(`${PACKAGE}.ResourcePolicyRule`, resourceRules?.map(goResourceRule)),
    NonResourceRules: goList(`${PACKAGE}.NonResourcePolicyRule`, nonResourceRules?.map(goNonResourceRule)),
  });
}

const goResourceRule = ({ verbs, apiGroups, resources, clusterScope, namespaces }: ResourcePolicyRule) =>
  goStruct(`${PACKAGE}.ResourcePolicyRule`, {
    Verbs: strings(verbs),
    APIGroups: strings(apiGroups),
    Resources: strings(resources),
    ClusterScope: clusterScope ?? false,
    Namespaces: strings(namespaces),
  });

const goNonResourceRule = ({ verbs, nonResourceURLs }: NonResourcePolicyRule) =>
  goStruct(`${PACKAGE}.NonResourcePolicyRule`, {
    Verbs: strings(verbs),
    NonResourceURLs: strings(nonResourceURLs),
  });

/** What a changed mandatory PriorityLevelConfiguration is answered with. */
export const goPriorityLevelSpec = ({ type, limited, exempt }: PriorityLevelConfigurationSpec): GoLiteral =>
  goStruct(`${PACKAGE}.PriorityLevelConfigurationSpec`, {
    Type: type,
    Limited: goPointer(`${PACKAGE}.LimitedPriorityLevelConfiguration`, limited),
    Exempt: goPointer(`${PACKAGE}.ExemptPriorityLevelConfiguration`, exempt),
  });
