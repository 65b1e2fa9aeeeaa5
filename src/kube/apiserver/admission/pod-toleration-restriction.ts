import {
  type KubeObject,
  mergeTolerations,
  namespaces,
  type Pod,
  qosClassOf,
  statusNotFound,
  statusUnclassified,
  type Toleration,
  toleratesAllOf,
} from "../../api/index.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "./admission.ts";

const DEFAULTS = "scheduler.alpha.kubernetes.io/defaultTolerations";
const ALLOWED = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";
const MEMORY_PRESSURE: Toleration = {
  key: "node.kubernetes.io/memory-pressure",
  operator: "Exists",
  effect: "NoSchedule",
};

type FindNamespace = (name: string) => Promise<KubeObject | undefined>;

/** A namespace says by annotations what its pods bear, and what they may bear at the most. */
export function podTolerationRestriction(findNamespace: FindNamespace): AdmissionPlugin {
  const isSubject = (request: AdmissionRequest) => concerns(request, "", "pods", "CREATE", "UPDATE");
  return {
    name: "PodTolerationRestriction",
    async mutate(request) {
      if (!isSubject(request)) return;
      await addTolerations(request, findNamespace);
      await checkTolerations(request, findNamespace);
    },
    async validate(request) {
      if (isSubject(request)) await checkTolerations(request, findNamespace);
    },
  };
}

async function addTolerations(request: AdmissionRequest, find: FindNamespace): Promise<void> {
  const { spec } = request.object as Pod;
  const ofNamespace = request.operation === "CREATE" ? await tolerationsIn(request, find, DEFAULTS) : [];
  const pressure = qosClassOf(spec) === "BestEffort" ? [] : [MEMORY_PRESSURE];
  const added = [...(ofNamespace ?? []), ...pressure];
  if (added.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], added);
}

async function checkTolerations(request: AdmissionRequest, find: FindNamespace): Promise<void> {
  const { tolerations = [] } = (request.object as Pod).spec;
  const allowed = tolerations.length > 0 ? await tolerationsIn(request, find, ALLOWED) : undefined;
  if (!allowed || allowed.length === 0) return;
  if (!tolerations.every((one) => allowed.some((wide) => toleratesAllOf(wide, one))))
    throw statusUnclassified(
      "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist",
    );
}

async function tolerationsIn(
  { namespace }: AdmissionRequest,
  find: FindNamespace,
  annotation: string,
): Promise<Toleration[] | undefined> {
  const found = await find(namespace!);
  if (!found) throw statusNotFound(namespaces, namespace!);
  const text = found.metadata.annotations?.[annotation];
  if (!text) return undefined;
  try {
    return (JSON.parse(text) as Toleration[] | null) ?? [];
  } catch (error) {
    throw statusUnclassified(`annotation ${annotation} of namespace ${namespace} is no JSON`, error);
  }
}
