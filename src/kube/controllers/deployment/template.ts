import { createHash } from "node:crypto";
import { safeEncodeSuffix } from "../../../base/index.ts";
import type { Deployment, PodTemplateSpec, ReplicaSet } from "../../api/index.ts";
import { byCreation } from "./rollout.ts";

export const POD_TEMPLATE_HASH = "pod-template-hash";

/** Informers' objects are frozen and shared, so a template's text is made once for as long as it is unchanged. */
const texts = new WeakMap<object, string>();

/** The template without its hash label, as text; equal templates give equal text. */
function canonicalText(template: PodTemplateSpec): string {
  let text = texts.get(template);
  if (text === undefined) {
    text = canonicalJson(withoutHash(template));
    texts.set(template, text);
  }
  return text;
}

/** JSON with sorted keys. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function withoutHash(template: PodTemplateSpec): unknown {
  const { [POD_TEMPLATE_HASH]: _hash, ...labels } = template.metadata?.labels ?? {};
  const { creationTimestamp: _created, ...metadata } = template.metadata ?? {};
  return { metadata: { ...metadata, labels }, spec: template.spec };
}

/** A short name of a pod template; `collisionCount` makes another one when two templates share a name. */
export function templateHash(template: PodTemplateSpec, collisionCount: number): string {
  const digest = createHash("sha256").update(canonicalText(template)).update(String(collisionCount)).digest();
  return safeEncodeSuffix(String(digest.readUInt32BE(0)));
}

export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** The ReplicaSet that has the Deployment's present template; the oldest one, should there be several. */
export function findNewReplicaSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  return [...sets].sort(byCreation).find((set) => sameTemplate(set.spec.template!, deployment.spec.template));
}
