import { aggregateText, groupResourceText, type KubeObject, type LimitRange } from "../../../api/index.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import { type AdmissionPlugin, type AdmissionRequest, refusalOf } from "../admission.ts";
import { setContainerDefaults } from "./container-defaults.ts";
import { problemsOfClaim, problemsOfPod } from "./problems.ts";

const LIMIT_RANGES = { group: "", resource: "limitranges", namespaced: true };

/** Pods and claims keep within the limit ranges of their namespace, which give amounts to containers that name none. */
export function limitRanger(lookup: Pick<ObjectLookup, "list">): AdmissionPlugin {
  const limitRanges = async ({ namespace }: AdmissionRequest) =>
    (await lookup.list(LIMIT_RANGES, namespace)) as unknown as readonly LimitRange[];
  return {
    name: "LimitRanger",
    looksAt: ["pods", "persistentvolumeclaims"],
    async mutate(request) {
      if (subjectOf(request) !== "pods") return;
      for (const one of await limitRanges(request)) setContainerDefaults(request.object!, one);
    },
    async validate(request) {
      const subject = subjectOf(request);
      if (subject === undefined) return;
      const problemsOf = subject === "pods" ? problemsOfPod : problemsOfClaim;
      for (const one of await limitRanges(request)) refuseProblems(request, problemsOf(request.object!, one));
    },
  };
}

function refuseProblems(request: AdmissionRequest, problems: string[]): void {
  if (problems.length > 0) throw refusalOf(request, aggregateText(problems));
}

/** A pod's containers change only by a resize; what is about to go is left alone. */
function subjectOf({ kind, subresource, operation, oldObject }: AdmissionRequest): string | undefined {
  const resource = groupResourceText(kind);
  if (isGoing(oldObject)) return undefined;
  if (resource === "pods" && operation === "UPDATE") return subresource === "resize" ? resource : undefined;
  const isWrite = operation === "CREATE" || operation === "UPDATE";
  const isSubject = resource === "pods" || resource === "persistentvolumeclaims";
  return isWrite && isSubject && subresource === undefined ? resource : undefined;
}

const isGoing = (object: KubeObject | undefined) => object?.metadata.deletionTimestamp !== undefined;
