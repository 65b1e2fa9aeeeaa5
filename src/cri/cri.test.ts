import { join } from "node:path";
import { silentLogger } from "../base/index.ts";
import { leftovers, openTestHome } from "../engine/testing/test-home.ts";
import { describeCri } from "./cri.contract.ts";
import { type Cri, createCri } from "./cri.ts";

describeCri("in process", async () => {
  const home = await openTestHome({ instanceId: "c21c21" });
  let cri: Cri;
  const open = async () => {
    await home.network.openPodNetwork();
    cri = createCri({
      engine: home.engine,
      images: home.images,
      network: home.network,
      stateDir: join(home.dir, "cri"),
      runDir: join(home.dir, "run"),
      instanceId: home.instanceId,
      logger: silentLogger,
    });
    await cri.open();
    await home.engine.reconcile(cri.liveSandboxIds());
  };
  await open();
  return {
    get runtime() {
      return cri.runtime;
    },
    get images() {
      return cri.images;
    },
    image: "busybox",
    async reopen() {
      await cri.close();
      await home.reopen();
      await open();
    },
    async close() {
      await cri.close();
      // The bridges go when the network is destroyed.
      const left = (await leftovers(home)).filter((name) => !/-(bridge|pods)$/.test(name));
      await home.close();
      if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
    },
  };
});
