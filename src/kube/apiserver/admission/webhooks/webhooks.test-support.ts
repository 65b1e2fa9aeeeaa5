import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { systemClock } from "../../../../base/index.ts";
import { type RawAnswer, rawRequest } from "../../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";
import { startWebhookServer, type WebhookServer } from "../../testing/webhook-server.ts";

export const GROUP = "/apis/admissionregistration.k8s.io/v1";
export const MAPS = "/api/v1/namespaces/default/configmaps";
export const JSON_TYPE = { "content-type": "application/json" };
export const configMap = (name: string, more: object = {}) => ({
  metadata: { name },
  data: { a: "1" },
  ...more,
});
export const rule = (resources: string[], more: object = {}) => ({
  apiGroups: ["*"],
  apiVersions: ["*"],
  operations: ["*"],
  resources,
  ...more,
});

let server: TestServer;
export let hook: WebhookServer;
const made: string[] = [];

/** An API server and webhooks for the tests of one file; what they made is gone after each. */
export function useWebhooks(): void {
  beforeAll(async () => {
    server = await startTestServer();
    hook = await startWebhookServer(server);
  });
  afterEach(async () => {
    for (const path of made.splice(0)) await send("DELETE", path);
    hook.reset();
  });
  afterAll(async () => {
    await hook.close();
    await server.stop();
  });
}

export function send(
  method: string,
  path: string,
  body?: object | string,
  headers: Record<string, string> = JSON_TYPE,
): Promise<RawAnswer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return rawRequest(server, path, { method, headers, ...(body === undefined ? {} : { body: text }) });
}

/** Makes a configuration of webhooks named `AT.example.com`, each at its path. */
export async function webhooks(
  kind: "mutating" | "validating",
  name: string,
  ...entries: { at: string; [field: string]: unknown }[]
) {
  const path = `${GROUP}/${kind}webhookconfigurations`;
  const answer = await send("POST", path, {
    metadata: { name },
    webhooks: entries.map(({ at, ...more }) => ({
      name: `${at}.example.com`,
      clientConfig: { url: `${hook.url}/${at}`, caBundle: hook.caBundle },
      rules: [rule(["configmaps"])],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      ...more,
    })),
  });
  expect(answer.status, answer.text).toBe(201);
  made.push(`${path}/${name}`);
  await known(name, `${kind}webhookconfigurations`);
}

/** Who looks things up sees what was just written a moment later. */
async function known(name: string, resource: string) {
  const { json } = await send("GET", `${GROUP}/${resource}/${name}`);
  for (let tries = 0; tries < 100; tries++) {
    const list = await send("GET", `${GROUP}/${resource}?resourceVersion=${json.metadata.resourceVersion}`);
    if (list.status === 200) return;
    await systemClock.sleep(10);
  }
}

/** What was made is gone after the test. */
export async function create(path: string, object: { metadata: object; [field: string]: unknown }) {
  const answer = await send("POST", path, object);
  if (answer.status === 201) made.push(`${path.replace(/\?.*/, "")}/${answer.json.metadata.name}`);
  return answer;
}
export const paths = () => hook.calls.map(({ path }) => path.replace(/\?.*/, ""));
export const lastReview = () => hook.calls.at(-1)!.review.request;
export const label = (key: string, value: string) => ({
  op: "add",
  path: "/metadata/labels",
  value: { [key]: value },
});
