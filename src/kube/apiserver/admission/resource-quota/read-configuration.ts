import { invalidArgument } from "../../../../base/index.ts";
import {
  type ConfigKind,
  type ConfigShape,
  errorListText,
  type LimitedResource,
  readComponentConfig,
  required,
} from "../../../api/index.ts";

const FIELDS: Record<string, ConfigShape> = {
  limitedResources: {
    list: {
      fields: {
        apiGroup: "string",
        resource: "string",
        matchContains: { list: "string" },
        matchScopes: {
          list: { fields: { scopeName: "string", operator: "string", values: { list: "string" } } },
        },
      },
    },
  },
};

const CURRENT: ConfigKind = {
  group: "apiserver.config.k8s.io",
  versions: ["v1"],
  kind: "ResourceQuotaConfiguration",
  fields: FIELDS,
};
const FORMER: ConfigKind = {
  group: "resourcequota.admission.k8s.io",
  versions: ["v1beta1", "v1alpha1"],
  kind: "Configuration",
  fields: FIELDS,
};

interface Written extends Partial<Omit<LimitedResource, "matchScopes">> {
  matchScopes?: { scopeName?: string; operator?: string; values?: string[] }[];
}

/** The configuration of ResourceQuota. Throws InvalidArgument with all that is wrong. */
export function readLimitedResources(text: string): LimitedResource[] {
  const kind = /^\W*apiVersion\W+resourcequota\./m.test(text) ? FORMER : CURRENT;
  const { value, strictProblems } = readComponentConfig<{ limitedResources?: Written[] }>(text, kind);
  if (strictProblems.length > 0) throw invalidArgument(`strict decoding error: ${strictProblems.join(", ")}`);
  const written = value.limitedResources ?? [];
  const errors = written.flatMap(({ resource }, index) =>
    resource ? [] : [required(`limitedResources[${index}].resource`)],
  );
  if (errors.length > 0) throw invalidArgument(errorListText(errors));
  return written.map(({ apiGroup = "", resource = "", matchContains = [], matchScopes = [] }) => ({
    apiGroup,
    resource,
    matchContains,
    matchScopes: matchScopes.map(({ scopeName = "", operator = "", values = [] }) => ({
      scopeName,
      operator,
      values,
    })),
  }));
}
