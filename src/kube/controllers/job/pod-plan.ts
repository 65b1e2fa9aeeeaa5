import { cloneJson } from "../../../formats/index.ts";
import type { Container, Job, Pod } from "../../api/index.ts";
import type { PodPlan } from "../pod-writer.ts";
import {
  COMPLETION_INDEX,
  FAILURE_COUNT,
  failureCountsOf,
  hasLimitPerIndex,
  IGNORED_FAILURE_COUNT,
} from "./completion-index.ts";
import { isCounted, judgeFailure } from "./pod-failure.ts";
import { TRACKING_FINALIZER } from "./tracking-finalizer.ts";

/** The pod of a Job whose pods are all alike. */
export function podPlan({ metadata: { name }, spec }: Job): PodPlan {
  const { metadata = {} } = spec.template;
  const finalizers = new Set([...(metadata.finalizers ?? []), TRACKING_FINALIZER]);
  return {
    template: { ...spec.template, metadata: { ...metadata, finalizers: [...finalizers] } },
    generateName: `${name}-`,
  };
}

/** The pod for an index: it knows its index by a label, an annotation, its host name and the environment. */
export function indexedPodPlan(job: Job, index: number, replaced: Pod | undefined): PodPlan {
  const { template } = podPlan(job);
  const { name } = job.metadata;
  const spec = cloneJson(template.spec!);
  spec.hostname = `${name}-${index}`;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) addIndexVariable(container);
  const metadata = {
    ...template.metadata,
    labels: { ...template.metadata?.labels, [COMPLETION_INDEX]: `${index}` },
    annotations: {
      ...template.metadata?.annotations,
      [COMPLETION_INDEX]: `${index}`,
      ...(hasLimitPerIndex(job) ? failureAnnotations(job, replaced) : {}),
    },
  };
  return { template: { metadata, spec }, generateName: indexedPrefix(name, index) };
}

const INDEX_VARIABLE = "JOB_COMPLETION_INDEX";

function addIndexVariable(container: Container): void {
  if (container.env?.some(({ name }) => name === INDEX_VARIABLE)) return;
  const fieldRef = { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` };
  container.env = [...(container.env ?? []), { name: INDEX_VARIABLE, valueFrom: { fieldRef } }];
}

/** With the failure of the pod that this one replaces. */
function failureAnnotations({ spec }: Job, replaced: Pod | undefined): Record<string, string> {
  if (replaced === undefined) return { [FAILURE_COUNT]: "0" };
  const counts = failureCountsOf(replaced);
  if (isCounted(judgeFailure(spec.podFailurePolicy, replaced))) counts.counted++;
  else counts.ignored++;
  return {
    [FAILURE_COUNT]: `${counts.counted}`,
    ...(counts.ignored > 0 ? { [IGNORED_FAILURE_COUNT]: `${counts.ignored}` } : {}),
  };
}

/** What may stand before the five letters that make a name its own (apimachinery names). */
const MAX_PREFIX = 63 - 5;

/** Where it is too long the Job's name is cut, and not the index. */
function indexedPrefix(name: string, index: number): string {
  const end = `-${index}-`;
  return name.slice(0, MAX_PREFIX - end.length) + end;
}
