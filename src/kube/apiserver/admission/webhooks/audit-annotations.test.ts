import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../../../base/index.ts";
import { builtInKinds, configMaps } from "../../../api/index.ts";
import { admitted, lookupAmong } from "../../testing/admitted.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";
import { patching, startWebhookServer, type WebhookServer } from "../../testing/webhook-server.ts";
import { TlsAgents } from "../../webhook/tls-agents.ts";
import { WebhookClient } from "../../webhook/webhook-client.ts";
import { mutatingWebhooks } from "./mutating-webhooks.ts";
import { validatingWebhooks } from "./validating-webhooks.ts";

let server: TestServer;
let hook: WebhookServer;
const agents = new TlsAgents();
beforeAll(async () => {
  server = await startTestServer();
  hook = await startWebhookServer(server);
});
afterEach(() => hook.reset());
afterAll(async () => {
  agents.close();
  await hook.close();
  await server.stop();
});

/** Has webhooks at some paths judge the creation of a config map. */
function judge(
  kind: "mutating" | "validating",
  entries: { at: string; [field: string]: unknown }[],
  request: { dryRun?: boolean } = {},
) {
  const webhooks = entries.map(({ at, ...more }) => ({
    name: `${at}.example.com`,
    clientConfig: { url: `${hook.url}/${at}`, caBundle: hook.caBundle },
    rules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    timeoutSeconds: 1,
    ...more,
  }));
  const place = `${kind}webhookconfigurations.admissionregistration.k8s.io`;
  const lookup = lookupAmong({ [place]: [{ metadata: { name: "conf" }, webhooks }] });
  const client = new WebhookClient({ lookup, clock: systemClock, agents });
  const authorizer = { authorize: () => ({ decision: "noOpinion" as const }) };
  const options = { kinds: builtInKinds(), lookup, client, authorizer, logger: silentLogger };
  const plugin = kind === "mutating" ? mutatingWebhooks(options) : validatingWebhooks(options);
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "n" }, data: {} };
  const sent = { resource: "configmaps", kind: configMaps, objectKind: configMaps, object, ...request };
  return admitted(plugin, sent);
}

const value = (webhook: string, more: object) =>
  JSON.stringify({ configuration: "conf", webhook: `${webhook}.example.com`, ...more });

describe("the audit log hears of webhooks:", () => {
  it("which changed what, and what they tell themselves", async () => {
    const patch = [{ op: "add", path: "/data/a", value: "1" }];
    hook.on("/a", () => ({ ...patching(...patch), auditAnnotations: { why: "wanted" } }));
    const { annotations } = await judge("mutating", [{ at: "a" }, { at: "b" }]);
    expect(annotations).toEqual({
      "a.example.com/why": "wanted",
      "patch.webhook.admission.k8s.io/round_0_index_0": value("a", { patch, patchType: "JSONPatch" }),
      "mutation.webhook.admission.k8s.io/round_0_index_0": value("a", { mutated: true }),
      "mutation.webhook.admission.k8s.io/round_0_index_1": value("b", { mutated: false }),
    });
  });

  it("which were passed over because they failed", async () => {
    hook.on("/a", (_, { res }) => void res.writeHead(500).end());
    const entry = { at: "a", failurePolicy: "Ignore" };
    expect((await judge("mutating", [{ at: "b" }, entry])).annotations).toMatchObject({
      "failed-open.mutation.webhook.admission.k8s.io/round_0_index_1": "a.example.com",
      "mutation.webhook.admission.k8s.io/round_0_index_1": value("a", { mutated: false }),
    });
    expect((await judge("validating", [entry])).annotations).toEqual({
      "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "a.example.com",
    });
  });
});

describe("a webhook with side effects", () => {
  it.each(["Some", "Unknown"])(
    "%s cannot take a dry run, whatever becomes of failures",
    async (sideEffects) => {
      for (const kind of ["mutating", "validating"] as const) {
        const entries = [{ at: "a", sideEffects, failurePolicy: "Ignore" }];
        expect((await judge(kind, entries, { dryRun: true })).refused).toBe(
          '400 BadRequest admission webhook "a.example.com" does not support dry run',
        );
      }
      expect(hook.calls).toEqual([]);
    },
  );
});
