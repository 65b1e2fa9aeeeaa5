import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  type TestJob,
  textIn,
} from "../solver/solver-house.test-support.ts";

let own: SolverHouse;
let server: Server;
let address: string;
let graph: TestGraph;
let job: TestJob;
let content: string;
const asked: { url: string; headers: IncomingHttpHeaders; status: number }[] = [];

beforeAll(async () => {
  own = await openSolverHouse();
  server = createServer((request, response) => {
    const etag = `"${createHash("sha256").update(content).digest("hex")}"`;
    const status = request.url === "/missing" ? 404 : request.headers["if-none-match"] === etag ? 304 : 200;
    asked.push({ url: request.url!, headers: request.headers, status });
    response
      .writeHead(status, { etag, "last-modified": "Tue, 02 Jan 2024 03:04:05 GMT" })
      .end(status === 200 ? content : "");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await own.close();
});

beforeEach(() => {
  content = "from the net";
  asked.length = 0;
  graph = new TestGraph();
  job = startJob(own, { session: sessionOf("/", { secret: async () => Buffer.from("Bearer x") }) });
});

afterEach(async () => {
  await job.close();
  await own.solver.prune({ all: true });
});

const http = (path: string, attrs: Record<string, string> = {}) =>
  graph.add({ source: { identifier: address + path, attrs: { "http.filename": "file", ...attrs } } });
const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("a file behind an address", () => {
  it("is a tree with that file", async () => {
    const tree = await job.get(
      graph,
      http("/x", { "http.perm": String(0o644), "http.uid": "5", "http.gid": "6" }),
    );
    expect(await textIn(tree, "/file")).toBe("from the net");
    expect(await tree.stat("/file")).toMatchObject({ uid: 5, gid: 6, mode: fs.constants.S_IFREG | 0o644 });
    expect(Number((await tree.stat("/file")).mtimeNs / 1_000_000n)).toBe(Date.parse("2024-01-02T03:04:05Z"));
  });

  it("is fetched again only when it has changed", async () => {
    for (const text of ["one", "one", "two"]) {
      content = text;
      const next = startJob(own);
      expect(await textIn(await next.get(graph, http("/x")), "/file")).toBe(text);
      await next.close();
    }
    expect(asked.map(({ status }) => status)).toEqual([200, 304, 200]);
  });

  it("is not asked for when its checksum is known", async () => {
    for (let time = 0; time < 2; time++) {
      const next = startJob(own);
      await next.get(graph, http("/x", { "http.checksum": sha(content) }));
      await next.close();
    }
    expect(asked.length).toBe(1);
  });

  it("is refused with another checksum, or when it is not there", async () => {
    await expect(job.get(graph, http("/x", { "http.checksum": sha("other") }))).rejects.toThrow(
      `digest mismatch ${sha(content)}: ${sha("other")}`,
    );
    await expect(job.get(graph, http("/missing"))).rejects.toThrow(/404/);
    expect(await own.house.images.listSnapshots()).toEqual([]);
    expect(fs.readdirSync(`${own.house.dir}/solver/contexts`)).toEqual([]);
  });

  it("is asked for with the client's header, which is kept nowhere", async () => {
    await job.get(graph, http("/x", { "http.authheadersecret": "token" }));
    expect(asked[0]!.headers.authorization).toBe("Bearer x");
    const results = `${own.house.dir}/solver/results`;
    for (const name of fs.readdirSync(results))
      expect(fs.readFileSync(`${results}/${name}`, "utf8")).not.toContain("Bearer");
  });
});

describe("what a client uploads", () => {
  it("is a tree with that file, taken once a build", async () => {
    const asked: string[] = [];
    const session = sessionOf("/", {
      async *upload(path) {
        asked.push(path);
        yield Buffer.from("from the ");
        yield Buffer.from("client");
      },
    });
    for (let time = 0; time < 2; time++) {
      const next = startJob(own, { session, id: `build-${time}` });
      const fresh = new TestGraph();
      const upload = fresh.add({
        source: { identifier: "http://buildkit-session/abc", attrs: { "http.filename": "context" } },
      });
      expect(await textIn(await next.get(fresh, upload), "/context")).toBe("from the client");
      await next.close();
    }
    expect(asked).toEqual(["abc", "abc"]);
    expect(fs.readdirSync(`${own.house.dir}/solver/contexts`)).toEqual([]);
  });

  it("is missed where there is none", async () => {
    const upload = graph.add({ source: { identifier: "http://buildkit-session/abc" } });
    await expect(job.get(graph, upload)).rejects.toThrow("the client offers no http://buildkit-session/abc");
  });
});

describe("sources of other sessions", () => {
  it("are asked of these", async () => {
    const dir = fs.mkdtempSync("/tmp/gantry-context-");
    fs.writeFileSync(`${dir}/a`, "of another");
    const session = sessionOf("/nowhere", { other: async (id) => sessionOf(dir, { id }) });
    const next = startJob(own, { session });
    const tree = await next.get(graph, graph.local("context", { "local.session": "another" }));
    expect(await textIn(tree, "/a")).toBe("of another");
    await next.close();
    fs.rmSync(dir, { recursive: true });
  });
});

describe("sources", () => {
  it.each([
    ["oci-layout://x@sha256:0", "invalid reference format"],
    ["oci-layout://x", "has no digest"],
    ["ftp://x/y", "unknown source scheme"],
    ["nothing", "unknown source scheme"],
    ["http://", "invalid URL"],
    ["git://x/y#-u", "invalid git ref"],
    ["docker-image://UPPER", "invalid reference format"],
  ])("refuses %s", async (identifier, message) => {
    await expect(job.get(graph, graph.add({ source: { identifier } }))).rejects.toThrow(message);
  });

  it("needs the session that a client's directory belongs to", async () => {
    await expect(job.get(graph, graph.local("context", { "local.session": "another" }))).rejects.toThrow(
      "no active session for another",
    );
    const without = startJob(own);
    await expect(without.get(graph, graph.local())).rejects.toThrow("no local sources enabled");
    await without.close();
  });
});
