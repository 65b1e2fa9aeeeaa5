import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import { configMaps, pods, secrets, serviceAccounts } from "../../api/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { pod } from "../testing/objects.ts";
import { createLegacyTokenCleaner } from "./index.ts";

const DAY_MS = 24 * 3_600_000;
const LAST_USED = "kubernetes.io/legacy-token-last-used";
const INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";

describe("tokens in Secrets that nobody uses", () => {
  let plane: ControlPlane;
  let clock: ManualClock;
  let namespace: string;
  let running: Running;
  let startedMs: number;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    namespace = await plane.namespace();
    startedMs = Date.now();
    clock = new ManualClock(startedMs);
  });
  afterEach(() => plane.stop());

  const day = (offset: number) => new Date(startedMs + offset * DAY_MS).toISOString().slice(0, 10);
  const start = async () => {
    const create = (dependencies: Parameters<typeof createLegacyTokenCleaner>[0]) =>
      createLegacyTokenCleaner({ ...dependencies, cleanUpMs: 10 * DAY_MS });
    running = await plane.run({ "legacy-service-account-token-cleaner": create }, { clock });
  };
  const addToken = async (name: string, labels: Record<string, string> = {}, isListed = true) => {
    const annotations = { "kubernetes.io/service-account.name": "default" };
    await plane.client.create(secrets, {
      metadata: { name, namespace, labels, annotations },
      type: "kubernetes.io/service-account-token",
    });
    if (!isListed) return;
    const account = await plane.client.get(serviceAccounts, namespace, "default");
    const listed = [...(account.secrets ?? []), { name }];
    await plane.client.update(serviceAccounts, { ...account, secrets: listed });
  };
  const state = async () =>
    Object.fromEntries(
      (await plane.client.list(secrets, { namespace })).items.map(({ metadata }) => [
        metadata.name,
        metadata.labels?.[INVALID_SINCE] ?? "holds",
      ]),
    );
  const pass = async (days: number) => {
    for (let passed = 0; passed < days; passed++) await clock.advance(DAY_MS);
  };

  it("are taken back after a time, and removed after the same time", async () => {
    await addToken("forgotten");
    await addToken("used-long-ago", { [LAST_USED]: day(0) });
    await addToken("used-lately", { [LAST_USED]: day(20) });
    await addToken("odd", { [LAST_USED]: "yesterday" });
    await addToken("of-nobodys-list", {}, false);
    await addToken("of-a-pod");
    const volumes = [{ name: "token", secret: { secretName: "of-a-pod" } }];
    const containers = [{ name: "a", image: "a" }];
    await plane.client.create(pods, pod("p", namespace, {}, { volumes, containers }));
    const holding = { "of-a-pod": "holds", "of-nobodys-list": "holds", odd: "holds", "used-lately": "holds" };
    await start();
    await pass(10);
    expect(await state()).toEqual({ ...holding, forgotten: "holds", "used-long-ago": "holds" });
    await pass(1);
    await eventually(async () =>
      expect(await state()).toEqual({ ...holding, forgotten: day(11), "used-long-ago": day(11) }),
    );
    await pass(9);
    expect((await state()).forgotten).toBe(day(11));
    await pass(2);
    await eventually(async () => expect(await state()).toMatchObject(holding));
    await eventually(async () => expect(Object.keys(await state())).not.toContain("forgotten"));
    await running.stop();
  });

  it("are left alone where nobody knows since when uses are written down", async () => {
    await addToken("forgotten");
    const name = "kube-apiserver-legacy-service-account-token-tracking";
    await plane.client.patch(configMaps, "kube-system", name, "merge", { data: { since: "once" } });
    await start();
    await pass(40);
    expect(await state()).toEqual({ forgotten: "holds" });
    await running.stop();
  });
});
