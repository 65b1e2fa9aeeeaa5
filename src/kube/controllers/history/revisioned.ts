import type { ControllerRevision, PodTemplateSpec } from "../../api/index.ts";
import { goJson } from "../../api/index.ts";
import type { ApiObject } from "../../api/types.ts";

/** What keeps ControllerRevisions of its pod template: a StatefulSet or a DaemonSet. */
export interface Revisioned extends ApiObject {
  spec: { template: PodTemplateSpec; selector?: object; revisionHistoryLimit?: number };
  status?: { collisionCount?: number };
}

/** What a revision keeps: the strategic-merge patch that brings the template back, with its keys in order (upstream's getPatch). */
export function revisionData({ spec }: Revisioned): { spec: { template: object } } {
  return JSON.parse(goJson({ spec: { template: { ...spec.template, $patch: "replace" } } }));
}

/** Informers' objects are frozen and shared, so a text is made once for as long as they are unchanged. */
const texts = new WeakMap<object, string>();

function textOf(data: unknown): string {
  if (typeof data !== "object" || data === null) return goJson(data);
  const text = texts.get(data) ?? goJson(data);
  texts.set(data, text);
  return text;
}

/** Whether both bring back the same template. */
export function sameData(one: Pick<ControllerRevision, "data">, other: Pick<ControllerRevision, "data">) {
  return textOf(one.data) === textOf(other.data);
}

/** The template that the revision keeps; the present one where it keeps none (it may be anybody's object). */
export function templateOf(owner: Revisioned, { data }: ControllerRevision): PodTemplateSpec {
  const { template } = (data as { spec?: { template?: object } } | undefined)?.spec ?? {};
  if (typeof template !== "object" || template === null) return owner.spec.template;
  const { $patch: _directive, ...kept } = template as PodTemplateSpec & { $patch?: string };
  return kept;
}

/** By number, then by age and name (upstream's byRevision). */
export function inOrder(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return [...revisions].sort(
    (a, b) =>
      Number(a.revision) - Number(b.revision) ||
      compare(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
      compare(a.metadata.name, b.metadata.name),
  );
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** The number of the revision that comes after all of these. */
export function numberAfter(revisions: readonly ControllerRevision[]): number {
  return Math.max(0, ...revisions.map(({ revision }) => Number(revision))) + 1;
}
