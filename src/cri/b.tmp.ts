import { openTestCluster } from "../kube/kubelet/testing/test-cluster.ts";
const cluster = await openTestCluster("0be1ea");
const t = () => performance.now();
for (const kind of ["none", "true", "timeout", "notfound"]) {
await cluster.create(`p`, { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, containers: [{ name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.05; done"] }] });
await cluster.until(`p`, (p) => p.status?.phase === "Running");
const [c] = await cluster.cri.runtime.listContainers();
if (kind === "true") await cluster.cri.runtime.execSync(c!.id, ["true"], 5);
if (kind === "timeout") await cluster.cri.runtime.execSync(c!.id, ["sleep", "60"], 0.2).catch(() => {});
if (kind === "notfound") await cluster.cri.runtime.execSync(c!.id, ["/none"], 5).catch(() => {});
let a = t(); await cluster.cri.runtime.stopContainer(c!.id, 0); console.error(kind, "stop", t() - a);
a = t(); await cluster.cri.runtime.removeContainer(c!.id); console.error(kind, "remove", t() - a);
a = t(); await cluster.remove("p", 0); await cluster.untilGone("p"); 
a = t(); while ((await cluster.cri.runtime.listPodSandboxes()).length) await new Promise((r) => setTimeout(r, 5)); console.error(kind, "sandbox gone", t() - a);
}
await cluster.close();
