import { describe, expect, it } from "vitest";
import { readEncryptionConfig } from "./read-encryption-config.ts";

const HEADER = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
const KEY = `{name: k, secret: ${Buffer.alloc(32).toString("base64")}}`;
const AES = `{aesgcm: {keys: [${KEY}]}}`;
const rule = (resources: string, providers: string) =>
  `{resources: [${resources}], providers: [${providers}]}`;
const PARSING = "error while parsing file: ";

describe("a configuration of encryption", () => {
  it.each([
    ["", `${PARSING}error while loading file: encryption provider configuration file "f" is empty`],
    [
      "apiVersion: v1\nkind: EncryptionConfig",
      `${PARSING}error decoding encryption provider configuration file "f": no kind "EncryptionConfig" is registered for version "v1"`,
    ],
    [
      `${HEADER}rules: []`,
      `${PARSING}error decoding encryption provider configuration file "f": strict decoding error: unknown field "rules"`,
    ],
    [`${HEADER}resources: []`, `${PARSING}resources: Required value: at least one resources is required`],
    [
      `${HEADER}resources: [{}]`,
      `${PARSING}[resources[0].resources: Required value: at least one resources[0].resources is required, resources[0].providers: Required value: at least one resources[0].providers is required]`,
    ],
    ...(
      [
        ["Secrets", "resource name should not contain capital letters"],
        ['"*"', "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"],
        ["serviceipallocations", "resources which do not have REST API/s cannot be encrypted"],
        ['"deployments.*"', "encrypting the same resource across groups is not supported"],
        ["a.extensions", "'extensions' group has been removed and cannot be used for encryption"],
        [
          '"*.events.k8s.io"',
          "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
        ],
      ] as const
    ).map(([name, why]): [string, string] => [
      `${HEADER}resources: [${rule(name, AES)}]`,
      `${PARSING}resources[0].resources[0]: Invalid value: ${name.startsWith('"') ? name : JSON.stringify(name)}: ${why}`,
    ]),
    [
      `${HEADER}resources: [${rule("secrets, secrets", AES)}]`,
      `${PARSING}resources[0].resources: Invalid value: []string{"secrets", "secrets"}: the same resource cannot be specified multiple times`,
    ],
    [
      `${HEADER}resources: [${rule('secrets, "*."', AES)}]`,
      `${PARSING}resources[0].resources: Invalid value: []string{"secrets", "*."}: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked`,
    ],
    [
      `${HEADER}resources: [${rule('"*.apps"', AES)}, ${rule("deployments.apps", AES)}]`,
      'error while building transformers: resource "deployments.apps" is masked by earlier rule "*.apps"',
    ],
    [
      `${HEADER}resources: [${rule('"*.*"', AES)}, ${rule("secrets", AES)}]`,
      'error while building transformers: resource "secrets" is masked by earlier rule "*.*"',
    ],
    [
      `${HEADER}resources: [${rule("secrets", "{aescbc: {}}")}]`,
      `${PARSING}resources[0].providers[0].aescbc.keys: Required value: at least one keys is required`,
    ],
    [
      `${HEADER}resources: [${rule("secrets", "{aesgcm: {keys: [{secret: YQ==}, {name: k, secret: x}]}}")}]`,
      `${PARSING}[resources[0].providers[0].aesgcm.keys[0].name: Required value: name is a mandatory field for a key, resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 1, expected one of [16 24 32], resources[0].providers[0].aesgcm.keys[1].secret: Invalid value: "REDACTED": secrets must be base64 encoded]`,
    ],
    [
      `${HEADER}resources: [${rule("secrets", "{kms: {name: k, endpoint: unix:///x, apiVersion: v2}}")}]`,
      "the encryption provider kms is not implemented",
    ],
  ])("is refused: %s", (text, why) => {
    expect(() => readEncryptionConfig("f", text)).toThrow(expect.objectContaining({ message: why }));
  });
});
