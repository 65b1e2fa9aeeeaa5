import { Buffer } from "node:buffer";
import { errorMessage } from "../../../../base/index.ts";
import type { KubeObject } from "../../../api/index.ts";
import type { AuthorizationQuestions } from "../expressions/authorization-questions.ts";
import {
  BudgetSpent,
  type ExpressionInput,
  evaluateExpressions,
  type Outcome,
} from "../expressions/evaluate-expressions.ts";
import type { VersionedRequest } from "../matching/versioned-request.ts";
import type { CompiledPolicy } from "./compile-policy.ts";

/** Roughly a second, of all validations of one binding, and again of its audit annotations. */
const BUDGET = 10_000_000;
const MESSAGE_LIMIT_BYTES = 5 * 1024;

/** What is told of a validation that does not let the request pass; undefined: it does. */
export type Denial = { message: string; reason?: string } | undefined;

export interface Judgement {
  /** One for each validation, in their order; one alone where nothing could be evaluated. */
  denials: readonly Denial[];
  annotations: readonly { key: string; value: string }[];
  /** What went wrong with annotations: it refuses the request, whatever the binding wants done. */
  annotationErrors: readonly string[];
}

const NOTHING: Judgement = { denials: [], annotations: [], annotationErrors: [] };

export interface Judged {
  versioned: VersionedRequest;
  params: KubeObject | undefined;
  /** That of the request's object. */
  namespace: KubeObject | undefined;
  questions: AuthorizationQuestions;
}

/** What a policy says of a request with some parameters (policy/validating validator.Validate). */
export async function evaluatePolicy(policy: CompiledPolicy, judged: Judged): Promise<Judgement> {
  const { versioned, params, namespace, questions } = judged;
  const input = { versioned, params, questions, variables: policy.variables };
  try {
    if (!(await policy.conditions.hold(input))) return NOTHING;
    const seen = { ...input, namespaceObject: namespaceObject(namespace) };
    const denials = await validate(policy, seen);
    return { denials, ...(await annotate(policy, seen)) };
  } catch (error) {
    return { ...NOTHING, denials: [failure(policy, errorMessage(error))] };
  }
}

type Seen = Omit<ExpressionInput, "hasAuthorizer">;

async function validate(policy: CompiledPolicy, seen: Seen): Promise<Denial[]> {
  const expressions = policy.validations.map(({ expression }) => expression);
  const { outcomes, remaining } = await evaluateExpressions(
    expressions,
    { ...seen, hasAuthorizer: true },
    BUDGET,
  );
  const messages = await messagesOf(policy, seen, remaining);
  return outcomes.map((outcome, index) => {
    if (!outcome!.ok) return failure(policy, outcome!.error);
    if (messages instanceof BudgetSpent)
      return failure(policy, `failed messageExpression: ${messages.message}`);
    if (outcome!.value === true) return undefined;
    const { message = "", reason, expression } = policy.validations[index]!;
    const told =
      shownMessage(messages[index]) || message.trim() || `failed expression: ${expression.text.trim()}`;
    return { message: told, reason: reason ?? "Invalid" };
  });
}

/** All of them, whether or not they are needed: what they cost counts. */
async function messagesOf(
  { messages }: CompiledPolicy,
  seen: Seen,
  budget: number,
): Promise<Outcome[] | BudgetSpent> {
  try {
    return (await evaluateExpressions(messages, { ...seen, hasAuthorizer: false }, budget)).outcomes;
  } catch (error) {
    if (error instanceof BudgetSpent) return error;
    throw error;
  }
}

function failure({ ignoresFailures }: CompiledPolicy, message: string): Denial {
  return ignoresFailures ? undefined : { message };
}

/** Empty where it is no text that can be shown. */
function shownMessage(outcome: Outcome): string {
  if (!outcome?.ok || typeof outcome.value !== "string") return "";
  const message = outcome.value.trim();
  return Buffer.byteLength(message) > MESSAGE_LIMIT_BYTES || message.includes("\n") ? "" : message;
}

async function annotate(
  policy: CompiledPolicy,
  seen: Seen,
): Promise<Pick<Judgement, "annotations" | "annotationErrors">> {
  const expressions = policy.annotations.map(({ expression }) => expression);
  const { outcomes } = await evaluateExpressions(expressions, { ...seen, hasAuthorizer: false }, BUDGET);
  const annotations: { key: string; value: string }[] = [];
  const annotationErrors: string[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const { key } = policy.annotations[index]!;
    if (!outcome!.ok) {
      if (!policy.ignoresFailures) annotationErrors.push(outcome!.error);
      continue;
    }
    const value = typeof outcome!.value === "string" ? outcome!.value.trim() : "";
    if (value !== "") annotations.push({ key, value });
  }
  return { annotations, annotationErrors };
}

const METADATA = [
  "name",
  "generateName",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "finalizers",
] as const;

/** What expressions may know of the namespace (plugin/cel CreateNamespaceObject). */
function namespaceObject(namespace: KubeObject | undefined): object | undefined {
  if (!namespace) return undefined;
  const { metadata, spec = {}, status = {} } = namespace;
  const shown = METADATA.filter((field) => metadata[field] !== undefined).map((field) => [
    field,
    metadata[field],
  ]);
  return { metadata: Object.fromEntries(shown), spec, status };
}
