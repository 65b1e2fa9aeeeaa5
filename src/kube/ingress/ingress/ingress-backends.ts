import { createHash } from "node:crypto";
import type { Backend } from "../../../reverse-proxy/index.ts";
import type { Ingress, IngressBackend } from "../../api/index.ts";
import type { IngressSettings } from "../annotations/ingress-settings.ts";
import { servicePort } from "../backends/service-endpoints.ts";
import type { ClusterLookup } from "../cluster-lookup.ts";
import type { Problem } from "../problem.ts";
import type { BackendReference } from "../routes/contribution.ts";

/** The backends that an Ingress refers to, each once. */
export class IngressBackends {
  readonly problems: Problem[] = [];
  readonly references = new Map<string, BackendReference>();
  readonly #namespace: string;
  readonly #settings: Pick<IngressSettings, "protocol" | "tls">;
  readonly #lookup: ClusterLookup;

  constructor(
    { metadata }: Ingress,
    settings: Pick<IngressSettings, "protocol" | "tls">,
    lookup: ClusterLookup,
  ) {
    this.#namespace = metadata.namespace!;
    this.#settings = settings;
    this.#lookup = lookup;
  }

  /** The name of the backend in the table; absent: what is referred to is no Service. */
  nameOf(backend: IngressBackend): string | undefined {
    const { service, resource } = backend;
    if (!service) {
      const what = resource ? `${resource.kind} ${resource.name}` : "nothing";
      this.#tell("BackendNotSupported", `a backend refers to ${what}: only Services are implemented`);
      return undefined;
    }
    const port = service.port?.name ?? service.port?.number ?? 0;
    const reference = referenceOf(this.#namespace, service.name, port, this.#settings);
    if (!this.references.has(reference.name)) this.#check(service.name, port);
    this.references.set(reference.name, reference);
    return reference.name;
  }

  #check(name: string, port: number | string): void {
    const key = `${this.#namespace}/${name}`;
    const service = this.#lookup.service(key);
    if (!service) this.#tell("ServiceNotFound", `Service ${key} does not exist`);
    else if (!servicePort(service, port))
      this.#tell("ServicePortNotFound", `Service ${key} has no port ${port}`);
  }

  #tell(reason: string, message: string): void {
    this.problems.push({ reason, message });
  }
}

/** Two ways to speak to one port are two backends. */
export function referenceOf(
  namespace: string,
  service: string,
  port: number | string,
  how: { protocol?: Backend["protocol"]; tls?: Backend["tls"] },
): BackendReference {
  const { protocol, tls } = how;
  const manner = [protocol ?? [], tls ? digestOf(tls) : []].flat().join(",");
  return {
    name: `${namespace}/${service}:${port}${manner === "" ? "" : `#${manner}`}`,
    namespace,
    service,
    port,
    ...(protocol ? { protocol } : {}),
    ...(tls ? { tls } : {}),
  };
}

function digestOf(tls: NonNullable<Backend["tls"]>): string {
  return createHash("sha256").update(JSON.stringify(tls)).digest("hex").slice(0, 12);
}
