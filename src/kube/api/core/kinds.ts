import type { KindDefinition } from "../types.ts";
import { bindings } from "./binding.ts";
import { componentStatuses } from "./component-status.ts";
import { configMaps } from "./config-map.ts";
import { endpoints } from "./endpoints.ts";
import { events } from "./event.ts";
import { limitRanges } from "./limit-range.ts";
import { namespaces } from "./namespace.ts";
import { nodes } from "./node.ts";
import { persistentVolumes } from "./persistent-volume.ts";
import { persistentVolumeClaims } from "./persistent-volume-claim.ts";
import { pods } from "./pod.ts";
import { podTemplates } from "./pod-template.ts";
import { replicationControllers } from "./replication-controller.ts";
import { resourceQuotas } from "./resource-quota.ts";
import { secrets } from "./secret.ts";
import { services } from "./service.ts";
import { serviceAccounts } from "./service-account.ts";

export const coreKinds: readonly KindDefinition[] = [
  namespaces,
  nodes,
  pods,
  podTemplates,
  replicationControllers,
  services,
  endpoints,
  configMaps,
  secrets,
  serviceAccounts,
  events,
  persistentVolumes,
  persistentVolumeClaims,
  limitRanges,
  resourceQuotas,
];

export const coreRequestKinds: readonly KindDefinition[] = [bindings];

export const coreComputedKinds: readonly KindDefinition[] = [componentStatuses];
