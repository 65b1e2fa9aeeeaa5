import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import type { GivenFlags } from "../../../formats/index.ts";
import { tokenSigningKey } from "../certificates.ts";
import { readInstanceFlags, readServerOptions } from "./read-server-options.ts";

const own = tokenSigningKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
const environment = { logger: silentLogger, writeOut: () => {}, tokenSigningKey: own };

describe("the options that flags say", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-flags-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  const read = (given: GivenFlags) => readServerOptions(given, environment);

  it("are upstream's defaults where there are none, with Node and RBAC", async () => {
    expect(await read({})).toEqual({
      tls: {},
      http2: { isOffered: true, maxStreams: 100, goawayChance: 0 },
      nodePortRange: { first: 30_000, last: 32_767 },
      maxInFlight: { reading: 400, mutating: 200 },
      requestTimes: { timeoutMs: 60_000, minWatchSeconds: 1800 },
      browserRules: { allowedOrigins: [], transportSecurity: [] },
      eventTtlSeconds: 3600,
      allowsPrivileged: true,
      authentication: { anonymous: { isEnabled: true }, bootstrapTokens: false },
      serviceAccountTokens: {
        key: own,
        keys: [{ publicKey: own.publicKey, keyId: own.keyId }],
        extendsExpiration: true,
      },
      authorization: { modes: ["Node", "RBAC"] },
      admissionPlugins: { enable: [], disable: [] },
      debugPages: { hasStatus: false },
    });
  });

  it("turn pages for people on by their gates, and know no gate that is not theirs", async () => {
    const { debugPages } = await read({ "feature-gates": ["ComponentStatusz=true, ComponentFlagz=true"] });
    expect(debugPages.hasStatus).toBe(true);
    expect(debugPages.flags).toContainEqual(["event-ttl", "1h0m0s"]);
    await expect(read({ "feature-gates": ["Teleport=true,ComponentStatusz=maybe"] })).rejects.toThrow(
      /unrecognized feature gate: Teleport[\s\S]*invalid value of ComponentStatusz=maybe/,
    );
  });

  it("say of Pod Security what its configuration says, in place or in a file beside", async () => {
    const configuration = {
      apiVersion: "pod-security.admission.config.k8s.io/v1",
      kind: "PodSecurityConfiguration",
      defaults: { enforce: "baseline", "enforce-version": "v1.30", warn: "restricted" },
      exemptions: { usernames: ["ada"], namespaces: ["kube-system"] },
    };
    const admission = (plugin: object) =>
      file(
        "admission",
        JSON.stringify({
          apiVersion: "apiserver.config.k8s.io/v1",
          kind: "AdmissionConfiguration",
          plugins: [plugin],
        }),
      );
    const readPlugin = async (plugin: object) =>
      (await read({ "admission-control-config-file": [await admission(plugin)] })).admissionPlugins
        .podSecurity;
    const expected = {
      defaults: {
        enforce: { level: "baseline", version: 30 },
        warn: { level: "restricted", version: "latest" },
        audit: { level: "privileged", version: "latest" },
      },
      exemptions: { usernames: ["ada"], namespaces: ["kube-system"], runtimeClasses: [] },
    };
    expect(await readPlugin({ name: "PodSecurity", configuration })).toEqual(expected);
    await file("pod-security.yaml", JSON.stringify(configuration));
    expect(await readPlugin({ name: "PodSecurity", path: "pod-security.yaml" })).toEqual(expected);
    expect(await readPlugin({ name: "PodSecurity" })).toBeUndefined();
    const wrong = {
      ...configuration,
      defaults: { enforce: "strict", "audit-version": "1" },
      exemptions: { namespaces: ["a", "a", "B"], usernames: [""] },
    };
    await expect(readPlugin({ name: "PodSecurity", configuration: wrong })).rejects.toThrow(
      'couldn\'t init admission plugin "PodSecurity": [defaults.enforce: Invalid value: "strict": must be one of privileged, baseline, restricted, defaults.audit-version: Invalid value: "1": must be "latest" or "v1.x", exemptions.namespaces[1]: Duplicate value: "a", exemptions.namespaces[2]: Invalid value: "B":',
    );
    await expect(readPlugin({ name: "PodNodeSelector", configuration: {} })).rejects.toThrow(
      'a configuration of the admission plugin "PodNodeSelector" is not implemented',
    );
    await expect(read({ "enable-admission-plugins": ["EventRateLimit"] })).rejects.toThrow(
      'failed to initialize admission: couldn\'t init admission plugin "EventRateLimit": limits: Invalid value: []eventratelimit.Limit{}: must not be empty',
    );
  });

  it("come from the files that they name", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = rsa.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const policy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n";
    const options = await read({
      "bind-address": ["127.0.0.1"],
      "service-node-port-range": ["31000+99"],
      "max-requests-inflight": ["0"],
      "token-auth-file": [await file("tokens", "t,ada,1\n")],
      "client-ca-file": [await file("ca", "a CA")],
      "service-account-signing-key-file": [await file("sign", pem)],
      "service-account-key-file": [
        await file("keys", own.publicKey.export({ type: "spki", format: "pem" }) as string),
      ],
      "service-account-issuer": ["https://a", "https://b"],
      "service-account-max-token-expiration": ["1h"],
      "api-audiences": ["x,y"],
      "audit-policy-file": [await file("policy", policy)],
      "audit-log-path": [join(dir, "audit.log")],
      "audit-log-maxsize": ["7"],
      "enable-admission-plugins": ["AlwaysPullImages"],
      "authorization-mode": ["AlwaysAllow"],
      "tls-min-version": ["VersionTLS13"],
      "disable-http2-serving": ["true"],
      "http2-max-streams-per-connection": ["250"],
      "goaway-chance": ["0.02"],
      "request-timeout": ["1m30s"],
      "min-request-timeout": ["60"],
      "cors-allowed-origins": ["//a\\.example(:|$),^https://b$"],
      "strict-transport-security-directives": ["max-age=5,preload"],
    });
    expect(options).toMatchObject({
      host: "127.0.0.1",
      tls: { minVersion: "TLSv1.3" },
      http2: { isOffered: false, maxStreams: 250, goawayChance: 0.02 },
      requestTimes: { timeoutMs: 90_000, minWatchSeconds: 60 },
      browserRules: {
        allowedOrigins: [{ pattern: "//a\\.example(:|$)" }, { pattern: "^https://b$" }],
        transportSecurity: ["max-age=5", "preload"],
      },
      nodePortRange: { first: 31_000, last: 31_099 },
      maxInFlight: { reading: 0, mutating: 200 },
      authentication: { clientCaPem: "a CA", tokenFile: { text: "t,ada,1\n" } },
      authorization: { modes: ["AlwaysAllow"] },
      admissionPlugins: { enable: ["AlwaysPullImages"] },
      serviceAccountTokens: {
        issuers: ["https://a", "https://b"],
        audiences: ["x", "y"],
        maxExpirationSeconds: 3600,
      },
      audit: { policy: { rules: [{ level: "Metadata" }] }, log: { to: { maxSizeMib: 7 }, mode: "blocking" } },
    });
    const { key, keys } = options.serviceAccountTokens;
    expect(key!.publicKey.equals(createPublicKey(rsa.privateKey))).toBe(true);
    expect(keys!.map(({ keyId }) => keyId)).toEqual([key!.keyId, own.keyId]);
  });

  it.each<[GivenFlags, string]>([
    [{ nosuch: ["1"] }, "unknown flag: --nosuch"],
    [{ "authorization-mode": ["RBAC,All"] }, 'authorization-mode "All" is not a valid mode'],
    [{ "authorization-mode": ["ABAC"] }, "authorization-mode ABAC's authorization policy file not passed"],
    [{ "authorization-mode": [""] }, "at least one authorization-mode must be passed"],
    [
      { "authorization-mode": ["Webhook,Webhook"] },
      `[authorization-mode Webhook's authorization config file not passed, authorization-mode ["Webhook" "Webhook"] has mode specified more than once]`,
    ],
    [
      { "authorization-webhook-config-file": ["/nosuch"] },
      "[cannot specify --authorization-webhook-config-file without mode Webhook, webhook's kubeconfig /nosuch: ENOENT: no such file or directory, open '/nosuch']",
    ],
    [
      { "audit-log-path": ["/x"], "audit-log-mode": ["slow"] },
      'invalid audit log mode slow, allowed modes are "batch,blocking,blocking-strict"',
    ],
    [
      { "audit-log-path": ["/x"], "audit-log-format": ["xml"] },
      'invalid audit log format xml, allowed formats are "legacy,json"',
    ],
    [
      { "audit-log-path": ["/x"], "audit-log-maxage": ["-1"] },
      "--audit-log-maxage -1 can't be a negative number",
    ],
    [
      { "audit-log-path": ["/x"], "audit-log-mode": ["batch"], "audit-log-batch-buffer-size": ["0"] },
      "invalid audit batch log buffer size 0, must be a positive number",
    ],
    [
      { "audit-log-path": ["/x"], "audit-log-truncate-max-batch-size": ["10"] },
      "invalid audit truncate log max batch size 10, must be greater than max event size (102400)",
    ],
    [{ "max-requests-inflight": ["-1"] }, "--max-requests-inflight can not be negative value"],
    [
      { "max-requests-inflight": ["0"], "max-mutating-requests-inflight": ["0"] },
      "invalid configuration: MaxRequestsInFlight=0 and MaxMutatingRequestsInFlight=0; they must add up to something positive",
    ],
    [
      { "service-account-issuer": ["a", "a", "", "https://%zz"] },
      `[service-account-issuer "a" is already specified, service-account-issuer should not be an empty string, service-account-issuer "https://%zz" contained a ':' but was not a valid URL: parse "https://%zz": invalid URL escape "%zz"]`,
    ],
    [
      { "service-account-jwks-uri": ["http://a"] },
      "service-account-jwks-uri requires https scheme, parsed as: http://a",
    ],
    [{ "requestheader-group-headers": ["a, "] }, 'empty value in "requestheader-group-headers"'],
    [
      { "requestheader-uid-headers": ["X-Uid"] },
      "--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header - API aggregation will not work",
    ],
    [{ "goaway-chance": ["0.03"] }, "--goaway-chance can not be less than 0 or greater than 0.02"],
    [{ "goaway-chance": ["-1"] }, "--goaway-chance can not be less than 0 or greater than 0.02"],
    [{ "request-timeout": ["-1s"] }, "--request-timeout can not be negative value"],
    [{ "min-request-timeout": ["-1"] }, "--min-request-timeout can not be negative value"],
    [
      { "cors-allowed-origins": ["a.example"] },
      "--cors-allowed-origins has an invalid regular expression: regular expression does not pin to start/end of host in the origin header",
    ],
    [
      { "cors-allowed-origins": ["//a($"] },
      "--cors-allowed-origins has an invalid regular expression: error parsing regexp: missing closing ): `//a($`",
    ],
    [
      { "strict-transport-security-directives": ["forever"] },
      "--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information",
    ],
    [{ "tls-min-version": ["1.2"] }, 'unknown tls version "1.2"'],
    [
      { "tls-cipher-suites": ["TLS_RSA_WITH_AES_128_CBC_SHA,ECDHE-RSA-AES128-SHA"] },
      "Cipher suite ECDHE-RSA-AES128-SHA not supported or doesn't exist",
    ],
    [
      { "tls-sni-cert-key": ["a.crt"] },
      'invalid argument "a.crt" for "--tls-sni-cert-key" flag: expected comma separated certificate and key file paths',
    ],
    [
      { "tls-sni-cert-key": ["a.crt,a.key: "] },
      'invalid argument "a.crt,a.key: " for "--tls-sni-cert-key" flag: empty names list is not allowed',
    ],
    [
      { "tls-sni-cert-key": ["/nowhere/a.crt,/nowhere/a.key"] },
      "--tls-sni-cert-key: ENOENT: no such file or directory, open '/nowhere/a.crt'",
    ],
    [
      { "tls-sni-cert-key": ["/dev/null,/dev/null:a"] },
      "invalid SNI cert keypair [0]: error:0480006C:PEM routines::no start line",
    ],
    [
      { "service-node-port-range": ["9-1"] },
      'invalid argument "9-1" for "--service-node-port-range" flag: end port cannot be less than start port: 9-1',
    ],
    [
      { "enable-admission-plugins": ["X"], "disable-admission-plugins": ["X"] },
      '[enable-admission-plugins plugin "X" is unknown, disable-admission-plugins plugin "X" is unknown, [X] in enable-admission-plugins and disable-admission-plugins overlapped]',
    ],
    [
      { "client-ca-file": ["/nosuch"] },
      "--client-ca-file: ENOENT: no such file or directory, open '/nosuch'",
    ],
  ])("%j is refused", async (given, why) => {
    await expect(read(given)).rejects.toThrow(expect.objectContaining({ message: why }));
  });

  it("of which some are the instance's", () => {
    expect(readInstanceFlags({})).toEqual({ apiPort: undefined, serviceCidr: undefined });
    expect(
      readInstanceFlags({ "secure-port": ["7443"], "service-cluster-ip-range": ["10.1.0.0/16"] }),
    ).toEqual({ apiPort: 7443, serviceCidr: "10.1.0.0/16" });
    const refused: [GivenFlags, string][] = [
      [
        { "secure-port": ["0"] },
        "--secure-port 0 must be between 1 and 65535, inclusive. It cannot be turned off with 0",
      ],
      [
        { "service-cluster-ip-range": ["a"] },
        "--service-cluster-ip-range must contain at least one valid cidr",
      ],
      [
        { "service-cluster-ip-range": ["10.1.0.0/16,fd00::/112"] },
        "--service-cluster-ip-range: IPv6 and dual stack are not implemented",
      ],
    ];
    for (const [given, why] of refused) expect(() => readInstanceFlags(given)).toThrow(why);
  });
});
