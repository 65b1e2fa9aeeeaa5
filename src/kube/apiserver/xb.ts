import { writeFileSync } from "node:fs";
import { createLogger } from "../../base/index.ts";
import { startTestServer } from "./testing/start-test-server.ts";
const t=performance.now();
const s = await startTestServer({ logger: createLogger((l)=>console.log(l),"debug"), port: 16443 });
console.log("ready", performance.now()-t, s.url);
writeFileSync("/tmp/kc", await s.kubeconfig());
process.on("SIGTERM", async()=>{ await s.stop(); });
