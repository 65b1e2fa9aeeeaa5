import { admissionRegistrationKinds } from "./admissionregistration/kinds.ts";
import { apiextensionsKinds } from "./apiextensions/kinds.ts";
import { apiRegistrationKinds } from "./apiregistration/kinds.ts";
import { appsKinds } from "./apps/kinds.ts";
import { authenticationRequestKinds } from "./authentication/kinds.ts";
import { authorizationRequestKinds } from "./authorization/kinds.ts";
import { autoscalingKinds, autoscalingRequestKinds } from "./autoscaling/kinds.ts";
import { batchKinds } from "./batch/kinds.ts";
import { certificatesKinds } from "./certificates/kinds.ts";
import { coordinationKinds } from "./coordination/kinds.ts";
import { coreComputedKinds, coreKinds, coreRequestKinds } from "./core/kinds.ts";
import { discoveryKinds } from "./discovery/kinds.ts";
import { eventsKinds } from "./events/kinds.ts";
import { flowControlKinds } from "./flowcontrol/kinds.ts";
import { KindCatalog } from "./kind-catalog.ts";
import { metricsKinds } from "./metrics/kinds.ts";
import { networkingKinds } from "./networking/kinds.ts";
import { nodeKinds } from "./node/kinds.ts";
import { policyKinds, policyRequestKinds } from "./policy/kinds.ts";
import { rbacKinds } from "./rbac/kinds.ts";
import { schedulingKinds } from "./scheduling/kinds.ts";
import { storageKinds } from "./storage/kinds.ts";
import type { GroupVersionKind, KindDefinition } from "./types.ts";

/** Every built-in kind that is stored and served. A new kind is a file of its own and a line in its group's `kinds.ts`. */
export const kinds: readonly KindDefinition[] = [
  ...coreKinds,
  ...admissionRegistrationKinds,
  ...apiRegistrationKinds,
  ...appsKinds,
  ...autoscalingKinds,
  ...certificatesKinds,
  ...batchKinds,
  ...coordinationKinds,
  ...discoveryKinds,
  ...eventsKinds,
  ...networkingKinds,
  ...nodeKinds,
  ...policyKinds,
  ...flowControlKinds,
  ...rbacKinds,
  ...schedulingKinds,
  ...apiextensionsKinds,
  ...storageKinds,
];

/** Kinds that are only ever the body of a request: nothing of them is stored. */
export const requestKinds: readonly KindDefinition[] = [
  ...coreRequestKinds,
  ...policyRequestKinds,
  ...authenticationRequestKinds,
  ...authorizationRequestKinds,
  ...autoscalingRequestKinds,
];

/** Kinds that are read only: each object is worked out when it is asked for. */
export const computedKinds: readonly KindDefinition[] = [...coreComputedKinds, ...metricsKinds];

/** All that this server knows by itself. */
export function builtInKinds(): KindCatalog {
  return new KindCatalog([...kinds, ...requestKinds, ...computedKinds]);
}

const byName = new Map([...kinds, ...requestKinds, ...computedKinds].map((kind) => [nameOf(kind), kind]));

function nameOf({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}

/** A built-in kind. */
export function kindByGvk(group: string, version: string, kind: string): KindDefinition | undefined {
  return byName.get(nameOf({ group, version, kind }));
}
