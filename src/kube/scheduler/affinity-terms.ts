import { type LabelSelector, labelSelectorFrom } from "../../formats/index.ts";
import type { Pod, PodAffinity, PodAffinityTerm, PodAntiAffinity } from "../api/index.ts";
import type { Snapshot } from "./snapshot.ts";

/** One PodAffinityTerm, ready to be matched. */
export interface AffinityTerm {
  topologyKey: string;
  /** 0 for required terms. */
  weight: number;
  matches(namespace: string, labels: Record<string, string> | undefined, snapshot: Snapshot): boolean;
}

export interface AffinityTerms {
  affinity: readonly AffinityTerm[];
  antiAffinity: readonly AffinityTerm[];
  preferred: readonly AffinityTerm[];
  /** Their weights are negative. */
  preferredNot: readonly AffinityTerm[];
}

const known = new WeakMap<Pod, AffinityTerms>();

/** What a pod wants of the pods around it; worked out once a pod. */
export function affinityTermsOf(pod: Pod): AffinityTerms {
  let terms = known.get(pod);
  if (!terms) {
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
    terms = {
      affinity: required(podAffinity, pod),
      antiAffinity: required(podAntiAffinity, pod),
      preferred: preferred(podAffinity, pod, 1),
      preferredNot: preferred(podAntiAffinity, pod, -1),
    };
    known.set(pod, terms);
  }
  return terms;
}

function required(affinity: PodAffinity | PodAntiAffinity | undefined, pod: Pod): AffinityTerm[] {
  return (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) =>
    compile(term, pod, 0),
  );
}

function preferred(
  affinity: PodAffinity | PodAntiAffinity | undefined,
  pod: Pod,
  sign: number,
): AffinityTerm[] {
  const terms = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.map(({ weight, podAffinityTerm }) => compile(podAffinityTerm, pod, sign * weight));
}

/** Without namespaces and namespaceSelector the pod's own namespace is meant. */
function compile(term: PodAffinityTerm, pod: Pod, weight: number): AffinityTerm {
  const selector = selectorOf(term, pod);
  const names = term.namespaces ?? [];
  const isOwn = names.length === 0 && !term.namespaceSelector;
  const namespaces = new Set(isOwn ? [pod.metadata.namespace ?? ""] : names);
  const byLabels = term.namespaceSelector ? labelSelectorFrom(term.namespaceSelector) : undefined;
  return {
    topologyKey: term.topologyKey,
    weight,
    matches: (namespace, labels, snapshot) =>
      (namespaces.has(namespace) || byLabels?.matches(snapshot.labelsOfNamespace(namespace)) === true) &&
      selector.matches(labels),
  };
}

/** matchLabelKeys and mismatchLabelKeys take the pod's own values. */
function selectorOf(term: PodAffinityTerm, pod: Pod): LabelSelector {
  if (!term.labelSelector) return labelSelectorFrom(undefined);
  const labels = pod.metadata.labels ?? {};
  const more = (keys: string[] | undefined, operator: string) =>
    (keys ?? []).filter((key) => key in labels).map((key) => ({ key, operator, values: [labels[key]!] }));
  return labelSelectorFrom({
    ...term.labelSelector,
    matchExpressions: [
      ...(term.labelSelector.matchExpressions ?? []),
      ...more(term.matchLabelKeys, "In"),
      ...more(term.mismatchLabelKeys, "NotIn"),
    ],
  });
}
