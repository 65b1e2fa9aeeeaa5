import { errorMessage, GantryError, isDiskError, writeFileDurably } from "../base/index.ts";
import { type Certificates, kubeconfigText } from "../kube/apiserver/index.ts";

export interface AdminKubeconfigOptions {
  path: string;
  apiPort: number;
  certificates: Certificates;
  /** By whom clients know the server, as PEM. */
  serverCa: string;
}

/** Writes the kubeconfig of the cluster's administrator. Throws Unavailable where something else stands in its place. */
export async function writeAdminKubeconfig(options: AdminKubeconfigOptions): Promise<void> {
  const { path, apiPort, certificates, serverCa } = options;
  const admin = await certificates.client("admin", {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
  });
  const text = kubeconfigText({
    server: `https://127.0.0.1:${apiPort}`,
    ca: serverCa,
    cert: admin.certPem,
    key: admin.keyPem,
    name: "gantry",
  });
  try {
    await writeFileDurably(path, text, { mode: 0o600 });
  } catch (error) {
    if (isDiskError(error)) throw error;
    throw new GantryError("Unavailable", `cannot write ${path}: ${errorMessage(error)}`, {
      code: "Platform.Kubeconfig",
      hint: "remove what stands there, and start again",
      cause: error,
    });
  }
}
