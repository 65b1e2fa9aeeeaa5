import { FairTurn, runInTurns } from "../../../base/index.ts";
import type { KubeObject } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { MASTERS, serviceAccountUserName } from "../authentication/users.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Authorization, Authorizer } from "./authorizer.ts";
import { type PolicyRule, ruleAllows } from "./policy-rule.ts";

/** Where roles and bindings are read: the newest state in memory. */
export interface RbacSource {
  /** Another number after each change of a role or binding. */
  version(): number;
  clusterRoleBindings(): Iterable<KubeObject>;
  roleBindings(namespace: string): Iterable<KubeObject>;
  clusterRole(name: string): KubeObject | undefined;
  role(namespace: string, name: string): KubeObject | undefined;
  clusterRoles(): Iterable<KubeObject>;
}

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

/** A rule that holds for a user, and where it comes from. */
export interface GrantedRule {
  rule: PolicyRule;
  reason: string;
}

interface GrantedRole {
  rules: readonly PolicyRule[];
  reason: string;
}

/** So many rules are looked at in less than a millisecond. */
const FEW_RULES = 2000;

/** Users and namespaces whose rules are kept until a role or binding changes. */
const REMEMBERED = 2000;

/** Role-based access control over the roles and bindings of the store. */
export class RbacAuthorizer implements Authorizer {
  readonly #source: RbacSource;
  readonly #resolved = new Map<string, readonly GrantedRole[]>();
  /** The same for who asks with the same user object again. */
  #recent = new WeakMap<UserInfo, Map<string | undefined, readonly GrantedRole[]>>();
  #resolvedVersion = -1;

  constructor(source: RbacSource) {
    this.#source = source;
  }

  authorize(user: UserInfo, info: RequestInfo): Authorization | Promise<Authorization> {
    // Holds even where its binding was deleted: nobody locks the administrators out.
    if (user.groups.includes(MASTERS)) return { decision: "allow" };
    const namespace = info.isResource ? info.namespace : undefined;
    const granted = this.#grantedTo(user, namespace);
    const search = searchRules(granted, info);
    const count = granted.reduce((sum, { rules }) => sum + rules.length, 0);
    return count <= FEW_RULES ? runAtOnce(search) : runInTurns(search, new FairTurn(undefined, user.name));
  }

  /** All rules that hold for the user in the cluster and, where one is named, in the namespace. */
  rulesFor(user: UserInfo, namespace: string | undefined): readonly GrantedRule[] {
    return this.#grantedTo(user, namespace).flatMap(({ rules, reason }) =>
      rules.map((rule) => ({ rule, reason })),
    );
  }

  #grantedTo(user: UserInfo, namespace: string | undefined): readonly GrantedRole[] {
    this.#forgetIfOutdated();
    const ofUser = this.#recent.get(user);
    const recent = ofUser?.get(namespace);
    if (recent) return recent;
    const key = JSON.stringify([user.name, user.groups, namespace]);
    const roles = this.#resolved.get(key) ?? [...this.#resolve(user, namespace)];
    this.#resolved.set(key, roles);
    this.#recent.set(user, (ofUser ?? new Map()).set(namespace, roles));
    return roles;
  }

  #forgetIfOutdated(): void {
    const version = this.#source.version();
    if (version === this.#resolvedVersion && this.#resolved.size <= REMEMBERED) return;
    this.#resolved.clear();
    this.#recent = new WeakMap();
    this.#resolvedVersion = version;
  }

  /** A role that is bound to the user several times counts once. */
  *#resolve(user: UserInfo, namespace: string | undefined): Generator<GrantedRole> {
    const seen = new Set<KubeObject>();
    for (const binding of this.#source.clusterRoleBindings()) {
      yield* this.#roleOf(binding, user, undefined, seen);
    }
    if (!namespace) return;
    for (const binding of this.#source.roleBindings(namespace)) {
      yield* this.#roleOf(binding, user, namespace, seen);
    }
  }

  *#roleOf(
    binding: KubeObject,
    user: UserInfo,
    namespace: string | undefined,
    seen: Set<KubeObject>,
  ): Generator<GrantedRole> {
    const subjects = (binding.subjects ?? []) as Subject[];
    const subject = subjects.find((candidate) => appliesTo(candidate, user, namespace));
    if (!subject) return;
    const { kind, name } = binding.roleRef as { kind: string; name: string };
    const role =
      kind === "Role" && namespace ? this.#source.role(namespace, name) : this.#source.clusterRole(name);
    if (!role || seen.has(role)) return;
    seen.add(role);
    const at = namespace === undefined ? "" : `${namespace}/`;
    const reason = `RBAC: allowed by ${binding.kind} ${JSON.stringify(binding.metadata.name + (at ? `/${namespace}` : ""))} of ${kind} ${JSON.stringify(name)} to ${subjectText(subject)}`;
    yield { rules: [...this.#allRules(role)], reason };
  }

  /** A role with an aggregationRule also has the rules of the roles that it selects. */
  *#allRules(role: KubeObject): Generator<PolicyRule> {
    yield* (role.rules ?? []) as PolicyRule[];
    const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []) as {
      matchLabels?: Record<string, string>;
    }[];
    if (selectors.length === 0) return;
    for (const other of this.#source.clusterRoles()) {
      const isSelected = selectors.some((selector) => matches(selector.matchLabels, other.metadata.labels));
      if (isSelected && other.metadata.uid !== role.metadata.uid) yield* (other.rules ?? []) as PolicyRule[];
    }
  }
}

function* searchRules(granted: readonly GrantedRole[], info: RequestInfo): Generator<void, Authorization> {
  let looked = 0;
  for (const { rules, reason } of granted) {
    for (const rule of rules) {
      if (ruleAllows(rule, info)) return { decision: "allow", reason };
      if (++looked % FEW_RULES === 0) yield;
    }
  }
  return { decision: "noOpinion" };
}

function runAtOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function appliesTo(subject: Subject, user: UserInfo, bindingNamespace: string | undefined): boolean {
  if (subject.kind === "User") return subject.name === user.name;
  if (subject.kind === "Group") return user.groups.includes(subject.name);
  if (subject.kind !== "ServiceAccount") return false;
  const namespace = subject.namespace || bindingNamespace;
  return namespace !== undefined && user.name === serviceAccountUserName(namespace, subject.name);
}

function subjectText({ kind, name, namespace }: Subject): string {
  return kind === "ServiceAccount"
    ? `ServiceAccount "${name}/${namespace}"`
    : `${kind} ${JSON.stringify(name)}`;
}

function matches(wanted: Record<string, string> | undefined, labels: Record<string, string> = {}): boolean {
  if (!wanted) return false;
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
