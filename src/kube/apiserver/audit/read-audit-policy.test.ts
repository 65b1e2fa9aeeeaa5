import { describe, expect, it } from "vitest";
import { createLogger, silentLogger } from "../../../base/index.ts";
import { auditConfigOf } from "./audit-policy.ts";
import { readAuditPolicy } from "./read-audit-policy.ts";

const HEADER = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
const read = (text: string) => readAuditPolicy({ path: "f", text, logger: silentLogger });

describe("an audit policy", () => {
  it.each([
    [`${HEADER}rules: []`, "loaded illegal policy with 0 rules"],
    ["kind: Policy\nrules: []", "Object 'apiVersion' is missing"],
    [
      "apiVersion: audit.k8s.io/v1beta1\nkind: Policy",
      'no kind "Policy" is registered for version "audit.k8s.io/v1beta1"',
    ],
    [`${HEADER}rules: [{users: [a]}]`, "rules[0].level: Required value"],
    [
      `${HEADER}rules: [{level: All}]`,
      'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"',
    ],
    [
      `${HEADER}rules: [{level: None, nonResourceURLs: [a, "/b*c"]}]`,
      `[rules[0].nonResourceURLs[0]: Invalid value: "a": non-resource URL rules must begin with a '/' character, rules[0].nonResourceURLs[1]: Invalid value: "/b*c": non-resource URL wildcards '*' must be the final character of the rule]`,
    ],
    [
      `${HEADER}rules: [{level: None, nonResourceURLs: [/a], namespaces: [n]}]`,
      'rules[0].nonResourceURLs: Invalid value: []string{"/a"}: rules cannot apply to both regular resources and non-resource URLs',
    ],
    [
      `${HEADER}rules: [{level: None, resources: [{resourceNames: [a]}]}]`,
      'rules[0].resources.resourceNames: Invalid value: []string{"a"}: using resourceNames requires at least one resource',
    ],
    [
      `${HEADER}omitStages: [Begin]\nrules: [{level: None}]`,
      'omitStages[0]: Invalid value: "Begin": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
    ],
    [
      `${HEADER}rules: [{level: 1}]`,
      "cannot read a number into the field rules[0].level, which is of type string",
    ],
  ])("is refused: %s", (text, why) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ message: `loading audit policy file: ${why}: from file f` }),
    );
  });

  it("may have fields that nobody knows: that is warned of", () => {
    const warned: string[] = [];
    const logger = createLogger((line) => warned.push(line));
    readAuditPolicy({ path: "f", text: `${HEADER}rules: [{level: None, verb: [get]}]`, logger });
    expect(warned).toEqual([expect.stringContaining("rules[0].verb")]);
  });
});

describe("a rule of an audit policy", () => {
  const pods = {
    isResource: true,
    verb: "get",
    path: "",
    group: "",
    version: "v1",
    resource: "pods",
  } as const;
  const inNamespace = { ...pods, namespace: "n", name: "p" };
  const log = { ...inNamespace, subresource: "log" };
  const path = { isResource: false, verb: "get", path: "/healthz/ping" } as const;
  const ada = { name: "ada", groups: ["g"] };

  it.each([
    ["users: [ada]", pods, ada, true],
    ["users: [ada]", pods, undefined, false],
    ["userGroups: [f, g]", pods, ada, true],
    ["userGroups: [f]", pods, ada, false],
    ["verbs: [list]", pods, ada, false],
    ['namespaces: [""]', pods, ada, true],
    ["namespaces: [n]", inNamespace, ada, true],
    ["namespaces: [n]", path, ada, false],
    ["resources: [{}]", pods, ada, true],
    ["resources: [{group: apps}]", pods, ada, false],
    ["resources: [{resources: [pods]}]", log, ada, false],
    ["resources: [{resources: [pods/log]}]", log, ada, true],
    ['resources: [{resources: ["pods/*"]}]', log, ada, true],
    ['resources: [{resources: ["pods/*"]}]', pods, ada, true],
    ['resources: [{resources: ["*/log"]}]', log, ada, true],
    ['resources: [{resources: ["*"], resourceNames: [q]}]', log, ada, false],
    ["resources: [{resources: [pods], resourceNames: [p]}]", inNamespace, ada, true],
    ['nonResourceURLs: ["/healthz*"]', path, ada, true],
    ["nonResourceURLs: [/healthz]", path, ada, false],
    ['nonResourceURLs: ["*"]', pods, ada, false],
  ])("{%s}", (rule, info, user, matches) => {
    const policy = read(`${HEADER}rules: [{level: Metadata, ${rule}}]`);
    expect(auditConfigOf(policy, info, user).level).toBe(matches ? "Metadata" : "None");
  });
});
