import type { V1Condition, V1ObjectMeta } from "@kubernetes/client-node";

/** As it stands in JSON, where a time is text. */
export type SiteCondition = Omit<V1Condition, "lastTransitionTime"> & { lastTransitionTime: string };

export const GROUP = "web.example.com";
export const PLURAL = "sites";

/** A site as it is stored (v1). What the definition has defaults for is always there. */
export interface Site {
  apiVersion: string;
  kind: string;
  metadata: V1ObjectMeta;
  spec: {
    replicas: number;
    exposure: "internal" | "public";
    page: { title?: string; text: string };
  };
  status?: SiteStatus;
}

export interface SiteStatus {
  observedGeneration?: number;
  replicas?: number;
  readyReplicas?: number;
  selector?: string;
  address?: string;
  conditions?: SiteCondition[];
}

/** The same in the words of v1beta1. */
export interface BetaSite {
  apiVersion: string;
  kind: string;
  metadata: V1ObjectMeta;
  spec: { instances: number; public: boolean; title?: string; text: string };
  status?: SiteStatus;
}
