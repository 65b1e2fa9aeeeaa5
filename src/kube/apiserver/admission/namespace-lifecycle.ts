import {
  failureStatus,
  type KubeObject,
  namespaces,
  StatusError,
  statusForbidden,
  statusNotFound,
} from "../../api/index.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "./admission.ts";

const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);
/** Reviews are answered even for namespaces that are not there. */
const ANSWERED_ANYWHERE = new Set(["localsubjectaccessreviews"]);

/** Nothing is created in a namespace that is absent or goes away; the first namespaces stay. */
export function namespaceLifecycle(
  findNamespace: (name: string) => Promise<KubeObject | undefined>,
): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    async mutate(request) {
      if (concerns(request, "", "namespaces", "DELETE")) {
        if (IMMORTAL.has(request.name ?? "")) {
          throw statusForbidden(namespaces, request.name!, "this namespace may not be deleted");
        }
        return;
      }
      const { namespace, operation, kind } = request;
      if (!namespace || kind.resource === "namespaces" || ANSWERED_ANYWHERE.has(kind.resource)) return;
      if (operation !== "CREATE") return;
      const found = await findNamespace(namespace);
      if (!found) throw statusNotFound(namespaces, namespace);
      if (found.status?.phase === "Terminating" || found.metadata.deletionTimestamp) {
        throw beingTerminated(request, namespace);
      }
    },
  };
}

function beingTerminated({ kind, name, object }: AdmissionRequest, namespace: string): StatusError {
  const objectName = name ?? object?.metadata.name ?? "";
  const error = statusForbidden(
    kind,
    objectName,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const message = `namespace ${namespace} is being terminated`;
  return new StatusError(
    failureStatus(403, "Forbidden", error.message, {
      ...error.status.details,
      causes: [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }],
    }),
  );
}
