import { invalidArgument } from "../../../../base/index.ts";
import { type ConfigKind, readComponentConfig } from "../../../api/index.ts";

/** A claim with what stands before its value, or an expression. */
export interface PrefixedClaimOrExpression {
  claim?: string;
  prefix?: string;
  expression?: string;
}

export interface ClaimMappings {
  username?: PrefixedClaimOrExpression;
  groups?: PrefixedClaimOrExpression;
  uid?: { claim?: string; expression?: string };
  extra?: { key?: string; valueExpression?: string }[];
}

export interface Issuer {
  url?: string;
  discoveryURL?: string;
  /** PEM; the authorities that Node.js knows where it is empty. */
  certificateAuthority?: string;
  audiences?: string[];
  audienceMatchPolicy?: string;
}

/** Whose tokens are taken, and who is behind them (apiserver.config.k8s.io JWTAuthenticator). */
export interface JwtAuthenticatorConfig {
  issuer?: Issuer;
  claimValidationRules?: { claim?: string; requiredValue?: string; expression?: string; message?: string }[];
  claimMappings?: ClaimMappings;
  userValidationRules?: { expression?: string; message?: string }[];
}

export interface AuthenticationConfiguration {
  jwt?: JwtAuthenticatorConfig[];
  anonymous?: { enabled?: boolean; conditions?: { path?: string }[] };
}

const PREFIXED = { fields: { claim: "string", prefix: "string", expression: "string" } } as const;

const CONFIGURATION: ConfigKind = {
  group: "apiserver.config.k8s.io",
  versions: ["v1alpha1", "v1beta1"],
  kind: "AuthenticationConfiguration",
  fields: {
    jwt: {
      list: {
        fields: {
          issuer: {
            fields: {
              url: "string",
              discoveryURL: "string",
              certificateAuthority: "string",
              audiences: { list: "string" },
              audienceMatchPolicy: "string",
            },
          },
          claimValidationRules: {
            list: {
              fields: { claim: "string", requiredValue: "string", expression: "string", message: "string" },
            },
          },
          claimMappings: {
            fields: {
              username: PREFIXED,
              groups: PREFIXED,
              uid: { fields: { claim: "string", expression: "string" } },
              extra: { list: { fields: { key: "string", valueExpression: "string" } } },
            },
          },
          userValidationRules: { list: { fields: { expression: "string", message: "string" } } },
        },
      },
    },
    anonymous: {
      fields: { enabled: "boolean", conditions: { list: { fields: { path: "string" } } } },
    },
  },
};

/** The file behind `--authentication-config`, of which nothing is validated yet. Throws InvalidArgument. */
export function readAuthenticationConfiguration(text: string): AuthenticationConfiguration {
  if (text === "") throw invalidArgument("empty config data");
  const { value, strictProblems } = readComponentConfig<AuthenticationConfiguration>(text, CONFIGURATION);
  if (strictProblems.length > 0) throw invalidArgument(`strict decoding error: ${strictProblems.join(", ")}`);
  return value;
}
