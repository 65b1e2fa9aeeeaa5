import { once } from "node:events";
import { get } from "node:https";
import { connect } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { type HttpServer, peerProblemOf, sendJson, startHttpServer } from "./index.ts";
import { type Identity, issue } from "./tls.test-support.ts";

describe("TLS", () => {
  let authority: Identity;
  let server: HttpServer;
  let identities: Record<string, Identity>;

  beforeAll(() => {
    authority = issue("/CN=authority");
    identities = {
      server: issue("/CN=server", authority),
      client: issue("/CN=alice/O=team-a/O=system:masters", authority),
      stranger: issue("/CN=alice/O=system:masters", issue("/CN=other")),
    };
  });
  afterEach(() => server.close());

  async function ask(client?: Identity): Promise<unknown> {
    const { cert, key } = identities.server!;
    server = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      tls: { cert, key, ca: authority.cert, requestCert: true },
      logger: silentLogger,
      handler: ({ req, res, peer }) =>
        sendJson(res, 200, {
          name: peer?.commonName,
          groups: peer?.organizations,
          problem: peerProblemOf(req),
        }),
    });
    const { port } = server.address() as { port: number };
    const options = {
      port,
      host: "127.0.0.1",
      ca: authority.cert,
      agent: false as const,
      ...(client ? { cert: client.cert, key: client.key } : {}),
    };
    return new Promise((resolve, reject) => {
      get(options, (res) => {
        let text = "";
        res.on("data", (chunk) => {
          text += chunk;
        });
        res.on("end", () => resolve(JSON.parse(text)));
      }).on("error", reject);
    });
  }

  it("hands over the verified client certificate's subject", async () => {
    expect(await ask(identities.client)).toEqual({ name: "alice", groups: ["team-a", "system:masters"] });
  });

  it("takes clients without a certificate for nobody, and says of a foreign one why it does not count", async () => {
    expect(await ask()).toEqual({});
    await server.close();
    const stranger = (await ask(identities.stranger)) as { name?: string; problem?: string };
    expect(stranger.name).toBeUndefined();
    expect(stranger.problem).toMatch(/UNABLE_TO|issuer|verify/i);
  });

  it("lets no client shake hands anew in the middle of a connection, as another one", async () => {
    await ask();
    const { port } = server.address() as { port: number };
    const { cert, key } = identities.client!;
    const socket = connect({
      port,
      host: "127.0.0.1",
      ca: authority.cert,
      maxVersion: "TLSv1.2",
      cert,
      key,
    });
    await once(socket, "secureConnect");
    const failure = new Promise<Error | null>((resolve) => {
      socket.on("error", resolve);
      socket.renegotiate({}, resolve);
    });
    expect(await failure).toMatchObject({ code: "ERR_SSL_NO_RENEGOTIATION" });
    socket.destroy();
  });
});
