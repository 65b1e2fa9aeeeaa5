import { describe, expect, it } from "vitest";
import { createdFrom, refusalsOnUpdate } from "../testing/refusals.ts";
import type { KindDefinition, KubeObject } from "../types.ts";
import { mutatingWebhookConfigurations } from "./mutating-webhook-configuration.ts";
import { ADMISSION_REGISTRATION_REFUSALS } from "./refusals.table.ts";
import { validatingAdmissionPolicies } from "./validating-admission-policy.ts";
import { validatingAdmissionPolicyBindings } from "./validating-admission-policy-binding.ts";
import { validatingWebhookConfigurations } from "./validating-webhook-configuration.ts";

const baseOf = ({ kind }: KindDefinition) =>
  ADMISSION_REGISTRATION_REFUSALS[`admissionregistration.k8s.io/v1 ${kind}`]!.base;
const created = (kind: KindDefinition, change: object = {}): KubeObject =>
  createdFrom(kind, baseOf(kind), change);

describe("a webhook configuration", () => {
  it("means all versions of all objects, fails where the webhook fails, and calls it once", () => {
    const [webhook] = created(mutatingWebhookConfigurations, {
      webhooks: [{ name: "a", clientConfig: { service: { name: "s" } }, rules: [{}] }],
    }).webhooks;
    expect(webhook).toMatchObject({
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      reinvocationPolicy: "Never",
      clientConfig: { service: { port: 443 } },
      rules: [{ scope: "*" }],
    });
    expect(created(validatingWebhookConfigurations).webhooks[0]).not.toHaveProperty("reinvocationPolicy");
  });

  it("may keep what an older server let pass", () => {
    const kind = validatingWebhookConfigurations;
    const [webhook] = (baseOf(kind) as KubeObject).webhooks;
    const old = {
      ...webhook,
      sideEffects: "Unknown",
      admissionReviewVersions: ["v7"],
      matchConditions: [{}],
    };
    const base = { ...baseOf(kind), webhooks: [old, old] };
    expect(refusalsOnUpdate(kind, base, { metadata: { labels: { a: "b" } } })).toEqual([]);
    expect(refusalsOnUpdate(kind, base, { webhooks: [{ ...old, sideEffects: "Odd" }] })).toEqual([
      'NotSupported webhooks[0].sideEffects: Unsupported value: "Odd": supported values: "None", "NoneOnDryRun", "Some", "Unknown"',
      "Required webhooks[0].matchConditions[0].expression: Required value",
      "Required webhooks[0].matchConditions[0].name: Required value",
    ]);
  });
});

describe("a policy", () => {
  const cell = (kind: KindDefinition, name: string, object: object) =>
    kind.columns.find((column) => column.name === name)!.cell(object, { nowMs: 0 });

  it("is told with the kind of its parameters", () => {
    const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
    const policy = created(validatingAdmissionPolicies, { spec: { paramKind } });
    expect(cell(validatingAdmissionPolicies, "ParamKind", policy)).toBe("v1/ConfigMap");
    expect(cell(validatingAdmissionPolicies, "Validations", policy)).toBe(1);
  });

  it.each([
    [undefined, "<unset>"],
    [{ name: "n" }, "*/n"],
    [{ name: "n", namespace: "m" }, "m/n"],
    [
      {
        selector: {
          matchLabels: { b: "c", a: "b" },
          matchExpressions: [{ key: "k", operator: "In", values: ["v", "w"] }],
        },
      },
      "&LabelSelector{MatchLabels:map[string]string{a: b,b: c,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[v w],},},}",
    ],
  ])("is bound with the parameters %j, told as %s", (paramRef, text) => {
    const binding = created(validatingAdmissionPolicyBindings, paramRef ? { spec: { paramRef } } : {});
    expect(cell(validatingAdmissionPolicyBindings, "ParamRef", binding)).toBe(text);
  });
});
