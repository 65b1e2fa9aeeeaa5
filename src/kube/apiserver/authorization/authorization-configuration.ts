import { invalidArgument } from "../../../base/index.ts";
import { type ConfigKind, readComponentConfig } from "../../api/index.ts";

export interface WebhookConfiguration {
  authorizedTTL?: string;
  unauthorizedTTL?: string;
  timeout?: string;
  subjectAccessReviewVersion?: string;
  matchConditionSubjectAccessReviewVersion?: string;
  failurePolicy?: string;
  connectionInfo?: { type?: string; kubeConfigFile?: string };
  matchConditions?: { expression?: string }[];
}

export interface AuthorizerConfiguration {
  type?: string;
  name?: string;
  webhook?: WebhookConfiguration;
}

const CONFIGURATION: ConfigKind = {
  group: "apiserver.config.k8s.io",
  versions: ["v1alpha1", "v1beta1", "v1"],
  kind: "AuthorizationConfiguration",
  fields: {
    authorizers: {
      list: {
        fields: {
          type: "string",
          name: "string",
          webhook: {
            fields: {
              authorizedTTL: "string",
              unauthorizedTTL: "string",
              timeout: "string",
              subjectAccessReviewVersion: "string",
              matchConditionSubjectAccessReviewVersion: "string",
              failurePolicy: "string",
              connectionInfo: { fields: { type: "string", kubeConfigFile: "string" } },
              matchConditions: { list: { fields: { expression: "string" } } },
            },
          },
        },
      },
    },
  },
};

/** The file behind `--authorization-config`, of which nothing is validated yet. Throws InvalidArgument. */
export function readAuthorizers(text: string): AuthorizerConfiguration[] {
  if (text === "") throw invalidArgument("empty config data");
  const { value, strictProblems } = readComponentConfig<{ authorizers?: AuthorizerConfiguration[] }>(
    text,
    CONFIGURATION,
  );
  if (strictProblems.length > 0) throw invalidArgument(`strict decoding error: ${strictProblems.join(", ")}`);
  return value.authorizers ?? [];
}
