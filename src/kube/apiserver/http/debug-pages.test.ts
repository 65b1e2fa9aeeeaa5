import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { debugPage } from "./debug-pages.ts";

describe("pages for people", () => {
  let server: TestServer;
  let plain: TestServer;
  beforeAll(async () => {
    const flags = [
      ["v", "2"],
      ["a", "b"],
    ] as const;
    server = await startTestServer({ debugPages: { hasStatus: true, flags } });
    plain = await startTestServer();
  });
  afterAll(async () => {
    await server.stop();
    await plain.stop();
  });

  it("tell the server's flags and how long it has run", async () => {
    const flags = await rawRequest(server, "/flagz");
    expect([flags.status, flags.headers["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(flags.text).toMatch(/^\nkube-apiserver flags\nWarning: .*\n\na=b\nv=2\n$/);
    expect((await rawRequest(server, "/statusz")).text).toMatch(
      /^\nkube-apiserver statusz\nWarning: .*\n\nStarted: .*\nUp: 0 hr \d\d min \d\d sec\nGo version: .*\nBinary version: 1\.33\.0\n/,
    );
  });

  it("are told as plain text, and as nothing else", async () => {
    const refused = await rawRequest(server, "/statusz", { headers: { accept: "application/json" } });
    expect([refused.status, refused.text]).toEqual([406, "media type not acceptable, must be: text/plain\n"]);
    for (const accept of ["text/plain;charset=UTF-8", "text/*", "application/json, */*"])
      expect((await rawRequest(server, "/flagz", { headers: { accept } })).status).toBe(200);
  });

  it("are not there where nobody turned them on", async () => {
    expect([
      (await rawRequest(plain, "/flagz")).status,
      (await rawRequest(plain, "/statusz")).status,
    ]).toEqual([404, 404]);
  });

  it("count hours, minutes and seconds", () => {
    const { text } = debugPage("/statusz", undefined, { startedAtMs: 0 }, 3_723_000)!;
    expect(text).toContain("\nUp: 1 hr 02 min 03 sec\n");
  });
});
