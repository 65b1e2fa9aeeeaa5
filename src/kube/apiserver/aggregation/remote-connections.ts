import type { ClientRequest, OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import { pemBlocks } from "../../../formats/index.ts";
import type { KeyPair } from "../certificates.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type Endpoint, serviceEndpoint } from "../webhook/service-endpoints.ts";
import type { TlsAgents } from "../webhook/tls-agents.ts";
import type { RemoteApiService } from "./aggregated-services.ts";

export interface RemoteRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: OutgoingHttpHeaders;
}

/** What an APIService says of its server's authority cannot be used. */
export class InvalidAuthority extends Error {}

/** The ways to the servers behind APIServices, on which this one shows its proxy's certificate. */
export class RemoteConnections {
  readonly #lookup: ObjectLookup;
  readonly #client: KeyPair;
  readonly #agents: TlsAgents;

  constructor({ lookup, client, agents }: { lookup: ObjectLookup; client: KeyPair; agents: TlsAgents }) {
    this.#lookup = lookup;
    this.#client = client;
    this.#agents = agents;
  }

  /** One of the Service's ready endpoints. Throws NoWayToService. */
  endpointOf({ spec: { service } }: RemoteApiService): Promise<Endpoint> {
    const { namespace = "", name = "", port = 443 } = service;
    return serviceEndpoint(this.#lookup, { namespace, name, port });
  }

  /** A request whose body is still to come. The server must be of the authority that its APIService names. Throws InvalidAuthority. */
  open({ spec }: RemoteApiService, endpoint: Endpoint, request: RemoteRequest): ClientRequest {
    const { service, caBundle = "", insecureSkipTLSVerify = false } = spec;
    if (caBundle !== "" && !holdsCertificate(caBundle))
      throw new InvalidAuthority("unable to load root certificates: unable to parse bytes as PEM block");
    const agent = this.#agents.agentFor({
      caBundle,
      serverName: `${service.name}.${service.namespace}.svc`,
      isVerified: !insecureSkipTLSVerify,
      client: this.#client,
    });
    return https.request({ ...endpoint, ...request, agent });
  }

  /** As `open`, to whoever answers there: for looking whether somebody does. */
  openUnverified(endpoint: Endpoint, request: RemoteRequest): ClientRequest {
    const agent = this.#agents.agentFor({
      caBundle: "",
      serverName: "",
      isVerified: false,
      client: this.#client,
    });
    return https.request({ ...endpoint, ...request, agent });
  }
}

function holdsCertificate(caBundle: string): boolean {
  const text = Buffer.from(caBundle, "base64").toString("utf8");
  return pemBlocks(text).some(({ label }) => label === "CERTIFICATE");
}
