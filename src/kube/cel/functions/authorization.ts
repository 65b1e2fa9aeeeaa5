/** A question that an expression asks of the authorizer; texts that nothing is said of are empty. */
export type AuthorizationCheck = {
  verb: string;
  /** On behalf of this service account instead of the request's user. */
  serviceAccount?: { namespace: string; name: string };
} & (
  | { path: string }
  | {
      group: string;
      resource: string;
      subresource: string;
      namespace: string;
      name: string;
      /** As written; what cannot be parsed is the authorizer's to judge. */
      fieldSelector: string;
      labelSelector: string;
    }
);

export interface AuthorizationDecision {
  allowed: boolean;
  reason: string;
  /** Why the check itself failed. */
  error?: string;
}

/** Answers questions of expressions. */
export type Authorize = (check: AuthorizationCheck) => Promise<AuthorizationDecision>;
