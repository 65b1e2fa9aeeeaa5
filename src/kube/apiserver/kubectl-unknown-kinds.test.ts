import { afterAll, beforeAll, expect, it } from "vitest";
import { describeKubectl, type Kubectl, openKubectl } from "./testing/kubectl.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

const configMap = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, labels: { app: shop } }\n---\n`;
const VOLUME = `
apiVersion: v1
kind: PersistentVolume
metadata: { name: v }
spec: { capacity: { storage: 1Gi }, accessModes: [ReadWriteOnce], hostPath: { path: /v } }
`;
const THING = "apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: t }\n";

describeKubectl(" and kinds that are not there", (version) => {
  let server: TestServer;
  let kubectl: Kubectl;
  beforeAll(async () => {
    server = await startTestServer();
    kubectl = await openKubectl(version, server);
  });
  afterAll(async () => {
    await kubectl.close();
    await server.stop();
  });

  it("prunes what is no longer in the manifests", async () => {
    const first = await kubectl.run("apply -f -", configMap("stays") + configMap("goes"));
    expect([first.code, first.stderr]).toEqual([0, ""]);
    const second = await kubectl.run("apply --prune -l app=shop -f -", configMap("stays"));
    // kubectl warns of its own flag, and the server of Endpoints, which the flag looks at.
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toBe("configmap/stays unchanged\nconfigmap/goes pruned\n");
  });

  it("says of a manifest of an unknown kind that there is no such kind", async () => {
    const { code, stderr } = await kubectl.run("apply -f -", THING);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /no matches for kind "Thing" in version "example\.com\/v1"\nensure CRDs are installed first/,
      ),
    ]);
  });

  it("keeps a volume, and shows it", async () => {
    const made = await kubectl.run("apply -f -", VOLUME);
    expect([made.code, made.stdout, made.stderr]).toEqual([0, "persistentvolume/v created\n", ""]);
    const shown = await kubectl.run("get pv --no-headers");
    expect(shown.stdout).toMatch(/^v +1Gi +RWO +Retain +Pending +/);
  });
});
