import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, GantryError, invalidArgument } from "../../base/index.ts";
import type { ResourceRef } from "../../kube/client/index.ts";
import { createHttpsClient, type KubeClient } from "../../kube/client/index.ts";
import { homeDirectory } from "../home.ts";

interface Kubeconfig {
  server: string;
  ca: string;
  cert: string;
  key: string;
}

/** The cluster of the home whose engine is used. */
export function clusterClient(home: string): KubeClient & { close(): void } {
  const path = join(homeDirectory(home || undefined), "kubeconfig");
  return createHttpsClient({ ...readKubeconfig(path), userAgent: "gantry-compose" });
}

/** The program writes its own kubeconfig, and writes it in this form only. */
function readKubeconfig(path: string): Kubeconfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new GantryError("Unavailable", `cannot read ${path}: ${errorMessage(error)}`, {
      code: "Compose.NoCluster",
      hint: "start the platform with: gantry up",
    });
  }
  const field = (name: string) => {
    const value = new RegExp(`^\\s*${name}:\\s*(\\S+)\\s*$`, "m").exec(text)?.[1];
    if (value === undefined) throw invalidArgument(`${path} has no ${name}`);
    return value;
  };
  const decoded = (name: string) => Buffer.from(field(name), "base64").toString("utf8");
  return {
    server: field("server"),
    ca: decoded("certificate-authority-data"),
    cert: decoded("client-certificate-data"),
    key: decoded("client-key-data"),
  };
}

const core = (kind: string, resource: string, namespaced = true): ResourceRef => ({
  group: "",
  version: "v1",
  kind,
  resource,
  namespaced,
});

/** The kinds that a project becomes. */
export const CLUSTER_KINDS: Readonly<Record<string, ResourceRef>> = {
  Namespace: core("Namespace", "namespaces", false),
  Service: core("Service", "services"),
  PersistentVolumeClaim: core("PersistentVolumeClaim", "persistentvolumeclaims"),
  ConfigMap: core("ConfigMap", "configmaps"),
  Secret: core("Secret", "secrets"),
  Pod: core("Pod", "pods"),
  Deployment: { group: "apps", version: "v1", kind: "Deployment", resource: "deployments", namespaced: true },
  Job: { group: "batch", version: "v1", kind: "Job", resource: "jobs", namespaced: true },
};
