import { errorListText, type KubeObject, statusForbidden, statusInternal } from "../../../api/index.ts";
import type { AdmissionRequest } from "../admission.ts";
import type { CheckedPod } from "./check.ts";
import type { PodSecurityConfiguration } from "./configuration.ts";
import { detailText, violationsOf } from "./evaluate-pod.ts";
import { type LevelVersion, levelVersionText, PRIVILEGED } from "./level.ts";
import { podTemplateOf } from "./pod-template.ts";
import { isFullyPrivileged, type Mode, type PolicyOfNamespace, PREFIX, policyOf } from "./policy.ts";
import { isSignificantUpdate } from "./significant-update.ts";

interface House {
  findNamespace(name: string): Promise<KubeObject | undefined>;
  configuration: PodSecurityConfiguration;
}

/** These say nothing of what a pod may do. */
const IGNORED_SUBRESOURCES = new Set([
  "exec",
  "attach",
  "binding",
  "eviction",
  "log",
  "portforward",
  "proxy",
  "status",
]);

export async function admitPod(house: House, request: AdmissionRequest): Promise<void> {
  if (IGNORED_SUBRESOURCES.has(request.subresource ?? "") || isExempt(house, request)) return;
  const { object, oldObject, operation } = request;
  const namespace = await house.findNamespace(request.namespace!);
  if (!namespace) throw statusInternal(`failed to lookup namespace ${JSON.stringify(request.namespace)}`);
  const found = policyOf(namespace.metadata.labels, house.configuration.defaults);
  if (found.errors.length === 0 && isFullyPrivileged(found.policy)) {
    annotate(request, "enforce-policy", levelVersionText(PRIVILEGED));
    return;
  }
  if (operation === "UPDATE" && !isSignificantUpdate(object!.spec, oldObject!.spec)) return;
  evaluate(house, request, object as KubeObject & CheckedPod, found, ["enforce", "audit", "warn"]);
}

/** A template is never refused: the pods that are made of it are. */
export async function admitTemplate(house: House, request: AdmissionRequest): Promise<void> {
  if (isExempt(house, request)) return;
  const namespace = await house.findNamespace(request.namespace!);
  if (!namespace) {
    const name = JSON.stringify(request.namespace);
    annotate(request, "error", `failed to lookup namespace ${name}: namespaces ${name} not found`);
    return;
  }
  const found = policyOf(namespace.metadata.labels, house.configuration.defaults);
  const { audit, warn } = found.policy;
  if (found.errors.length === 0 && [audit, warn].every(({ level }) => level === "privileged")) return;
  const template = podTemplateOf(request.kind, request.object!);
  if (template) evaluate(house, request, template, found, ["audit", "warn"]);
}

/** Tells in each of the modes what the pod goes against, and throws where that is enforced. */
function evaluate(
  { configuration }: House,
  request: AdmissionRequest,
  pod: CheckedPod,
  { policy, errors }: PolicyOfNamespace,
  modes: readonly Mode[],
): void {
  if (configuration.exemptions.runtimeClasses.includes(pod.spec.runtimeClassName || "")) {
    annotate(request, "exempt", "runtimeClass");
    return;
  }
  if (errors.length > 0) annotate(request, "error", `Failed to parse policy: ${errorListText(errors)}`);
  const against = (mode: Mode) => (modes.includes(mode) ? violationText(policy[mode], pod) : undefined);
  if (modes.includes("enforce")) annotate(request, "enforce-policy", levelVersionText(policy.enforce));
  const audited = against("audit");
  if (audited) annotate(request, "audit-violations", `would violate ${audited}`);
  const enforced = against("enforce");
  if (enforced) throw statusForbidden(request.kind, request.object!.metadata.name, `violates ${enforced}`);
  const warned = against("warn");
  if (warned) request.warn(`would violate ${warned}`);
}

/** `PodSecurity "baseline:latest": host namespaces (hostPID=true)`. */
function violationText(level: LevelVersion, pod: CheckedPod): string | undefined {
  const violations = violationsOf(level, pod);
  if (violations.length === 0) return undefined;
  return `PodSecurity ${JSON.stringify(levelVersionText(level))}: ${detailText(violations)}`;
}

function isExempt({ configuration: { exemptions } }: House, request: AdmissionRequest): boolean {
  const isByNamespace = exemptions.namespaces.includes(request.namespace!);
  if (isByNamespace) annotate(request, "exempt", "namespace");
  else if (exemptions.usernames.includes(request.user.name)) annotate(request, "exempt", "user");
  else return false;
  return true;
}

const annotate = (request: AdmissionRequest, key: string, value: string) =>
  request.annotate(`${PREFIX}${key}`, value);
