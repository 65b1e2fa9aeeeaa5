import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http2 from "node:http2";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
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

/** One connection of a client. */
interface Connection {
  post(path: string, headers: Record<string, string>): Promise<{ code: number; text: string }>;
  /** How many connections it has been in truth. */
  count(): number;
  close(): void;
}
type Connect = (url: string, proof: Partial<Identity> & { ca: string }) => Connection;

const overHttp1: Connect = (url, proof) => {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ...proof });
  const sockets = new Set<unknown>();
  return {
    post: async (path, headers) => {
      const request = https.request(`${url}${path}`, { method: "POST", agent, headers });
      request.end("{}");
      request.on("socket", (socket) => sockets.add(socket));
      const [response] = await once(request, "response");
      return { code: response.statusCode, text: await textOf(response) };
    },
    count: () => sockets.size,
    close: () => agent.destroy(),
  };
};

const overHttp2: Connect = (url, proof) => {
  const session = http2.connect(url, proof);
  return {
    post: async (path, headers) => {
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      stream.end("{}");
      const [response] = await once(stream, "response");
      return { code: response[":status"], text: await textOf(stream) };
    },
    count: () => 1,
    close: () => session.destroy(),
  };
};

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Many requests over one connection: each is of whom its own proofs name. */
describe.each([
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
])("requests that share a connection of %s", (_protocol, open) => {
  let dir: string;
  let server: TestServer;
  let proxies: Certificates;
  let laterMs = 0;
  let shared: Connection | undefined;

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
    shared?.close();
    laterMs = 0;
  });

  const identity = async (of: Certificates, commonName: string, organizations: string[] = []) => {
    const { certPem, keyPem } = await of.client(commonName, { commonName, organizations });
    return { cert: certPem, key: keyPem };
  };

  function connection(proof: Identity | undefined): void {
    shared = open(server.url, { ca: server.certificates.caPem, ...proof });
  }

  /** Whom the server takes the sender for; the code where it is refused. */
  async function whoami(headers: Record<string, string> = {}): Promise<string | number> {
    const { code, text } = await shared!.post(WHOAMI, { "content-type": "application/json", ...headers });
    if (code !== 201) return code;
    const { username, groups } = JSON.parse(text).status.userInfo;
    return `${username} ${groups.join(",")}`;
  }

  async function whoAreThey(all: Record<string, string>[]): Promise<(string | number)[]> {
    const found = [];
    for (const headers of all) found.push(await whoami(headers));
    // What is seen is of one connection.
    expect(shared!.count()).toBe(1);
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

  it("are of whom each one names where many are under way at once, too", async () => {
    connection(undefined);
    const all = Array.from({ length: 10 }, () => [bearer("t1"), {}, bearer("t2"), bearer("none")]).flat();
    const found = await Promise.all(all.map(whoami));
    expect(found).toEqual(
      Array.from({ length: 10 }, () => [
        "ada system:authenticated",
        403,
        "bob system:authenticated",
        401,
      ]).flat(),
    );
    expect(shared!.count()).toBe(1);
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
