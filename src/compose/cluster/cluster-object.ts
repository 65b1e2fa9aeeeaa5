/** An object of the Kubernetes API that a project becomes. */
export interface ClusterObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** What a service becomes, in the order in which it has to be there. */
export interface ClusterService {
  name: string;
  /** Services that have to be as far as this one wants them, by name. */
  after: Record<string, "started" | "healthy" | "completed">;
  objects: ClusterObject[];
  /** The object that runs it: a Deployment, or a Job for what others wait to end. */
  workload: { kind: "Deployment" | "Job"; name: string };
}

export interface ClusterProject {
  namespace: string;
  /** The namespace, claims, configurations and secrets. */
  shared: ClusterObject[];
  services: ClusterService[];
  /** What cannot be said on the cluster, one sentence each. */
  told: string[];
}
