import { describe, expect, it } from "vitest";
import { headText, readAnswerHead, readRequestHead } from "./message-head.ts";

const plain = "GET /a?b HTTP/1.1\r\nHost: a\r\n";

describe("the head of a request", () => {
  it("is read as node:http reads it", () => {
    const head = readRequestHead(
      `${plain}X-A: 1\r\nx-a:2 \r\nCookie: a=1\r\ncookie: b=2\r\nReferer: one\r\nreferer: two\r\nconstructor: c\r\nempty:\r\n`,
    );
    expect([head?.method, head?.target]).toEqual(["GET", "/a?b"]);
    expect({ ...head?.headers }).toEqual({
      host: "a",
      "x-a": "1, 2",
      cookie: "a=1; b=2",
      referer: "one",
      constructor: "c",
      empty: "",
    });
    expect(readRequestHead(plain)?.headers.constructor).toBeUndefined();
  });

  it.each([
    "TRACE / HTTP/1.1\r\nHost: a\r\n",
    "get / HTTP/1.1\r\nHost: a\r\n",
    "GET / HTTP/1.0\r\nHost: a\r\n",
    "GET http://a/ HTTP/1.1\r\nHost: a\r\n",
    "GET * HTTP/1.1\r\nHost: a\r\n",
    "GET  / HTTP/1.1\r\nHost: a\r\n",
    "GET /\x7f HTTP/1.1\r\nHost: a\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n",
    `${plain}Host: b\r\n`,
    `${plain}Content-Length: 1\r\ncontent-length: 1\r\n`,
    `${plain}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`,
    `${plain}Authorization: a\r\nAuthorization: b\r\n`,
    `${plain}X : a\r\n`,
    `${plain}: a\r\n`,
    `${plain}x\r\n`,
    `${plain}x: a\r\n b\r\n`,
    `${plain}x: a\nb: c\r\n`,
    `${plain}x: a\rb\r\n`,
    `${plain}x: a\0\r\n`,
  ])("is not plain: %j", (text) => {
    expect(readRequestHead(text)).toBeUndefined();
  });

  it("may be as long and as odd as it likes", () => {
    for (const odd of ["\0", "\r", ""])
      expect(readRequestHead(`${plain}${"x: y\r\n".repeat(50_000)}x${odd}`)).toBeUndefined();
    expect(readRequestHead(`${plain}x: ${" ".repeat(300_000)}\0`)).toBeUndefined();
  });
});

describe("the head of an answer", () => {
  it("is read with its status and its fields", () => {
    const head = readAnswerHead(
      "HTTP/1.1 200 All right\r\nSet-Cookie: a\r\nset-cookie: b\r\nVary: a\r\nVary: b\r\n",
    );
    expect([head?.status, head?.isCurrent, { ...head?.headers }]).toEqual([
      200,
      true,
      { "set-cookie": ["a", "b"], vary: "a, b" },
    ]);
    expect(readAnswerHead("HTTP/1.0 404\r\n")).toMatchObject({ status: 404, isCurrent: false });
  });

  it.each([
    "HTTP/2 200\r\n",
    "HTTP/1.1 20\r\n",
    "HTTP/1.1 099 x\r\n",
    "HTTP/1.1 200 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
    "ICY 200 OK\r\n",
  ])("is none: %j", (text) => {
    expect(readAnswerHead(text)).toBeUndefined();
  });
});

describe("a head that is written", () => {
  it("has a line for each value", () => {
    expect(headText("GET / HTTP/1.1", { a: "1", b: ["2", "3"], c: 4, d: undefined })).toBe(
      "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nb: 3\r\nc: 4\r\n\r\n",
    );
  });

  it.each(["1\r\nx: y", "1\n", "\0", "ā"])("takes no value that is more than one line: %j", (value) => {
    expect(() => headText("GET / HTTP/1.1", { a: value })).toThrow("not allowed");
  });
});
