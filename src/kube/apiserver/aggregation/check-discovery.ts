import { type Clock, errorMessage } from "../../../base/index.ts";
import { fetchRemote, hostPort, TooLate } from "../../../http/index.ts";
import type { Endpoint } from "../webhook/service-endpoints.ts";
import { dialProblem } from "../webhook/webhook-errors.ts";
import type { RemoteApiService } from "./aggregated-services.ts";
import { identityHeaders } from "./identity-headers.ts";
import type { RemoteConnections } from "./remote-connections.ts";

const ATTEMPTS = 5;
const TIMEOUT_MS = 5_000;
const LIMIT_BYTES = 16 * 2 ** 20;
/** An administrator of every server: whether it answers is not a question of rights. */
const CHECKER = { name: "system:kube-aggregator", groups: ["system:masters"] };

/**
 * Asks a server for what it must have, its version of the group, several times at once, since its endpoints may differ. Returns what
 * is wrong, in the words of Go's HTTP client; undefined where one answer was good.
 */
export async function discoveryProblem(
  connections: RemoteConnections,
  service: RemoteApiService,
  clock: Clock,
): Promise<string | undefined> {
  const attempts = Array.from({ length: ATTEMPTS }, () => attempt(connections, service, clock));
  try {
    await Promise.any(attempts);
    return undefined;
  } catch (error) {
    return errorMessage((error as AggregateError).errors.at(-1));
  }
}

async function attempt(
  connections: RemoteConnections,
  service: RemoteApiService,
  clock: Clock,
): Promise<void> {
  const { group, version } = service.spec;
  const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const endpoint = await connections.endpointOf(service);
  const address = hostPort(endpoint);
  const url = `https://${address}${path}`;
  const code = await statusOf(connections, endpoint, path, clock).catch((error) => {
    const why =
      error instanceof TooLate
        ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        : dialProblem(error, address);
    throw new Error(`failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${why}`);
  });
  if (code < 200 || code > 299)
    throw new Error(`failing or missing response from ${url}: bad status from ${url}: ${code}`);
}

async function statusOf(connections: RemoteConnections, endpoint: Endpoint, path: string, clock: Clock) {
  const headers = { ...identityHeaders(CHECKER), host: hostPort(endpoint) };
  const request = connections.openUnverified(endpoint, { method: "GET", path, headers });
  return (await fetchRemote(request, { timeoutMs: TIMEOUT_MS, limitBytes: LIMIT_BYTES, clock })).code;
}
