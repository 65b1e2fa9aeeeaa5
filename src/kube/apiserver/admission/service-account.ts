import { randomSuffix } from "../../../base/index.ts";
import {
  isMirrorPod,
  type KubeObject,
  secretNamesOf,
  statusForbidden,
  tokenAudiencesOf,
} from "../../api/index.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "./admission.ts";

const TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX = "kube-api-access-";

interface Mount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
}
interface Container {
  volumeMounts?: Mount[];
}

/** Each pod runs as a service account and gets its token, the authority's certificate and its namespace mounted. */
export function serviceAccount(
  /** Waits a little for the `default` account of a namespace that was just made. */
  findAccount: (namespace: string, name: string) => Promise<KubeObject | undefined>,
): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    looksAt: ["pods"],
    async mutate(request) {
      if (!concerns(request, "", "pods", "CREATE") || isMirrorPod(request.object!)) return;
      const pod = request.object!;
      pod.spec.serviceAccountName ||= pod.spec.serviceAccount || "default";
      const account = await requiredAccount(request, findAccount);
      if (mountsToken(pod, account)) mountToken(pod);
      if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        pod.spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
      }
    },
    validate(request) {
      if (!concerns(request, "", "pods", "CREATE") || !isMirrorPod(request.object!)) return;
      const problem = problemOfMirrorPod(request.object!);
      if (problem) throw statusForbidden(request.kind, request.name ?? "", problem);
    },
  };
}

function problemOfMirrorPod(pod: KubeObject): string | undefined {
  if (pod.spec.serviceAccountName) return "a mirror pod may not reference service accounts";
  if (!secretNamesOf(pod).next().done) return "a mirror pod may not reference secrets";
  if (!tokenAudiencesOf(pod).next().done)
    return "a mirror pod may not use ServiceAccountToken volume projections";
  return undefined;
}

async function requiredAccount(
  request: AdmissionRequest,
  find: (namespace: string, name: string) => Promise<KubeObject | undefined>,
): Promise<KubeObject> {
  const name = request.object!.spec.serviceAccountName as string;
  const namespace = request.namespace!;
  const account = await find(namespace, name);
  if (account) return account;
  throw statusForbidden(
    request.kind,
    request.object!.metadata.name ?? "",
    `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
  );
}

/** The pod's own wish counts before its account's; without either the token is mounted. */
function mountsToken(pod: KubeObject, account: KubeObject): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(pod: KubeObject): void {
  // Not validated yet: a volume may have no name.
  const volumes = (pod.spec.volumes ?? []) as { name?: string }[];
  const existing = volumes.find(({ name }) => name?.startsWith(VOLUME_PREFIX))?.name;
  const volumeName = existing ?? `${VOLUME_PREFIX}${randomSuffix()}`;
  let isMounted = false;
  for (const container of [
    ...(pod.spec.initContainers ?? []),
    ...(pod.spec.containers ?? []),
  ] as Container[]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === TOKEN_DIRECTORY)) continue;
    const mount = { name: volumeName, mountPath: TOKEN_DIRECTORY, readOnly: true };
    container.volumeMounts = [...(container.volumeMounts ?? []), mount];
    isMounted = true;
  }
  if (isMounted && !existing) pod.spec.volumes = [...volumes, tokenVolume(volumeName)];
}

function tokenVolume(name: string) {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
      defaultMode: 420,
    },
  };
}
