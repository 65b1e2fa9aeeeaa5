import { rfc3339Seconds } from "../../../base/index.ts";
import {
  bindings,
  type KubeObject,
  statusBadRequest,
  statusConflict,
  statusUnclassified,
} from "../../api/index.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { admissionRequest } from "../verbs/admission-request.ts";
import { requireBody } from "../verbs/request-body.ts";
import { rewriteObject } from "../verbs/rewrite-object.ts";
import { successStatus } from "./success-status.ts";

interface Condition {
  type: string;
  status: string;
  lastTransitionTime?: string;
}

/** `pods/NAME/binding`: the scheduler gives a pod its node, once. */
export async function createBinding(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const binding = requireBody(call, bindings);
  if ((binding.metadata.name ?? "") !== (call.info.name ?? "")) {
    throw statusBadRequest("name in URL does not match name in Binding object");
  }
  refuseTarget(binding.target ?? {});
  const admission = admissionRequest(call, "CREATE", { object: binding, kind: bindings });
  await context.admission.mutate(admission);
  await context.admission.validate(admission);
  await rewriteObject(context, call, (current) => ({
    next: bound(current, admission.object!, context.clock.nowMs()),
  }));
  return { form: "status", status: successStatus(201) };
}

/** validation.ValidatePodBinding, whose errors upstream hands out as they are. */
function refuseTarget({ kind, name }: { kind?: string; name?: string }): void {
  const problems: string[] = [];
  if (kind && kind !== "Node") {
    problems.push(
      `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`,
    );
  }
  if (!name) problems.push("target.name: Required value");
  if (problems.length === 0) return;
  throw statusUnclassified(problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`);
}

/** registry/core/pod BindingREST.setPodHostAndAnnotations. */
function bound(current: StoredObject, binding: KubeObject, nowMs: number): KubeObject {
  const pod = current.mutableCopy();
  const { name, uid, deletionTimestamp } = pod.metadata;
  const of = { group: "", resource: "pods/binding" };
  const wanted = binding.metadata ?? {};
  if (wanted.uid && wanted.uid !== uid) {
    throw statusConflict(
      of,
      name,
      `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`,
    );
  }
  if (wanted.resourceVersion && wanted.resourceVersion !== pod.metadata.resourceVersion) {
    throw statusConflict(
      of,
      name,
      `Precondition failed: ResourceVersion in precondition: ${wanted.resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`,
    );
  }
  if (deletionTimestamp)
    throw statusConflict(of, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName) {
    throw statusConflict(
      of,
      name,
      `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`,
    );
  }
  if (pod.spec.schedulingGates?.length) {
    throw statusConflict(of, name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
  pod.spec.nodeName = binding.target.name;
  if (wanted.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...wanted.annotations };
  pod.status = { ...pod.status, conditions: withScheduled(pod.status?.conditions ?? [], nowMs) };
  return pod;
}

function withScheduled(conditions: Condition[], nowMs: number): Condition[] {
  const others = conditions.filter((condition) => condition.type !== "PodScheduled");
  const now: Condition = { type: "PodScheduled", status: "True", lastTransitionTime: rfc3339Seconds(nowMs) };
  return [...others, now];
}
