import { describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { hasEtcd, startEtcd } from "./etcd-process.test-support.ts";
import { openEtcdStore } from "./index.ts";

describe.skipIf(!hasEtcd)("defragmenting a store in etcd (needs etcd-server)", () => {
  it("makes etcd's file smaller, and the store goes on", async () => {
    const etcd = await startEtcd();
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], logger: silentLogger, keepHistoryMs: 0 });
    try {
      const put = (value: Buffer) => store.transact({ success: [{ type: "put", key: "a", value }] });
      for (let n = 0; n < 40; n++) await put(Buffer.alloc(500_000, n));
      await store.compact((await store.status()).revision);
      const before = await store.status();
      await store.defragment!();
      expect((await store.status()).sizeBytes).toBeLessThan(before.sizeBytes / 2);
      await put(Buffer.from("later"));
      expect(await store.check()).toEqual([]);
    } finally {
      await store.close();
      await etcd.dispose();
    }
  });
});
