import { describe, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { describeStore } from "../store.contract.ts";
import { hasEtcd, startEtcd } from "./etcd-process.test-support.ts";
import { openEtcdStore } from "./index.ts";

if (hasEtcd) {
  describeStore("etcd", async () => {
    // The suite writes more keys in one transaction than etcd takes by default.
    const etcd = await startEtcd({ flags: ["--max-txn-ops=10000"] });
    const store = await openEtcdStore({
      endpoints: [etcd.endpoint],
      prefix: "/gantry/",
      logger: silentLogger,
      maxWatchWaitingBatches: 100,
    });
    const dispose = async () => {
      await store.close();
      await etcd.dispose();
    };
    return { store, dispose };
  });
} else {
  describe("store contract: etcd", () => it.skip("needs etcd (Debian's package etcd-server)", () => {}));
}
