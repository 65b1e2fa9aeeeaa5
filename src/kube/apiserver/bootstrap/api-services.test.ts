import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { openMemoryStore } from "../../../store/index.ts";
import { AUTOMANAGED_LABEL, apiServices, type KubeObject } from "../../api/index.ts";
import { startTestServer } from "../testing/start-test-server.ts";

describe("the APIServices of the server's own kinds", () => {
  it("are there from the start, and brought back by the next one", async () => {
    const store = await openMemoryStore({ logger: silentLogger });
    const first = await startTestServer({ store });
    const get = (server: typeof first, name: string) =>
      server.client.get<KubeObject>(apiServices, undefined, name);
    const apps = await get(first, "v1.apps");
    expect(apps).toMatchObject({
      metadata: { labels: { [AUTOMANAGED_LABEL]: "onstart" } },
      spec: { group: "apps", version: "v1", groupPriorityMinimum: 17800, versionPriority: 15 },
      status: { conditions: [{ type: "Available", status: "True", reason: "Local" }] },
    });
    await first.client.update(apiServices, { ...apps, spec: { ...apps.spec, versionPriority: 1 } });
    await first.client.delete(apiServices, undefined, "v1.");
    const metrics = await get(first, "v1beta1.metrics.k8s.io");
    const service = { namespace: "kube-system", name: "metrics-server", port: 443 };
    await first.client.update(apiServices, { ...metrics, spec: { ...metrics.spec, service } });
    const labels = { [AUTOMANAGED_LABEL]: "onstart" };
    const of = (group: string) => ({ ...apps.spec, group });
    await first.client.create(apiServices, {
      metadata: { name: "v1.gone.example.com", labels },
      spec: of("gone.example.com"),
    });
    await first.client.create(apiServices, {
      metadata: { name: "v1.mine.example.com" },
      spec: of("mine.example.com"),
    });
    await first.stop();

    const second = await startTestServer({ store });
    expect((await get(second, "v1.apps")).spec).toEqual(apps.spec);
    expect((await get(second, "v1.")).spec).toMatchObject({ version: "v1" });
    // An add-on has taken the group over.
    expect((await get(second, "v1beta1.metrics.k8s.io")).spec).toMatchObject({ service });
    const names = (await second.client.list(apiServices)).items.map(({ metadata }) => metadata.name);
    expect(names).toContain("v1.mine.example.com");
    expect(names).not.toContain("v1.gone.example.com");
    expect(names).not.toContain("v1.apiregistration.k8s.io");
    await second.stop();
    await store.close();
  });
});
