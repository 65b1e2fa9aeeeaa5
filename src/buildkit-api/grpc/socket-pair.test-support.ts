import { connect as connectSocket, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newUid } from "../../base/index.ts";

/** Two ends of one connection. */
export async function socketPair(): Promise<[near: Socket, far: Socket]> {
  const path = join(tmpdir(), `grpc-${newUid()}.sock`);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const near = connectSocket(path);
  const far = await accepted;
  server.close();
  return [near, far];
}
