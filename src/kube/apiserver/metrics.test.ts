import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest } from "./testing/raw-request.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

describe("what the API server tells of itself", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const lines = async () => (await rawRequest(server, "/metrics")).text.split("\n");
  const value = async (series: string) => {
    const line = (await lines()).find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  };
  const grown = async (series: string, work: () => Promise<unknown>) => {
    const before = await value(series);
    await work();
    return (await value(series)) - before;
  };

  it("has who said who they are, and who could not", async () => {
    const attempts = (result: string) => `authentication_attempts{result="${result}"}`;
    expect(
      await grown(attempts("error"), () => rawRequest(server, "/api", { identity: { token: "nonsense" } })),
    ).toBe(1);
    // Each look at the figures is one, too.
    expect(await grown(attempts("success"), () => rawRequest(server, "/api"))).toBe(2);
    expect(await value('authenticated_user_requests{username="admin"}')).toBeGreaterThan(0);
  });

  it("has how long admission took, and whether it refused", async () => {
    const step = (operation: string, isRejected: boolean, type: string) =>
      `apiserver_admission_step_admission_duration_seconds_count{operation="${operation}",rejected="${isRejected}",type="${type}"}`;
    const create = (namespace: string, name: string) => () =>
      rawRequest(server, `/api/v1/namespaces/${namespace}/configmaps`, {
        method: "POST",
        body: JSON.stringify({ metadata: { name } }),
        headers: { "content-type": "application/json" },
      });
    expect(await grown(step("CREATE", false, "admit"), create("default", "a"))).toBe(1);
    expect(await grown(step("CREATE", true, "admit"), create("absent", "a"))).toBe(1);
    expect(await grown(step("CREATE", false, "validate"), create("default", "b"))).toBe(1);
  });

  it("has the events that went to watchers", async () => {
    const labels = 'group="",version="v1",kind="ConfigMap"';
    const watch = () => rawRequest(server, "/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1");
    const count = await grown(`apiserver_watch_events_total{${labels}}`, watch);
    expect(count).toBeGreaterThan(0);
    expect(await value(`apiserver_watch_events_sizes_count{${labels}}`)).toBe(count);
    expect(await value(`apiserver_watch_events_sizes_sum{${labels}}`)).toBeGreaterThan(100);
  });
});
