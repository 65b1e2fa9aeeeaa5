import { connect } from "node:net";
import { errorMessage } from "../../base/index.ts";
import {
  ByteConnection,
  bidirectional,
  GrpcCode,
  GrpcError,
  type GrpcHandler,
  sessionMessages,
  unary,
} from "../../buildkit-api/index.ts";
import { type BuildDirectory, fileSyncHandler, locateHandler } from "./build-directories.ts";
import { type BuildOutput, receiveOutputHandler } from "./receive-output.ts";

/** What this side of a build gives and takes while the build runs. */
export interface SessionOffers {
  directories: ReadonlyMap<string, BuildDirectory>;
  /** The engine may read directories where they are, instead of having them sent. */
  readsInPlace: boolean;
  /** Reads a secret; each is asked for when a step needs it. */
  secrets: ReadonlyMap<string, () => Promise<Buffer>>;
  /** Sockets of SSH agents by id. */
  agents: ReadonlyMap<string, string>;
  /** What is kept for a registry; an empty name stands for a token. */
  credentials(host: string): { username: string; secret: string } | undefined;
  /** Content that the build gets by a URL of this session, each once. */
  uploads: ReadonlyMap<string, AsyncIterable<Uint8Array>>;
  /** By the number of the exporter. */
  outputs: ReadonlyMap<number, BuildOutput>;
}

const MAX_SECRET_BYTES = 500 * 1024;
const UPLOAD_CHUNK_BYTES = 1024 * 1024;

export function sessionServices(offers: SessionOffers): GrpcHandler[] {
  const { directories, readsInPlace, outputs } = offers;
  return [
    fileSyncHandler(directories),
    ...(readsInPlace ? [locateHandler(directories)] : []),
    receiveOutputHandler(outputs),
    secretsHandler(offers),
    credentialsHandler(offers),
    ...agentHandlers(offers),
    uploadHandler(offers),
    unary(sessionMessages.HEALTH_CHECK, async () => ({ status: 1 })),
  ];
}

function secretsHandler({ secrets }: SessionOffers): GrpcHandler {
  return unary(sessionMessages.GET_SECRET, async ({ id }) => {
    const read = secrets.get(id);
    if (!read) throw new GrpcError(GrpcCode.NOT_FOUND, `secret ${id} not found`);
    const data = await read();
    if (data.length > MAX_SECRET_BYTES)
      throw new GrpcError(GrpcCode.INVALID_ARGUMENT, `secret ${id} too big. max size 500KB`);
    return { data };
  });
}

function credentialsHandler({ credentials }: SessionOffers): GrpcHandler {
  return unary(sessionMessages.CREDENTIALS, async ({ host }) => credentials(host) ?? {});
}

function agentHandlers({ agents }: SessionOffers): GrpcHandler[] {
  const socketOf = (id: string) => {
    const socket = agents.get(id || "default");
    if (socket === undefined) throw new GrpcError(GrpcCode.UNKNOWN, `unset ssh forward key ${id}`);
    return socket;
  };
  return [
    unary(sessionMessages.CHECK_AGENT, async ({ id }) => {
      socketOf(id);
      return {};
    }),
    bidirectional(sessionMessages.FORWARD_AGENT, async (requests, send, { metadata, signal }) => {
      const agent = connect(socketOf(metadata["buildkit.ssh.id"]?.[0] ?? ""));
      const client = new ByteConnection(requests, (data) => send({ data }));
      await new Promise<void>((resolve, reject) => {
        const failed = (error: Error) =>
          reject(new GrpcError(GrpcCode.UNKNOWN, `SSH agent: ${errorMessage(error)}`));
        agent.on("error", failed).on("close", () => resolve());
        client.on("error", () => agent.destroy());
        signal.addEventListener("abort", () => agent.destroy(), { once: true });
        client.pipe(agent).pipe(client);
      });
    }),
  ];
}

function uploadHandler({ uploads }: SessionOffers): GrpcHandler {
  const left = new Map(uploads);
  return bidirectional(sessionMessages.UPLOAD_PULL, async (_requests, send, { metadata }) => {
    const path = (metadata.urlpath?.[0] ?? "").replace(/^\//, "");
    const content = left.get(path);
    left.delete(path);
    if (!content) throw new GrpcError(GrpcCode.NOT_FOUND, `no upload ${JSON.stringify(path)}`);
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; at += UPLOAD_CHUNK_BYTES)
        await send({ data: chunk.subarray(at, at + UPLOAD_CHUNK_BYTES) });
    }
  });
}
