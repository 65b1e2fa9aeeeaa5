import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, expect, it } from "vitest";
import { caHashOf } from "../../cli/index.ts";
import { kubeconfigText } from "../../kube/apiserver/index.ts";
import { selfSigned } from "../../kube/pki/index.ts";
import { discoverAuthority, OTHER_CLUSTER } from "./discover-authority.ts";

let good: string;
let evil: string;
let pair: { certPem: string; keyPem: string };
const servers: Server[] = [];
const never = new AbortController().signal;

beforeAll(() => {
  good = selfSigned("good", [], { nowMs: Date.now(), forMs: 3_600_000 }).certPem;
  evil = selfSigned("evil", [], { nowMs: Date.now(), forMs: 3_600_000 }).certPem;
  pair = selfSigned("server", ["127.0.0.1"], { nowMs: Date.now(), forMs: 3_600_000 });
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Somebody who answers so to the question for what is public of the cluster. */
async function serve(body: string, code = 200): Promise<URL> {
  const server = createServer({ cert: pair.certPem, key: pair.keyPem }, (_request, response) => {
    response.writeHead(code).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const clusterInfo = (ca: string) =>
  JSON.stringify({
    data: { kubeconfig: kubeconfigText({ server: "https://192.0.2.1:6443", ca, name: "" }) },
  });

it("is the certificate that has the token's hash, and no other that comes along", async () => {
  const found = await discoverAuthority(await serve(clusterInfo(`${evil}\n${good}`)), caHashOf(good), never);
  expect(found.trim()).toBe(good.trim());
});

it.each([
  ["another authority", () => clusterInfo(evil)],
  ["no kubeconfig", () => JSON.stringify({ data: { kubeconfig: "a: [" } })],
  ["no ConfigMap", () => "<html>"],
  [
    "a certificate that is none",
    () => clusterInfo("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
  ],
])("is refused where there is %s", async (_, body) => {
  await expect(discoverAuthority(await serve(body()), caHashOf(good), never)).rejects.toMatchObject({
    code: OTHER_CLUSTER,
  });
});

it("is waited for where nobody answers as an API server does", async () => {
  const hash = caHashOf(good);
  await expect(discoverAuthority(await serve("", 503), hash, never)).rejects.toThrow("it answers 503");
  await expect(discoverAuthority(new URL("https://127.0.0.1:1"), hash, never)).rejects.toMatchObject({
    kind: "Unavailable",
    code: "Join.Unreachable",
  });
});
