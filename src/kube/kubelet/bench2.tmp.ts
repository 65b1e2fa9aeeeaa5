import { openTestCluster } from "./testing/test-cluster.ts";
const cluster = await openTestCluster("0be1e9");
await cluster.create(`p`, { containers: [{ name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sleep", "1000"] }] });
await cluster.until(`p`, (p) => p.status?.phase === "Running");
const n = cluster.logLines.length;
await cluster.restartNode();
console.error(cluster.logLines.slice(n).join("\n"));
await cluster.close();
