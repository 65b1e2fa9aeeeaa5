import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeProtobuf } from "../../api/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const REVISIONS = "/apis/apps/v1/namespaces/default/controllerrevisions";
const ONE = `${REVISIONS}/one`;
const WATCH = `${REVISIONS}?watch=1&timeoutSeconds=1`;
/** A revision as the StatefulSet controller writes it: with Go's escapes of what HTML minds. */
const RAW =
  '{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"\\u003cb\\u003e":"\\u2028"}},"spec":{"containers":[{"command":["sh","-c","sleep 1 \\u0026 wait"]}]}}}}';

/** A controller compares these bytes with those that it would write now: where they differ, it makes a new revision. */
describe("the JSON in a RawExtension", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    const metadata = { name: "one", namespace: "default" };
    const revision = {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata,
      data: JSON.parse(RAW),
      revision: 1,
    };
    const body = Buffer.from(encodeProtobuf(revision));
    expect(body.includes(RAW)).toBe(true);
    const headers = { "content-type": PROTOBUF };
    expect((await rawRequest(server, REVISIONS, { method: "POST", body, headers })).status).toBe(201);
  });
  afterAll(() => server.stop());

  it.each([
    ["an object", ONE, PROTOBUF],
    ["an object", ONE, "application/json"],
    ["a list", REVISIONS, PROTOBUF],
    ["a list", REVISIONS, "application/json"],
    ["a watch", WATCH, `${PROTOBUF};stream=watch`],
    ["a watch", WATCH, "application/json"],
  ])("comes back in %s at %s as %s byte by byte", async (_, path, accept) => {
    const { status, bytes } = await rawRequest(server, path, { headers: { accept } });
    expect(status).toBe(200);
    expect(bytes.includes(RAW)).toBe(true);
  });

  it("has the same escapes where it is indented", async () => {
    const { text } = await rawRequest(server, `${ONE}?pretty=1`);
    expect(text).toContain('"sleep 1 \\u0026 wait"');
  });
});
