import { isLabelValue, isQualifiedName } from "../../../formats/index.ts";
import {
  type KubeObject,
  namespaces,
  statusForbidden,
  statusNotFound,
  statusUnclassified,
} from "../../api/index.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "./admission.ts";

const ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector";

/** A namespace says by an annotation on which nodes its pods may run. */
export function podNodeSelector(
  findNamespace: (name: string) => Promise<KubeObject | undefined>,
): AdmissionPlugin {
  const check = async (request: AdmissionRequest): Promise<Record<string, string> | undefined> => {
    if (!concerns(request, "", "pods", "CREATE")) return undefined;
    const namespace = await findNamespace(request.namespace!);
    if (!namespace) throw statusNotFound(namespaces, request.namespace!);
    const demanded = parseLabels(namespace.metadata.annotations?.[ANNOTATION] ?? "");
    const { spec, metadata } = request.object!;
    const isOther = ([key, value]: [string, string]) =>
      spec.nodeSelector?.[key] !== undefined && spec.nodeSelector[key] !== value;
    if (Object.entries(demanded).some(isOther))
      throw statusForbidden(
        request.kind,
        metadata.name ?? "",
        "pod node label selector conflicts with its namespace node label selector",
      );
    return demanded;
  };
  return {
    name: "PodNodeSelector",
    async mutate(request) {
      const demanded = await check(request);
      if (demanded === undefined || Object.keys(demanded).length === 0) return;
      const { spec } = request.object!;
      spec.nodeSelector = { ...demanded, ...spec.nodeSelector };
    },
    async validate(request) {
      await check(request);
    },
  };
}

/** `a=b,c=d` (labels.ConvertSelectorToLabelsMap). What is wrong with it is told as an error of nobody's making. */
function parseLabels(selector: string): Record<string, string> {
  if (selector === "") return {};
  const pairs = selector.split(",").map((text) => {
    const parts = text.split("=");
    if (parts.length !== 2) throw statusUnclassified(`invalid selector: [${parts.join(" ")}]`);
    const [key, value] = parts.map((part) => part.trim()) as [string, string];
    refuse("<nil>", key, isQualifiedName(key));
    refuse(`[${key}]`, value, isLabelValue(value));
    return [key, value];
  });
  return Object.fromEntries(pairs);
}

function refuse(field: string, value: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw statusUnclassified(`${field}: Invalid value: ${JSON.stringify(value)}: ${problems.join("; ")}`);
}
