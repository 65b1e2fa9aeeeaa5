import { type RequestOptions, request } from "node:https";
import { load } from "js-yaml";
import { errorMessage, GantryError, readAll } from "../../base/index.ts";
import { caHashOf } from "../../cli/index.ts";
import { pemBlocks } from "../../formats/index.ts";

const CLUSTER_INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info";
const ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** Whoever is asked is not the cluster that the token is of. */
export const OTHER_CLUSTER = "Join.OtherCluster";

/**
 * The authority of the cluster behind `server`, as PEM. What comes is believed as far as it has the hash that the token tells: the
 * connection itself proves nothing yet. Throws PermissionDenied (OTHER_CLUSTER) where it has not, Unavailable where nobody answers.
 */
export async function discoverAuthority(server: URL, caHash: string, signal: AbortSignal): Promise<string> {
  const text = await fetchUnproven(new URL(CLUSTER_INFO, server), signal);
  const found = authoritiesIn(text).find((pem) => hashOf(pem) === caHash);
  if (found !== undefined) return found;
  throw new GantryError("PermissionDenied", `${server.origin} is not the cluster that the token is of`, {
    code: OTHER_CLUSTER,
    hint: "check --server, and take the token of that cluster",
  });
}

function fetchUnproven(url: URL, signal: AbortSignal): Promise<string> {
  const options: RequestOptions = { rejectUnauthorized: false, agent: false, timeout: TIMEOUT_MS, signal };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(
        new GantryError("Unavailable", `${url.origin} cannot be reached: ${errorMessage(error)}`, {
          code: "Join.Unreachable",
          cause: error,
        }),
      );
    const outgoing = request(url, options, (answer) => {
      readAll(answer, ANSWER_BYTES).then((bytes) => {
        if (answer.statusCode === 200) resolve(bytes.toString("utf8"));
        else fail(new Error(`it answers ${answer.statusCode}`));
      }, fail);
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", fail);
    outgoing.end();
  });
}

/** Certificates in the kubeconfig of the ConfigMap `cluster-info`; none of what cannot be read. */
function authoritiesIn(text: string): string[] {
  try {
    const { data } = JSON.parse(text) as { data: { kubeconfig: string } };
    const config = load(data.kubeconfig) as {
      clusters: { cluster: { "certificate-authority-data": string } }[];
    };
    const pem = Buffer.from(config.clusters[0]!.cluster["certificate-authority-data"], "base64");
    return pemBlocks(pem.toString("utf8")).map(({ bytes }) => {
      const lines = bytes.toString("base64").replace(/(.{64})/g, "$1\n");
      return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
    });
  } catch {
    return [];
  }
}

function hashOf(pem: string): string | undefined {
  try {
    return caHashOf(pem);
  } catch {
    return undefined;
  }
}
