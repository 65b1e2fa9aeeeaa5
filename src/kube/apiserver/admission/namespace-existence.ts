import { type KubeObject, namespaces, statusNotFound } from "../../api/index.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";

type FindNamespace = (name: string) => Promise<KubeObject | undefined>;

/** The namespace that something is written into; undefined where it stands in none. */
const namespaceOf = ({ kind, namespace }: AdmissionRequest): string | undefined =>
  kind === namespaces || namespace === "" ? undefined : namespace;

/** Nothing is written in a namespace that is not there. */
export function namespaceExists(find: FindNamespace): AdmissionPlugin {
  return {
    name: "NamespaceExists",
    async validate(request) {
      const namespace = namespaceOf(request);
      if (namespace === undefined || request.operation === "CONNECT") return;
      if (!(await find(namespace))) throw statusNotFound(namespaces, namespace);
    },
  };
}

/** Whoever creates something in a namespace that is not there makes it by that. */
export function namespaceAutoProvision(
  find: FindNamespace,
  create: (name: string) => Promise<void>,
): AdmissionPlugin {
  return {
    name: "NamespaceAutoProvision",
    async mutate(request) {
      const namespace = namespaceOf(request);
      if (namespace === undefined || request.dryRun || request.operation !== "CREATE") return;
      if (!(await find(namespace))) await create(namespace);
    },
  };
}
