import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { events, pods } from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createEventRecorder } from "./event-recorder.ts";

describe("event recorder", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it("writes an event once and counts its repetitions", async () => {
    const pod = await server.client.create(pods, {
      metadata: { name: "p", namespace: "default" },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
    const recorder = createEventRecorder({
      client: server.client,
      component: "kubelet",
      host: "n1",
      logger: silentLogger,
    });
    recorder.event(pod, "Normal", "Pulled", "Image is there", "spec.containers{c}");
    recorder.event(pod, "Warning", "BackOff", "Back-off restarting failed container");
    recorder.event(pod, "Warning", "BackOff", "Back-off restarting failed container");
    await recorder.stop();
    const { items } = await server.client.list(events, {
      fieldSelector: `involvedObject.uid=${pod.metadata.uid}`,
    });
    expect(
      items.map(({ reason, count, type, source, involvedObject }) => ({
        reason,
        count,
        type,
        source,
        path: involvedObject.fieldPath,
      })),
    ).toEqual(
      expect.arrayContaining([
        {
          reason: "Pulled",
          count: 1,
          type: "Normal",
          source: { component: "kubelet", host: "n1" },
          path: "spec.containers{c}",
        },
        {
          reason: "BackOff",
          count: 2,
          type: "Warning",
          source: { component: "kubelet", host: "n1" },
          path: undefined,
        },
      ]),
    );
  });

  it("stops a flood about one object", async () => {
    const recorder = createEventRecorder({ client: server.client, component: "flood", logger: silentLogger });
    const subject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "loud", namespace: "default", uid: "u" },
    };
    for (let n = 0; n < 60; n++) recorder.event(subject, "Warning", "Loud", `message ${n}`);
    await recorder.stop();
    const { items } = await server.client.list(events, { fieldSelector: "involvedObject.name=loud" });
    expect(items).toHaveLength(25);
  });
});
