import type { OutgoingHttpHeaders } from "node:http";
import type { Clock } from "../../../base/index.ts";
import { fetchRemote, hostPort, type RemoteAnswer } from "../../../http/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { RemoteApiService } from "./aggregated-services.ts";
import { identityHeaders } from "./identity-headers.ts";
import type { RemoteConnections } from "./remote-connections.ts";

/** As big as the documents of whole servers. */
const LIMIT_BYTES = 64 * 2 ** 20;

export interface RemoteReaderOptions {
  connections: RemoteConnections;
  clock: Clock;
}

export interface RemoteRead {
  path: string;
  user: UserInfo;
  headers: OutgoingHttpHeaders;
  timeoutMs: number;
}

/** Reads documents from the servers behind APIServices. */
export class RemoteReader {
  readonly #connections: RemoteConnections;
  readonly #clock: Clock;

  constructor({ connections, clock }: RemoteReaderOptions) {
    this.#connections = connections;
    this.#clock = clock;
  }

  /** Throws what keeps the answer from coming. */
  async get(service: RemoteApiService, read: RemoteRead): Promise<RemoteAnswer> {
    const { path, user, headers, timeoutMs } = read;
    const endpoint = await this.#connections.endpointOf(service);
    const request = this.#connections.open(service, endpoint, {
      method: "GET",
      path,
      headers: { ...headers, ...identityHeaders(user), host: hostPort(endpoint) },
    });
    return fetchRemote(request, { timeoutMs, limitBytes: LIMIT_BYTES, clock: this.#clock });
  }
}
