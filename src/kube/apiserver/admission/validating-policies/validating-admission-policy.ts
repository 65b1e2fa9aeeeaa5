import { Buffer } from "node:buffer";
import { errorMessage } from "../../../../base/index.ts";
import {
  type KindDefinition,
  type KindSource,
  type KubeObject,
  parseApiVersion,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
} from "../../../api/index.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../admission.ts";
import { AuthorizationQuestions } from "../expressions/authorization-questions.ts";
import { existingNamespace } from "../matching/selectors.ts";
import { type VersionedRequest, versionedRequest } from "../matching/versioned-request.ts";
import { collectParams } from "./collect-params.ts";
import { compiledPolicy } from "./compile-policy.ts";
import { type Denial, evaluatePolicy, type Judgement } from "./evaluate-policy.ts";
import type { FindKind } from "./find-kind.ts";
import { matchPolicy } from "./match-policy.ts";
import { boundPolicies } from "./policy-bindings.ts";
import { policyDenial } from "./policy-denial.ts";

type Policy = ValidatingAdmissionPolicy;
type Binding = ValidatingAdmissionPolicyBinding;

export interface PolicyOptions {
  kinds: KindSource;
  findKind: FindKind;
  lookup: ObjectLookup;
  authorizer: Authorizer;
}

/** What policies are not asked about: themselves, and questions about who may do what (kubeapiserver/admission/exclusion). */
const EXCLUDED = new Set([
  "admissionregistration.k8s.io/validatingadmissionpolicies",
  "admissionregistration.k8s.io/validatingadmissionpolicybindings",
  "admissionregistration.k8s.io/mutatingadmissionpolicies",
  "admissionregistration.k8s.io/mutatingadmissionpolicybindings",
  "authentication.k8s.io/selfsubjectreviews",
  "authentication.k8s.io/tokenreviews",
  "authorization.k8s.io/localsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectrulesreviews",
  "authorization.k8s.io/subjectaccessreviews",
]);

/** Policies whose expressions say what may be written, where bindings put them into force. */
export function validatingAdmissionPolicy(options: PolicyOptions): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionPolicy",
    async validate(request) {
      if (EXCLUDED.has(`${request.kind.group}/${request.kind.resource}`)) return;
      const bound = await boundPolicies(options.lookup);
      if (bound.length === 0) return;
      const dispatch = new Dispatch(options, request);
      for (const { policy, bindings } of bound) await dispatch.ask(policy, bindings);
      dispatch.refuseDenied();
    },
  };
}

interface Denied {
  policy: string;
  binding: string | undefined;
  message: string;
  reason?: string;
}

/** One request on its way through all policies (policy/validating dispatcher). */
class Dispatch {
  readonly #options: PolicyOptions;
  readonly #request: AdmissionRequest;
  readonly #questions: AuthorizationQuestions;
  readonly #denied: Denied[] = [];

  constructor(options: PolicyOptions, request: AdmissionRequest) {
    this.#options = options;
    this.#request = request;
    this.#questions = new AuthorizationQuestions(options.authorizer, request.user);
  }

  async ask(policy: Policy, bindings: readonly Binding[]): Promise<void> {
    let resource: KindDefinition | undefined;
    let paramKind: KindDefinition | undefined;
    try {
      resource = await matchPolicy(this.#options, policy.spec.matchConstraints!, this.#request);
      if (!resource) return;
      paramKind = await this.#paramKindOf(policy);
    } catch (error) {
      this.#misconfigured(policy, undefined, error);
      return;
    }
    const asking: Asking = { policy, resource, paramKind, versioned: undefined, annotations: new Map() };
    for (const binding of bindings) await this.#askFor(asking, binding);
    for (const [key, values] of asking.annotations)
      this.#request.annotate(`${policy.metadata.name}/${key}`, [...values].join(", "));
  }

  refuseDenied(): void {
    const [first] = this.#denied;
    if (!first) return;
    const { policy, binding, message, reason } = first;
    const who = `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? "" : ` with binding '${binding}'`}`;
    throw policyDenial(this.#request, `${who} denied request: ${message}`, reason);
  }

  async #askFor(asking: Asking, binding: Binding): Promise<void> {
    const { policy, resource, paramKind } = asking;
    const { matchResources, paramRef } = binding.spec;
    let params: (KubeObject | undefined)[];
    try {
      if (matchResources && !(await matchPolicy(this.#options, matchResources, this.#request))) return;
      const namespace = this.#request.namespace ?? "";
      params = await collectParams(this.#options.lookup, paramKind, paramRef, namespace);
      if (params.length > 0) asking.versioned ??= await this.#versioned(resource);
    } catch (error) {
      this.#misconfigured(policy, binding, error);
      return;
    }
    const namespace = await this.#namespace();
    for (const one of params) {
      const judged = { versioned: asking.versioned!, params: one, namespace, questions: this.#questions };
      this.#take(asking, binding, await evaluatePolicy(compiledPolicy(policy), judged));
    }
  }

  async #paramKindOf({ spec: { paramKind } }: Policy): Promise<KindDefinition | undefined> {
    if (!paramKind) return undefined;
    const { group, version } = parseApiVersion(paramKind.apiVersion ?? "");
    const kind = paramKind.kind ?? "";
    const found = await this.#options.findKind({ group, version, kind });
    if (found) return found;
    throw new Error(`failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`);
  }

  async #versioned(resource: KindDefinition): Promise<VersionedRequest> {
    try {
      return await versionedRequest(this.#request, resource);
    } catch (error) {
      throw new Error(`failed to convert object version: ${errorMessage(error)}`, { cause: error });
    }
  }

  /** That in which the request's object lies. Throws NotFound. */
  async #namespace(): Promise<KubeObject | undefined> {
    const { namespace, objectKind } = this.#request;
    const isNamespace = objectKind.group === "" && objectKind.kind === "Namespace";
    return !namespace || isNamespace ? undefined : existingNamespace(this.#options.lookup, namespace);
  }

  #misconfigured(policy: Policy, binding: Binding | undefined, error: unknown): void {
    if (policy.spec.failurePolicy === "Ignore") return;
    const what = binding ? "binding" : "policy";
    this.#deny(policy, binding, { message: `failed to configure ${what}: ${errorMessage(error)}` });
  }

  #deny({ metadata }: Policy, binding: Binding | undefined, denial: NonNullable<Denial>): void {
    this.#denied.push({ policy: metadata.name, binding: binding?.metadata.name, ...denial });
  }

  #take(asking: Asking, binding: Binding, { denials, annotations, annotationErrors }: Judgement): void {
    for (const [index, denial] of denials.entries())
      if (denial)
        for (const action of binding.spec.validationActions ?? [])
          this.#act(asking, binding, { action, index, denial });
    for (const { key, value } of annotations) {
      const values = asking.annotations.get(key) ?? new Set();
      asking.annotations.set(key, values.add(shortened(value)));
    }
    for (const message of annotationErrors) this.#deny(asking.policy, binding, { message });
  }

  #act(
    { policy }: Asking,
    binding: Binding,
    { action, index, denial }: { action: string; index: number; denial: NonNullable<Denial> },
  ): void {
    const names = [policy.metadata.name, binding.metadata.name] as const;
    if (action === "Deny") this.#deny(policy, binding, denial);
    else if (action === "Warn")
      this.#request.warn(
        `Validation failed for ValidatingAdmissionPolicy '${names[0]}' with binding '${names[1]}': ${denial.message}`,
      );
    else if (action === "Audit")
      this.#request.annotate(
        "validation.policy.admission.k8s.io/validation_failure",
        JSON.stringify([
          {
            message: denial.message,
            policy: binding.spec.policyName,
            binding: names[1],
            expressionIndex: index,
            validationActions: binding.spec.validationActions,
          },
        ]),
      );
  }
}

/** A policy that is about the request. */
interface Asking {
  policy: Policy;
  resource: KindDefinition;
  paramKind: KindDefinition | undefined;
  versioned: VersionedRequest | undefined;
  /** By key, the values of all bindings and parameters. */
  annotations: Map<string, Set<string>>;
}

const ANNOTATION_LIMIT_BYTES = 10 * 1024;

function shortened(value: string): string {
  const bytes = Buffer.from(value);
  return bytes.length <= ANNOTATION_LIMIT_BYTES
    ? value
    : bytes.subarray(0, ANNOTATION_LIMIT_BYTES).toString();
}
