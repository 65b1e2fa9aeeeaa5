// `npm run bench [list-stall] [hostile-load] [scheduler] [start-up] [memory] [build] [docker-run] [pod-start] [restart]`: prints JSON (test/bench/main.ts).
// `npm run bench store -- [--objects 150000] [--watchers 10000]`: the store beside etcd (test/bench/store-main.ts).
// `npm run bench apiserver [8]`: requests a second of each sort, so many seconds each (test/bench/apiserver.ts).
// `npm run bench apiserver-scale [10] [many-watchers] [field-watchers] [creates] [definitions]`: many of each (test/bench/apiserver/main.ts).
// `npm run bench network-policy`: what a change costs among 1,000 policies and 5,000 pods (test/bench/network-policy.ts).
// `npm run bench reverse-proxy -- [--nginx PATH]`: the proxy for traffic from outside beside nginx (test/bench/reverse-proxy/main.ts).
// `npm run bench list-stall [50000]`: how long lists hold the API server's event loop (test/bench/list-stall.ts).
import { join } from "node:path";
import { buildIfStale, bundledNode, installNpmPackages, installSystemPackages, root, run } from "./setup.mjs";

const OWN_MAIN = {
  store: "store-main.ts",
  "list-stall": "list-stall.ts",
  "network-policy": "network-policy.ts",
  apiserver: "apiserver-main.ts",
  "apiserver-scale": "apiserver/main.ts",
  scale: "scale/main.ts",
  "reverse-proxy": "reverse-proxy/main.ts",
};

installNpmPackages();
installSystemPackages({ forTests: true });
await buildIfStale();
const [what, ...rest] = process.argv.slice(2);
const isOwn = Object.hasOwn(OWN_MAIN, what ?? "");
const main = join(root, "test", "bench", isOwn ? OWN_MAIN[what] : "main.ts");
const args = ["--disable-warning=ExperimentalWarning", main, ...(isOwn ? rest : process.argv.slice(2))];
process.exit(run(bundledNode(), args));
