import { equalResourceLists, type ResourceList } from "../../../formats/index.ts";
import { type KubeObject, mergeTolerations, type PodSpec, type RuntimeClass } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns, refusalOf } from "./admission.ts";

const RUNTIME_CLASSES = { group: "node.k8s.io", resource: "runtimeclasses", namespaced: false };
const OTHER_OVERHEAD = "Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** A pod's runtime class must exist, gives it its overhead and says on which nodes it may run. */
export function runtimeClass(lookup: Pick<ObjectLookup, "get">): AdmissionPlugin {
  return {
    name: "RuntimeClass",
    looksAt: ["pods"],
    async mutate(request) {
      if (!concerns(request, "", "pods", "CREATE")) return;
      const found = await classOf(request, lookup);
      if (found?.overhead) setOverhead(request, found.overhead.podFixed ?? {});
      if (found?.scheduling) setScheduling(request, found.scheduling);
    },
    async validate(request) {
      if (!concerns(request, "", "pods", "CREATE")) return;
      const overhead = (await classOf(request, lookup))?.overhead;
      const ofPod = request.object!.spec.overhead as ResourceList | undefined;
      if (overhead === undefined) {
        if (ofPod !== undefined)
          throw rejected(request, "Pod Overhead set without corresponding RuntimeClass defined Overhead");
      } else if (!equalResourceLists(overhead.podFixed ?? {}, ofPod ?? {})) {
        throw rejected(request, OTHER_OVERHEAD);
      }
    },
  };
}

async function classOf(
  request: AdmissionRequest,
  lookup: Pick<ObjectLookup, "get">,
): Promise<RuntimeClass | undefined> {
  const name = request.object!.spec.runtimeClassName as string | undefined;
  if (name === undefined) return undefined;
  const found: KubeObject | undefined = await lookup.get(RUNTIME_CLASSES, undefined, name);
  if (!found) throw rejected(request, `RuntimeClass ${JSON.stringify(name)} not found`);
  return found as unknown as RuntimeClass;
}

function setOverhead(request: AdmissionRequest, podFixed: ResourceList): void {
  const spec = request.object!.spec as PodSpec;
  const given = spec.overhead ?? {};
  if (Object.keys(given).length > 0 && !equalResourceLists(given, podFixed))
    throw rejected(request, OTHER_OVERHEAD);
  delete spec.overhead;
  if (Object.keys(podFixed).length > 0) spec.overhead = { ...podFixed };
}

function setScheduling(request: AdmissionRequest, scheduling: NonNullable<RuntimeClass["scheduling"]>): void {
  const spec = request.object!.spec as PodSpec;
  const { nodeSelector: ofClass = {}, tolerations = [] } = scheduling;
  for (const key of Object.keys(ofClass).sort()) {
    const ofPod = spec.nodeSelector?.[key];
    if (ofPod !== undefined && ofPod !== ofClass[key])
      throw refusalOf(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${ofClass[key]}; pod.spec.nodeSelector[${key}] = ${ofPod}`,
      );
  }
  const nodeSelector = { ...spec.nodeSelector, ...ofClass };
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = nodeSelector;
  const merged = mergeTolerations(spec.tolerations ?? [], tolerations);
  if (merged.length > 0) spec.tolerations = merged;
}

const rejected = (request: AdmissionRequest, why: string) => refusalOf(request, `pod rejected: ${why}`);
