import { appsKinds } from "./apps/kinds.ts";
import { authenticationRequestKinds } from "./authentication/kinds.ts";
import { authorizationRequestKinds } from "./authorization/kinds.ts";
import { autoscalingRequestKinds } from "./autoscaling/kinds.ts";
import { coordinationKinds } from "./coordination/kinds.ts";
import { coreKinds, coreRequestKinds } from "./core/kinds.ts";
import { discoveryKinds } from "./discovery/kinds.ts";
import { eventsKinds } from "./events/kinds.ts";
import { policyRequestKinds } from "./policy/kinds.ts";
import { rbacKinds } from "./rbac/kinds.ts";
import type { KindDefinition } from "./types.ts";

/** Every built-in kind that is stored and served. A new kind is a file of its own and a line in its group's `kinds.ts`. */
export const kinds: readonly KindDefinition[] = [
  ...coreKinds,
  ...appsKinds,
  ...coordinationKinds,
  ...discoveryKinds,
  ...eventsKinds,
  ...rbacKinds,
];

/** Kinds that are only ever the body of a request: nothing of them is stored. */
export const requestKinds: readonly KindDefinition[] = [
  ...coreRequestKinds,
  ...policyRequestKinds,
  ...authenticationRequestKinds,
  ...authorizationRequestKinds,
  ...autoscalingRequestKinds,
];

const byResource = new Map<string, KindDefinition>();
const byGvk = new Map<string, KindDefinition>();
for (const kind of [...kinds, ...requestKinds]) {
  byResource.set(`${kind.group}/${kind.version}/${kind.resource}`, kind);
  byGvk.set(`${kind.group}/${kind.version}/${kind.kind}`, kind);
}

/** The kind behind a REST path's group, version and plural. */
export function kindFor(group: string, version: string, resource: string): KindDefinition | undefined {
  return byResource.get(`${group}/${version}/${resource}`);
}

export function kindByGvk(group: string, version: string, kind: string): KindDefinition | undefined {
  return byGvk.get(`${group}/${version}/${kind}`);
}
