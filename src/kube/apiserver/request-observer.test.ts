import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestObserver } from "./request-observer.ts";
import { type RawRequest, rawRequest } from "./testing/raw-request.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

interface Heard {
  path: string;
  verb: string;
  user?: string;
  caller?: string;
  code?: number;
}

describe("the record of a request", () => {
  let server: TestServer;
  const heard: Heard[] = [];
  const observer: RequestObserver = {
    begin({ info, local }) {
      const record: Heard = { path: info.path, verb: info.verb };
      if (!local) heard.push(record);
      return {
        authenticated(caller) {
          record.caller = caller.name;
          return undefined;
        },
        impersonating(user) {
          record.user = user.name;
        },
        end({ code }) {
          record.code = code;
        },
      };
    },
  };
  beforeAll(async () => {
    server = await startTestServer({ observer });
  });
  afterAll(() => server.stop());

  const record = async (path: string, request: RawRequest = {}) => {
    heard.length = 0;
    const { status } = await rawRequest(server, path, request);
    expect(heard).toHaveLength(1);
    expect(heard[0]!.code).toBe(status);
    return heard[0];
  };
  const PODS = "/api/v1/namespaces/default/pods";

  it("begins before it is known who sends it: a proof that does not hold stands in it, and is counted", async () => {
    expect(await record(PODS, { identity: { token: "forged" } })).toEqual({
      path: PODS,
      verb: "list",
      code: 401,
    });
    const { text } = await rawRequest(server, "/metrics");
    expect(text).toContain(
      'apiserver_request_total{code="401",verb="LIST",group="",resource="pods",subresource=""} 1',
    );
  });

  it("is counted by what was said of it, beside how many objects there are", async () => {
    const figures = async () => {
      const { text } = await rawRequest(server, "/metrics");
      const value = (series: string) =>
        Number(
          text
            .split("\n")
            .find((line) => line.startsWith(`${series} `))
            ?.split(" ")[1],
        );
      return {
        allowed: value('authorization_attempts_total{result="allowed"}'),
        unheard: value('authorization_attempts_total{result="no-opinion"}'),
        accounts: value('apiserver_storage_objects{resource="serviceaccounts"}'),
        leases: value('apiserver_storage_objects{resource="leases.coordination.k8s.io"}'),
      };
    };
    const before = await figures();
    expect(before).toMatchObject({ accounts: 1, leases: expect.any(Number) });
    await record(PODS, { identity: "nobody" });
    const account = { metadata: { name: "another" } };
    const created = await rawRequest(server, "/api/v1/namespaces/default/serviceaccounts", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(account),
    });
    expect(created.status).toBe(201);
    expect(await figures()).toEqual({
      ...before,
      allowed: before.allowed + 2,
      unheard: before.unheard + 1,
      accounts: 2,
    });
  });

  it("tells who sent it, and as whom it was done", async () => {
    expect(await record(PODS)).toMatchObject({ caller: "admin", code: 200 });
    expect(await record(PODS, { identity: "nobody" })).toMatchObject({
      caller: "system:anonymous",
      code: 403,
    });
    expect(await record(PODS, { headers: { "impersonate-user": "somebody" } })).toMatchObject({
      user: "somebody",
      caller: "admin",
      code: 403,
    });
  });

  it("tells what was answered, whatever it was", async () => {
    expect(await record("/nosuch")).toMatchObject({ code: 404 });
    expect(await record(`${PODS}/absent`)).toMatchObject({ code: 404 });
    expect(await record("/api/v1/nosuch")).toMatchObject({ code: 404 });
    expect(await record(PODS, { method: "PATCH" })).toMatchObject({ code: 405 });
    expect(await record(`${PODS}?limit=x`)).toMatchObject({ code: 400 });
  });
});
