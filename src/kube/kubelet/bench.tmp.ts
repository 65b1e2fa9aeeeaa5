import { openTestCluster } from "./testing/test-cluster.ts";

const cluster = await openTestCluster("0be1e8");
const isReady = (pod: any) =>
  pod.status?.conditions?.some((c: any) => c.type === "Ready" && c.status === "True") === true;
const times: number[] = [];
for (let i = 0; i < 15; i++) {
  const t = performance.now();
  await cluster.create(`p${i}`, {
    containers: [
      { name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sleep", "1000"] },
    ],
  });
  await cluster.until(`p${i}`, isReady);
  times.push(performance.now() - t);
}
times.sort((a, b) => a - b);
console.error("sequential ms", times.map(Math.round).join(" "));
const t0 = performance.now();
await Promise.all(
  Array.from({ length: 30 }, (_, i) =>
    cluster.create(`q${i}`, {
      containers: [
        { name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sleep", "1000"] },
      ],
    }),
  ),
);
await Promise.all(Array.from({ length: 30 }, (_, i) => cluster.until(`q${i}`, isReady)));
console.error("30 parallel ms", Math.round(performance.now() - t0));
const t1 = performance.now();
let tm=performance.now(); await cluster.restartNode(async()=>{console.error("stopped after", performance.now()-t1); tm=performance.now()}); console.error("up after", performance.now()-tm);
console.error("restart node with 45 pods ms", Math.round(performance.now() - t1));
const t2 = performance.now();
await Promise.all([...Array(30).keys()].map((i) => cluster.remove(`q${i}`, 1)));
await Promise.all([...Array(30).keys()].map((i) => cluster.untilGone(`q${i}`)));
console.error("30 deletions (grace 1) ms", Math.round(performance.now() - t2));
console.error(cluster.logLines.slice(-4000).filter((l)=>/ms=/.test(l)).slice(0,10).join("\n")); await cluster.close();
console.error(
  cluster.logLines
    .filter((l) => / (WARN|ERROR) /.test(l))
    .slice(0, 20)
    .join("\n"),
);
