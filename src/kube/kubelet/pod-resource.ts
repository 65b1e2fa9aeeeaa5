import { pods } from "../api/index.ts";
import type { ResourceRef } from "../client/index.ts";
import type { Pod } from "./pod-types.ts";

const { group, version, resource, kind, namespaced } = pods;

/** `pods`, whose objects are as the kubelet's own types say. */
export const podResource: ResourceRef<Pod> = { group, version, resource, kind, namespaced };
