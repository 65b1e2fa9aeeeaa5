import { type Clock, errorMessage, newHexId, silentLogger } from "../base/index.ts";
import { GrpcClient, GrpcCode, GrpcError, GrpcServer } from "../buildkit-api/index.ts";
import type { DockerClient } from "../compose/index.ts";
import { type SessionOffers, sessionServices } from "./session/session-services.ts";

export interface BuildConnectionOptions {
  client: DockerClient;
  offers: SessionOffers;
  /** The same for builds of the same directories: what is there already is not sent again. */
  sharedKey: string;
  clock: Clock;
}

/** Two connections to an engine: one on which BuildKit is asked, and a session on which it asks. */
export class BuildConnection {
  readonly sessionId = newHexId();
  readonly control: GrpcClient;
  readonly clock: Clock;
  readonly #server: GrpcServer;

  private constructor(control: GrpcClient, server: GrpcServer, clock: Clock) {
    this.control = control;
    this.clock = clock;
    this.#server = server;
  }

  static async open({ client, offers, sharedKey, clock }: BuildConnectionOptions): Promise<BuildConnection> {
    const handlers = sessionServices(offers);
    const server = new GrpcServer({ handlers, toGrpcError, clock, logger: silentLogger });
    const upgrade = { Connection: "Upgrade", Upgrade: "h2c" };
    const control = await client.hijack("/grpc", { headers: upgrade });
    const connection = new BuildConnection(new GrpcClient(control, clock), server, clock);
    try {
      const session = await client.hijack("/session", {
        headers: {
          ...upgrade,
          "X-Docker-Expose-Session-Uuid": connection.sessionId,
          "X-Docker-Expose-Session-Name": "",
          "X-Docker-Expose-Session-Sharedkey": sharedKey,
          "X-Docker-Expose-Session-Grpc-Method": handlers.map(({ path }) => path),
        },
      });
      void server.serve(session);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  close(): void {
    this.control.close();
    this.#server.close();
  }
}

function toGrpcError(error: unknown): GrpcError {
  return error instanceof GrpcError ? error : new GrpcError(GrpcCode.UNKNOWN, errorMessage(error));
}
