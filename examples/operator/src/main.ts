import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { SiteController } from "./controller.ts";
import { leadWith } from "./leader.ts";
import { tellAuthority } from "./trust.ts";
import { startWebhookServer } from "./webhook-server.ts";

const TLS_DIR = "/etc/site-operator/tls";
const RETRY_MS = 1_000;

const stop = new AbortController();
const { signal } = stop;
const config = new KubeConfig();
config.loadFromCluster();

let ready = false;
const server = startWebhookServer(8443, TLS_DIR, () => ready && !signal.aborted);
process.on("SIGTERM", () => stop.abort());

// Ready is who can be called: not before the API server knows by whose signature.
while (!ready && !signal.aborted) {
  try {
    await tellAuthority(config, TLS_DIR);
    ready = true;
  } catch (error) {
    console.error(`the webhooks cannot be told of yet: ${(error as Error).message}`);
    await sleep(RETRY_MS);
  }
}

const leader = {
  namespace: process.env.POD_NAMESPACE!,
  name: "site-operator",
  identity: process.env.POD_NAME!,
  signal,
};
const stayed = await leadWith(config, leader, () => {
  console.log(`${leader.identity} leads`);
  new SiteController(config, process.env.SITE_IMAGE!).run(signal);
});
server.close();
server.closeAllConnections();
// Who was a leader and is none starts anew, as a follower.
process.exit(stayed ? 0 : 1);
