import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  errorMessage,
  GantryError,
  isGantryError,
  type Logger,
  writeFileDurably,
} from "../../base/index.ts";
import { caHashOf, type JoinToken } from "../../cli/index.ts";
import { createHttpsClient, type KubeClient, type ServerConnections } from "../../kube/client/index.ts";
import { CertificateKeeper, type CertificateOrder, REQUEST_DENIED } from "../../kube/kubelet/index.ts";
import { readText } from "../../kube/pki/index.ts";
import { discoverAuthority, OTHER_CLUSTER } from "./discover-authority.ts";

export interface JoinOptions {
  servers: ServerConnections;
  /** Needed until the node has a certificate of its own. */
  token: JoinToken | undefined;
  nodeName: string;
  /** `<home>/pki` */
  pkiDir: string;
  logger: Logger;
  clock: Clock;
  signal: AbortSignal;
}

export interface JoinedNode {
  caPem: string;
  /** By which the kubelet is known; renewed by whoever runs it. */
  certificate: CertificateKeeper;
}

/** In the certificate of every API server, however it is reached. */
export const SERVER_NAME = "kubernetes";
export const ANSWER_TIMEOUT_MS = 10_000;
const RETRY_MS = 500;
const RETRY_MOST_MS = 5000;
const TELL_AFTER_MS = 5000;
const TELL_EVERY_MS = 30_000;

export const kubeletClientOrder = (nodeName: string): CertificateOrder => ({
  signer: "kubernetes.io/kube-apiserver-client-kubelet",
  subject: { commonName: `system:node:${nodeName}`, organizations: ["system:nodes"] },
  usages: ["digital signature", "client auth"],
});

/**
 * The node's identity: what its home has from an earlier time, or what it gets by the token. A server that cannot be reached is
 * tried for ever. Throws where another try brings nothing: a token that is not taken or of another cluster, a name that is taken.
 */
export async function joinCluster(options: JoinOptions): Promise<JoinedNode> {
  const { pkiDir, token } = options;
  await mkdir(pkiDir, { recursive: true, mode: 0o700 });
  const known = await readText(join(pkiDir, "ca.crt"));
  if (known !== undefined && token && caHashOf(known) !== token.caHash) throw joinedElsewhere();
  if (known !== undefined) {
    const certificate = keeperFor(known, options);
    await certificate.load();
    if (certificate.current) return { caPem: known, certificate };
  }
  if (!token) {
    throw new GantryError(
      "InvalidArgument",
      "the node has no certificate of the cluster's, or its time is over",
      {
        code: "Join.TokenNeeded",
        hint: "give --server and --token once more; 'gantry token create' on a server prints one",
      },
    );
  }
  const caPem = await withRetries(options, () =>
    discoverAuthority(options.servers.current, token.caHash, options.signal),
  );
  const certificate = keeperFor(caPem, options);
  await withRetries(options, () => obtainFirst(certificate, caPem, token, options));
  await writeFileDurably(join(pkiDir, "ca.crt"), caPem, { mode: 0o644 });
  return { caPem, certificate };
}

function joinedElsewhere(): GantryError {
  return new GantryError(
    "InvalidArgument",
    "the home is that of a node of another cluster than the token's",
    {
      code: "Join.Elsewhere",
      hint: "remove it with 'gantry reset', or name another --home",
    },
  );
}

function keeperFor(caPem: string, { pkiDir, nodeName, logger, clock }: JoinOptions): CertificateKeeper {
  return new CertificateKeeper({
    dir: pkiDir,
    fileName: "kubelet-client",
    order: kubeletClientOrder(nodeName),
    caPem,
    logger,
    clock,
  });
}

async function obtainFirst(
  certificate: CertificateKeeper,
  ca: string,
  { id, secret }: JoinToken,
  { servers: server, logger, clock, signal }: JoinOptions,
): Promise<void> {
  const client: KubeClient & { close(): void } = createHttpsClient({
    server,
    ca,
    serverName: SERVER_NAME,
    token: `${id}.${secret}`,
    userAgent: "gantry-join",
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  const cancel = clock.after(TELL_AFTER_MS, () =>
    logger.warn("the node's request for a certificate waits for somebody to approve it"),
  );
  try {
    await certificate.obtain(client, signal);
  } catch (error) {
    throw explained(error);
  } finally {
    cancel();
    client.close();
  }
}

/** What the API says, as somebody understands it who has a token. */
function explained(error: unknown): unknown {
  if (isGantryError(error, "Unauthenticated")) {
    return new GantryError(
      "Unauthenticated",
      "the cluster does not take the token: it is wrong, or was deleted, or its time is over",
      {
        code: "Join.TokenRefused",
        hint: "make another one on a server with 'gantry token create'",
        cause: error,
      },
    );
  }
  if (isGantryError(error) && error.code === REQUEST_DENIED) {
    return new GantryError("Conflict", error.message, {
      code: "Join.Denied",
      hint: "'gantry node remove' on a server removes a node, --node-name chooses another name",
      cause: error,
    });
  }
  return error;
}

/** Until it succeeds, or fails for good. */
async function withRetries<T>(
  { logger, clock, signal, servers }: JoinOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  let pauseMs = RETRY_MS;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const server = servers.current;
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || isFinal(error)) throw error;
      servers.failed(server);
      if (clock.monotonicMs() - toldAtMs >= TELL_EVERY_MS) {
        toldAtMs = clock.monotonicMs();
        logger.warn("the cluster cannot be joined yet, will retry", {
          server: server.origin,
          error: errorMessage(error),
        });
      }
    }
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(RETRY_MOST_MS, pauseMs * 1.5);
  }
}

function isFinal(error: unknown): boolean {
  if (!isGantryError(error)) return false;
  if ([OTHER_CLUSTER, "Join.TokenRefused", "Join.Denied"].includes(error.code)) return true;
  return ["PermissionDenied", "InvalidArgument", "DataLoss"].includes(error.kind);
}
