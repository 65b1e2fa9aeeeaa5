import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../base/index.ts";
import { type Certificates, openCertificates } from "../certificates.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const YEARS_MS = 20 * 365 * 24 * 3600 * 1000;

interface Identity {
  cert: string;
  key: string;
}

/** Many requests over one connection: each is of whom its own proofs name. */
describe("requests that share a connection", () => {
  let dir: string;
  let server: TestServer;
  let proxies: Certificates;
  let laterMs = 0;
  let agent: https.Agent;
  const sockets = new Set<TLSSocket>();

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-connection-"));
    proxies = await openCertificates({ pkiDir: dir, serviceAddress: "10.96.0.1" });
    server = await startTestServer({
      clock: Object.assign(Object.create(systemClock) as Clock, {
        nowMs: () => systemClock.nowMs() + laterMs,
      }),
      authentication: {
        tokenFile: { path: "tokens.csv", text: "t1,ada,u1\nt2,bob,u2\n" },
        requestHeader: {
          caPem: proxies.caPem,
          allowedNames: ["front-proxy"],
          usernameHeaders: ["X-Remote-User"],
          uidHeaders: [],
          groupHeaders: ["X-Remote-Group"],
          extraHeaderPrefixes: [],
        },
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await rm(dir, { recursive: true });
  });
  afterEach(() => {
    agent.destroy();
    sockets.clear();
    laterMs = 0;
  });

  const identity = async (of: Certificates, commonName: string, organizations: string[] = []) => {
    const { certPem, keyPem } = await of.client(commonName, { commonName, organizations });
    return { cert: certPem, key: keyPem };
  };

  function connection(proof: Identity | undefined): void {
    agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: server.certificates.caPem, ...proof });
  }

  /** Whom the server takes the sender for; the code where it is refused. */
  async function whoami(headers: Record<string, string> = {}): Promise<string | number> {
    const request = https.request(`${server.url}${WHOAMI}`, {
      method: "POST",
      agent,
      headers: { "content-type": "application/json", ...headers },
    });
    request.end("{}");
    request.on("socket", (socket) => sockets.add(socket as TLSSocket));
    const [response] = await once(request, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    if (response.statusCode !== 201) return response.statusCode;
    const { username, groups } = JSON.parse(Buffer.concat(chunks).toString("utf8")).status.userInfo;
    return `${username} ${groups.join(",")}`;
  }

  async function whoAreThey(all: Record<string, string>[]): Promise<(string | number)[]> {
    const found = [];
    for (const headers of all) found.push(await whoami(headers));
    // What is seen is of one connection.
    expect(sockets.size).toBe(1);
    return found;
  }

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const proxied = (name: string, group: string) => ({ "x-remote-user": name, "x-remote-group": group });

  it("are of whom each one's token names, or of nobody", async () => {
    connection(undefined);
    expect(
      await whoAreThey([
        bearer("t1"),
        bearer("t2"),
        {},
        bearer("none"),
        bearer("t1"),
        proxied("dora", "g"),
        { ...bearer("t2"), ...proxied("dora", "g") },
      ]),
    ).toEqual([
      "ada system:authenticated",
      "bob system:authenticated",
      403,
      401,
      "ada system:authenticated",
      403,
      "bob system:authenticated",
    ]);
  });

  it("are of the certificate's subject, whatever else they bear", async () => {
    connection(await identity(server.certificates, "carol", ["g"]));
    const carol = "carol g,system:authenticated";
    expect(
      await whoAreThey([{}, bearer("t1"), bearer("none"), proxied("dora", "system:masters"), {}]),
    ).toEqual(Array(5).fill(carol));
  });

  it("are of whom a proxy names in each of them", async () => {
    connection(await identity(proxies, "front-proxy"));
    expect(
      await whoAreThey([
        proxied("dora", "g"),
        proxied("eve", "h"),
        {},
        bearer("t1"),
        { "x-remote-user": "dora" },
        proxied("system:anonymous", "system:unauthenticated"),
      ]),
    ).toEqual([
      "dora g,system:authenticated",
      "eve h,system:authenticated",
      401,
      "ada system:authenticated",
      "dora system:authenticated",
      403,
    ]);
  });

  it("are whom each one asks to be", async () => {
    connection(await identity(server.certificates, "admin", ["system:masters"]));
    const admin = "admin system:masters,system:authenticated";
    expect(
      await whoAreThey([
        {},
        { "impersonate-user": "fred", "impersonate-group": "g" },
        {},
        { "impersonate-user": "gina" },
        { "impersonate-extra-scope": "s" },
        {},
      ]),
    ).toEqual([admin, "fred g,system:authenticated", admin, "gina system:authenticated", 500, admin]);
  });

  it("may not do for one another what only one of them may", async () => {
    connection(await identity(server.certificates, "hugo"));
    const hugo = "hugo system:authenticated";
    expect(await whoAreThey([{}, { "impersonate-user": "fred" }, {}])).toEqual([hugo, 403, hugo]);
  });

  it("are refused once its certificate has expired", async () => {
    connection(await identity(server.certificates, "ida"));
    const before = await whoAreThey([{}, {}]);
    laterMs = YEARS_MS;
    const after = await whoAreThey([{}, bearer("t1")]);
    laterMs = 0;
    const ida = "ida system:authenticated";
    expect([...before, ...after, ...(await whoAreThey([{}]))]).toEqual([
      ida,
      ida,
      401,
      "ada system:authenticated",
      ida,
    ]);
  });

  it("are others' than those of another connection with the same session", async () => {
    const proof = await identity(server.certificates, "jo");
    const { hostname, port } = new URL(server.url);
    const ask = (options: object) =>
      new Promise<{ text: string; session: Buffer; isReused: boolean }>((resolve, reject) => {
        const socket = connect({
          host: hostname,
          port: Number(port),
          ca: server.certificates.caPem,
          ...options,
        });
        let session: Buffer;
        let text = "";
        socket.on("session", (one) => {
          session = one;
        });
        socket.on("data", (chunk) => {
          text += chunk;
        });
        let isReused = false;
        socket.on("secureConnect", () => {
          isReused = socket.isSessionReused();
        });
        socket.on("error", reject);
        socket.on("close", () => resolve({ text, session, isReused }));
        const head = ["POST", WHOAMI, "HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2"].join(
          " ",
        );
        socket.write(`${head}\r\ncontent-type: application/json\r\n\r\n{}`);
      });
    const first = await ask(proof);
    expect(first.text).toContain('"username":"jo"');
    // The session stands for the certificate with which it began, and for nothing else.
    expect(await ask({ session: first.session })).toMatchObject({
      isReused: true,
      text: expect.stringContaining('"username":"jo"'),
    });
    expect((await ask({})).text).toContain("HTTP/1.1 403 ");
  });
});
