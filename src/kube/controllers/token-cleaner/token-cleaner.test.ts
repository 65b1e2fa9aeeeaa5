import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import { secrets } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { createTokenCleaner } from "./index.ts";

describe("the cleaner of bootstrap tokens", () => {
  let plane: ControlPlane;
  const clock = new ManualClock();
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({ "token-cleaner": createTokenCleaner }, { clock });
  });
  afterAll(() => plane.stop());

  const create = (name: string, expiration: string | undefined, more: object = {}) =>
    plane.client.create(secrets, {
      metadata: { name, namespace: "kube-system" },
      type: "bootstrap.kubernetes.io/token",
      stringData: { "token-id": "abcdef", ...(expiration === undefined ? {} : { expiration }) },
      ...more,
    });
  const isLeft = (...names: string[]) =>
    eventually(async () => {
      const { items } = await plane.client.list(secrets, { namespace: "kube-system" });
      expect(items.map((one) => one.metadata.name)).toEqual(names);
    });

  it("deletes those that have expired, when they do", async () => {
    await create("a-past", "2025-12-31T23:59:59Z");
    await create("b-no-time", "tomorrow");
    await create("c-soon", "2026-01-01T00:01:00Z");
    await create("d-extended", "2026-01-01T00:01:00Z");
    await create("e-next-month", "2026-02-01T12:00:00Z");
    await create("f-for-ever", undefined);
    await create("g-other-type", "2025-12-31T23:59:59Z", { type: "Opaque" });
    await isLeft("c-soon", "d-extended", "e-next-month", "f-for-ever", "g-other-type");
    await plane.client.patch(secrets, "kube-system", "d-extended", "merge", {
      stringData: { expiration: "2026-01-01T00:03:00Z" },
    });
    await clock.advance(120_000);
    await isLeft("d-extended", "e-next-month", "f-for-ever", "g-other-type");
    await clock.advance(120_000);
    await isLeft("e-next-month", "f-for-ever", "g-other-type");
    await clock.advance(32 * 24 * 3_600_000);
    await isLeft("f-for-ever", "g-other-type");
  });
});
