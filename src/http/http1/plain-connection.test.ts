import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import type { HttpLimits } from "../limits.ts";
import { sendText } from "../respond.ts";
import { type HttpServer, startHttpServer } from "../server.ts";
import type { PlainAnswer } from "./plain-answer.ts";
import type { PlainRequest } from "./plain-request.ts";

let server: HttpServer | undefined;
afterEach(() => server?.close());

type Serve = (request: PlainRequest, answer: PlainAnswer) => void;

/** Says what it was asked, with the body. */
const echo: Serve = ({ method, path, search, body }, answer) => {
  const pieces: Buffer[] = [];
  const say = () => sendText(answer, 200, `<${method} ${path}${search} ${Buffer.concat(pieces)}>`);
  if (body) body.start({ take: (piece) => pieces.push(Buffer.from(piece)), end: say, fail: () => {} });
  else say();
};

async function serve(plain: Serve, limits: HttpLimits = {}): Promise<void> {
  server = await startHttpServer({
    listen: { port: 0, host: "127.0.0.1" },
    plain,
    handler: ({ req, res, path }) => {
      req.resume();
      sendText(res, 200, `[full ${path}]`);
    },
    upgrade: (_, socket) => void socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n[switched]"),
    logger: silentLogger,
    limits,
  });
}

class Client {
  readonly socket: Socket;
  received = "";
  isClosed = false;

  constructor(text = "") {
    const { port } = server!.address() as { port: number };
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
    });
    this.socket.on("close", () => {
      this.isClosed = true;
    });
    this.socket.on("error", () => {});
    this.socket.write(text);
  }

  /** What stands between angle and square brackets. */
  get said(): string[] {
    return this.received.match(/<[^>]*>|\[[^\]]*\]/g) ?? [];
  }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const chunked = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${body}`;

describe("requests on a bare connection", () => {
  it("are served one after the other, also where they come at once, or byte by byte", async () => {
    await serve(echo);
    const text = `${get("/1")}${post("/2", "body")}${chunked("/3", "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")}${get("/4?x")}`;
    const said = ["<GET /1 >", "<POST /2 body>", "<POST /3 abc>", "<GET /4?x >"];
    const atOnce = new Client(text);
    await expect.poll(() => atOnce.said).toEqual(said);
    const slow = new Client();
    slow.socket.setNoDelay(true);
    for (const byte of text) {
      slow.socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => slow.said).toEqual(said);
    expect(slow.isClosed).toBe(false);
  });

  it("wait for the answer before them", async () => {
    const answers: PlainAnswer[] = [];
    await serve((_, answer) => answers.push(answer));
    const client = new Client(get("/1") + get("/2"));
    await expect.poll(() => answers).toHaveLength(1);
    sendText(answers[0]!, 200, "<1>");
    await expect.poll(() => answers).toHaveLength(2);
    sendText(answers[1]!, 200, "<2>");
    await expect.poll(() => client.said).toEqual(["<1>", "<2>"]);
  });

  it("end the connection where they say so, after the answer", async () => {
    await serve(echo);
    const client = new Client(`GET /1 HTTP/1.1\r\nhost: a\r\nconnection: Close\r\n\r\n${get("/2")}`);
    await expect.poll(() => client.isClosed).toBe(true);
    expect(client.said).toEqual(["<GET /1 >"]);
    expect(client.received).toMatch(/\r\nconnection: close\r\n/);
  });

  it("are answered though nobody wants their body, and so are those after them", async () => {
    await serve((request, answer) => sendText(answer, 200, `<${request.path}>`));
    const big = "x".repeat(3_000_000);
    const client = new Client(post("/1", big) + chunked("/2", `2dc6c0\r\n${big}\r\n0\r\n\r\n`) + get("/3"));
    await expect.poll(() => client.said).toEqual(["</1>", "</2>", "</3>"]);
  });

  it("are paused by whoever takes their body", async () => {
    let taken = 0;
    let goOn = () => {};
    await serve(({ body }, answer) => {
      body!.start({
        take: (piece) => {
          taken += piece.length;
          body!.pause();
          goOn = () => body!.resume();
        },
        end: () => sendText(answer, 200, `<${taken}>`),
        fail: () => {},
      });
    });
    const client = new Client(post("/", "x".repeat(2_000_000)));
    await expect.poll(() => taken).toBeGreaterThan(0);
    const before = taken;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBe(before);
    while (client.said.length === 0) {
      goOn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(client.said).toEqual(["<2000000>"]);
  });

  it("whose body cannot be read are refused, or cut where their answer has begun", async () => {
    const failures: string[] = [];
    await serve(({ path, body }, answer) => {
      if (path === "/begun") {
        answer.writeHead(200, {});
        answer.flushHeaders();
      }
      body!.start({ take: () => {}, end: () => {}, fail: (error) => failures.push(error.message) });
    });
    const client = new Client(chunked("/", `zz\r\n${get("/2")}`));
    await expect.poll(() => client.isClosed).toBe(true);
    expect(client.received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
    const begun = new Client(chunked("/begun", `zz\r\n${get("/2")}`));
    await expect.poll(() => begun.isClosed).toBe(true);
    expect(begun.received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200"]);
    expect(failures).toHaveLength(2);
  });

  it("are over when their client goes", async () => {
    const seen: string[] = [];
    await serve(({ body }, answer) => {
      answer.on("close", () => seen.push(`gone ${answer.destroyed}`));
      body!.start({ take: () => {}, end: () => {}, fail: () => seen.push("cut") });
    });
    const client = new Client("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc");
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.destroy();
    await expect.poll(() => seen.toSorted()).toEqual(["cut", "gone true"]);
  });

  it.each([
    [
      "another protocol is asked for",
      "GET /u HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
      "[switched]",
    ],
    ["a method is rare", "TRACE /t HTTP/1.1\r\nhost: a\r\n\r\n", "[full /t]"],
    ["a version is old", "GET /old HTTP/1.0\r\n\r\n", "[full /old]"],
    ["a line is empty", `\r\n${get("/empty")}`, "[full /empty]"],
    [
      "leave is asked for",
      "POST /e HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\nx",
      "[full /e]",
    ],
  ])("are read by the full reader from the first one on where %s", async (_, text, said) => {
    await serve(echo);
    const client = new Client(get("/1") + text);
    await expect.poll(() => client.said).toEqual(["<GET /1 >", said]);
  });

  it.each([
    ["GET / HTTP/1.1\r\n\r\n", "400"],
    ["GET /../x HTTP/1.1\r\nhost: a\r\n\r\n", "400"],
    ["POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "400"],
    ["POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", "400"],
    [`GET / HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(5000)}\r\n\r\n`, "431"],
    [`GET / HTTP/1.1\r\nhost: a\r\n${"x: y\r\n".repeat(60)}\r\n`, "431"],
    [`GET /${"x".repeat(1500)} HTTP/1.1\r\nhost: a\r\n\r\n`, "414"],
    ["nonsense\r\n\r\n", "400"],
  ])("are refused as ever: %j", async (text, status) => {
    await serve(echo, { maxHeaderBytes: 4096, maxHeaders: 50, maxTargetBytes: 1024 });
    const client = new Client(text + get("/after"));
    await expect.poll(() => client.received).toMatch(/^HTTP\/1\.1 \d{3}/);
    client.socket.end();
    await expect.poll(() => client.isClosed).toBe(true);
    expect(client.received.match(/HTTP\/1\.1 (\d+)/g)).toEqual([`HTTP/1.1 ${status}`]);
  });

  it("that do not come to an end, or do not come, are not waited for", async () => {
    await serve(echo, { headersTimeoutMs: 100, keepAliveTimeoutMs: 200 });
    const slow = new Client("GET / HT");
    const idle = new Client(get("/1"));
    await expect.poll(() => slow.isClosed, { timeout: 10_000 }).toBe(true);
    expect(slow.received).toMatch(/^HTTP\/1\.1 408/);
    await expect.poll(() => idle.isClosed, { timeout: 10_000 }).toBe(true);
    expect(idle.said).toEqual(["<GET /1 >"]);
  });

  it("under way are answered when the server is closed, others end", async () => {
    const answers: PlainAnswer[] = [];
    await serve((request, answer) => {
      if (request.path === "/slow") answers.push(answer);
      else sendText(answer, 200, "<ok>");
    });
    const slow = new Client(get("/slow"));
    const idle = new Client(get("/"));
    await expect.poll(() => [answers.length, idle.said.length]).toEqual([1, 1]);
    const closed = server!.close();
    await expect.poll(() => idle.isClosed).toBe(true);
    sendText(answers[0]!, 200, "<slow>");
    await closed;
    await expect.poll(() => slow.said).toEqual(["<slow>"]);
    expect(slow.received).toMatch(/\r\nconnection: close\r\n/);
  });
});

describe("an answer on a bare connection", () => {
  const receive = async (answer: (answer: PlainAnswer) => void, head = get("/")) => {
    await serve((_, it) => answer(it));
    const client = new Client(head);
    await expect.poll(() => client.received).not.toBe("");
    return client;
  };

  it("is framed by its length, or in chunks", async () => {
    const length = await receive((answer) => {
      answer.writeHead(200, { "content-length": "3", date: "x" });
      answer.write(Buffer.from("ab"));
      answer.end(Buffer.from("c"));
    });
    await expect
      .poll(() => length.received)
      .toBe("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ndate: x\r\n\r\nabc");
    await server!.close();
    const chunks = await receive((answer) => {
      answer.writeHead(201, { date: "x" });
      answer.write(Buffer.from("ab"));
      answer.end(Buffer.from("c"));
    });
    await expect
      .poll(() => chunks.received)
      .toBe(
        "HTTP/1.1 201 Created\r\ndate: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
      );
  });

  it("has no body where there can be none", async () => {
    const client = await receive(
      (answer) => {
        answer.writeHead(200, { "content-length": "3", date: "x" });
        answer.end(Buffer.from("abc"));
      },
      get("/").replace("GET", "HEAD"),
    );
    expect(client.received).toBe("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ndate: x\r\n\r\n");
  });

  it("is cut where it is longer, or shorter, than it says", async () => {
    for (const body of ["ab", "abcd"]) {
      await serve((_, answer) => {
        answer.writeHead(200, { "content-length": "3" });
        answer.end(Buffer.from(body));
      });
      const client = new Client(get("/"));
      await expect.poll(() => client.isClosed).toBe(true);
      expect(client.received).not.toContain("abcd");
      await server!.close();
    }
  });

  it("waits for a client that does not take it, who is not asked for more", async () => {
    const big = Buffer.alloc(64 * 1024 * 1024);
    let served = 0;
    await serve((_, answer) => {
      served++;
      answer.writeHead(200, { "content-length": String(big.length) });
      answer.end(big);
    });
    const client = new Client(get("/1") + get("/2") + get("/3"));
    client.socket.pause();
    await expect.poll(() => served).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(served).toBe(1);
    client.socket.destroy();
  });
});
