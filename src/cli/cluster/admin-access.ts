import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { errnoCode, GantryError } from "../../base/index.ts";
import { createHttpsClient, type KubeClient } from "../../kube/client/index.ts";

export interface AdminAccess {
  client: KubeClient;
  /** Of the cluster, as PEM: the first one is its own. */
  caPem: string;
  /** `https://127.0.0.1:6443` */
  server: string;
}

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/** Works with the cluster whose server this home is, as its administrator. Throws NotFound where it is none. */
export async function withAdmin<T>(home: string, work: (admin: AdminAccess) => Promise<T>): Promise<T> {
  const { clusters, users } = readKubeconfig(join(home, "kubeconfig"));
  const decode = (text: string) => Buffer.from(text, "base64").toString("utf8");
  const { server, "certificate-authority-data": authority } = clusters[0]!.cluster;
  const { user } = users[0]!;
  const caPem = decode(authority);
  const client = createHttpsClient({
    server,
    ca: caPem,
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
    userAgent: "gantry",
  });
  try {
    return await work({ client, caPem, server });
  } finally {
    client.close();
  }
}

function readKubeconfig(path: string): Kubeconfig {
  try {
    return load(readFileSync(path, "utf8")) as Kubeconfig;
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
    throw new GantryError("NotFound", `${path} does not exist: this is no server's home`, {
      code: "Cli.NoServer",
      hint: "run this on a server of the cluster, with the --home that it was started with",
    });
  }
}
