import { groupResourceText, isStatusError, type KindDefinition, type KubeObject } from "../../api/index.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../admission/admission.ts";
import type { LookedUp, ObjectLookup } from "../objects/object-lookup.ts";

/** `pods`, `deployments.apps` -> the objects that there are. */
export type Present = Record<string, readonly object[]>;

/** Looks among some objects. */
export function lookupAmong(present: Present): ObjectLookup {
  const all = (place: LookedUp, namespace?: string) =>
    ((present[groupResourceText(place)] ?? []) as KubeObject[]).filter(
      ({ metadata }) => !namespace || metadata.namespace === namespace,
    );
  return {
    get: async (place, namespace, name) =>
      all(place, namespace).find(({ metadata }) => metadata.name === name),
    list: async (place, namespace) => all(place, namespace),
  };
}

export interface SentRequest extends Partial<Omit<AdmissionRequest, "kind" | "object" | "oldObject">> {
  /** `pods`, `ingresses.networking.k8s.io`. */
  resource: string;
  object?: object;
  oldObject?: object;
}

export interface Admitted {
  /** After the plugin has changed it. */
  object: KubeObject;
  /** `CODE REASON MESSAGE`. */
  refused?: string;
  warnings: string[];
  annotations: Record<string, string>;
}

/** Lets one plugin change and judge a request that creates an object in namespace `n`, or does what `sent` says. */
export async function admitted(plugin: AdmissionPlugin, sent: SentRequest): Promise<Admitted> {
  const { resource, object, oldObject, ...rest } = sent;
  const kind = kindOf(resource);
  const told: Pick<Admitted, "warnings" | "annotations"> = { warnings: [], annotations: {} };
  const request: AdmissionRequest = {
    operation: oldObject ? "UPDATE" : "CREATE",
    kind,
    objectKind: kind,
    subresource: undefined,
    namespace: "n",
    name: undefined,
    object: structuredClone(object) as KubeObject | undefined,
    oldObject: oldObject as KubeObject | undefined,
    user: { name: "u", groups: [] },
    dryRun: false,
    options: undefined,
    signal: new AbortController().signal,
    reinvocation: { isWanted: false, isSecond: false, state: new Map() },
    warn: (text) => told.warnings.push(text),
    annotate: (key, value) => {
      told.annotations[key] = value;
    },
    ...rest,
  };
  const refused = await refusalBy(plugin, request);
  return { object: request.object!, ...told, ...(refused === undefined ? {} : { refused }) };
}

function kindOf(groupResource: string): KindDefinition {
  const [resource = "", ...group] = groupResource.split(".");
  return {
    group: group.join("."),
    version: "v1",
    resource,
    kind: resource,
    namespaced: true,
  } as KindDefinition;
}

async function refusalBy(plugin: AdmissionPlugin, request: AdmissionRequest): Promise<string | undefined> {
  try {
    await plugin.mutate?.(request);
    await plugin.validate?.(request);
    return undefined;
  } catch (error) {
    if (!isStatusError(error)) throw error;
    return `${error.status.code} ${error.reason} ${error.message}`;
  }
}
