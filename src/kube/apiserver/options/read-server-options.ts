import { invalidArgument } from "../../../base/index.ts";
import type { FlagValues, GivenFlags } from "../../../formats/index.ts";
import { choosePlugins, type PluginChoice } from "../admission/choose-plugins.ts";
import type { AuditOptions } from "../audit/server-audit.ts";
import type { AuthenticationOptions } from "../authentication/server-authentication.ts";
import type { ServiceAccountTokenSettings } from "../authentication/service-account-tokens.ts";
import type { AuthorizationOptions } from "../authorization/server-authorizer.ts";
import type { TokenSigningKey } from "../certificates.ts";
import { readEncryptionConfig } from "../encryption/read-encryption-config.ts";
import type { EncryptionOptions } from "../encryption/server-encryption.ts";
import type { BrowserRules } from "../http/browser-headers.ts";
import { API_SERVER_FLAGS } from "./flag-table.ts";
import { OptionProblems, textOfFile } from "./option-problems.ts";
import { readAdmissionConfig, requireConfigurations } from "./read-admission-config.ts";
import { type AuditEnvironment, readAudit } from "./read-audit.ts";
import { readAuthentication } from "./read-authentication.ts";
import { readAuthorization } from "./read-authorization.ts";
import { readBrowserRules } from "./read-browser-rules.ts";
import { readFeatureGates } from "./read-feature-gates.ts";
import { type RequestTimes, readRequestTimes } from "./read-request-times.ts";
import { readServiceAccountTokens } from "./read-service-account-tokens.ts";
import {
  readBindAddress,
  readHttp2,
  readPortRange,
  readTls,
  type ServingHttp2,
  type ServingTls,
} from "./read-serving.ts";

/** What flags say of an API server: part of its options. */
export interface FlaggedOptions {
  host?: string;
  tls: ServingTls;
  http2: ServingHttp2;
  nodePortRange: { first: number; last: number };
  maxInFlight: { reading: number; mutating: number };
  requestTimes: RequestTimes;
  browserRules: BrowserRules;
  eventTtlSeconds: number;
  allowsPrivileged: boolean;
  authentication: AuthenticationOptions;
  serviceAccountTokens: ServiceAccountTokenSettings;
  authorization: AuthorizationOptions;
  admissionPlugins: PluginChoice;
  debugPages: { hasStatus: boolean; flags?: [name: string, value: string][] };
  audit?: AuditOptions;
  encryption?: EncryptionOptions;
}

export interface FlagEnvironment extends AuditEnvironment {
  /** The instance's own. */
  tokenSigningKey: TokenSigningKey;
}

/** Reads the flags and the files that they name. Throws InvalidArgument with all that is wrong with them, in upstream's words where it has some. */
export async function readServerOptions(
  given: GivenFlags,
  environment: FlagEnvironment,
): Promise<FlaggedOptions> {
  const flags = API_SERVER_FLAGS.read(given);
  const problems = new OptionProblems();
  const { logger, tokenSigningKey } = environment;
  const host = readBindAddress(flags, problems);
  const options = {
    ...(host === undefined ? {} : { host }),
    tls: await readTls(flags, problems),
    http2: readHttp2(flags, problems),
    nodePortRange: readPortRange(flags, problems)!,
    maxInFlight: readInFlight(flags, problems),
    requestTimes: readRequestTimes(flags, problems),
    browserRules: readBrowserRules(flags, problems),
    eventTtlSeconds: readEventTtl(flags, problems),
    allowsPrivileged: flags.flag("allow-privileged"),
    authentication: await readAuthentication(flags, problems, logger),
    serviceAccountTokens: await readServiceAccountTokens(flags, tokenSigningKey, problems),
    authorization: await readAuthorization(flags, problems),
    admissionPlugins: await readPlugins(flags, problems),
    debugPages: readDebugPages(flags, problems),
  };
  const audit = await readAudit(flags, problems, environment);
  const encryption = await problems.during(() => readEncryption(flags));
  problems.throwIfAny();
  return { ...options, ...(audit ? { audit } : {}), ...(encryption ? { encryption } : {}) };
}

function readDebugPages(flags: FlagValues, problems: OptionProblems): FlaggedOptions["debugPages"] {
  const { ComponentStatusz: hasStatus, ComponentFlagz: hasFlags } = readFeatureGates(flags, problems);
  return { hasStatus, ...(hasFlags ? { flags: flags.all() } : {}) };
}

async function readEncryption(flags: FlagValues): Promise<EncryptionOptions | undefined> {
  const path = flags.text("encryption-provider-config");
  const isReloaded = flags.flag("encryption-provider-config-automatic-reload");
  if (path === "") {
    if (isReloaded)
      throw invalidArgument(
        "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config",
      );
    return undefined;
  }
  const transformers = readEncryptionConfig(path, await textOfFile(path, "encryption-provider-config"));
  return { transformers, ...(isReloaded ? { reloadedFrom: path } : {}) };
}

function readInFlight(flags: FlagValues, problems: OptionProblems): FlaggedOptions["maxInFlight"] {
  const [reading, mutating] = ["max-requests-inflight", "max-mutating-requests-inflight"].map((name) => {
    const value = flags.number(name);
    if (value < 0) problems.add(`--${name} can not be negative value`);
    return value;
  }) as [number, number];
  if (reading + mutating <= 0)
    problems.add(
      `invalid configuration: MaxRequestsInFlight=${reading} and MaxMutatingRequestsInFlight=${mutating}; they must add up to something positive`,
    );
  return { reading, mutating };
}

function readEventTtl(flags: FlagValues, problems: OptionProblems): number {
  const seconds = Math.round(flags.milliseconds("event-ttl") / 1000);
  if (seconds <= 0) problems.add("--event-ttl must be a positive duration");
  return seconds;
}

async function readPlugins(flags: FlagValues, problems: OptionProblems): Promise<PluginChoice> {
  const choice = {
    enable: flags.list("enable-admission-plugins"),
    disable: flags.list("disable-admission-plugins"),
  };
  await problems.during(() => choosePlugins(choice));
  const configurations = await problems.during(() => readAdmissionConfig(flags));
  if (configurations) await problems.during(() => requireConfigurations({ ...choice, ...configurations }));
  return { ...choice, ...configurations };
}

/** What flags say that an instance decides once, or under other names. */
export interface InstanceFlags {
  apiPort: number | undefined;
  /** `10.96.0.0/16` */
  serviceCidr: string | undefined;
}

/** Throws InvalidArgument. */
export function readInstanceFlags(given: GivenFlags): InstanceFlags {
  const flags = API_SERVER_FLAGS.read(given);
  return {
    apiPort: flags.isGiven("secure-port") ? securePort(flags.number("secure-port")) : undefined,
    serviceCidr: flags.isGiven("service-cluster-ip-range")
      ? serviceCidr(flags.text("service-cluster-ip-range"))
      : undefined,
  };
}

function securePort(port: number): number {
  if (port >= 1 && port <= 65_535) return port;
  throw invalidArgument(
    `--secure-port ${port} must be between 1 and 65535, inclusive. It cannot be turned off with 0`,
  );
}

function serviceCidr(text: string): string {
  const [first = "", ...more] = text.split(",").map((one) => one.trim());
  if (more.length > 1)
    throw invalidArgument("--service-cluster-ip-range must not contain more than two entries");
  if (more.length > 0 || first.includes(":"))
    throw invalidArgument("--service-cluster-ip-range: IPv6 and dual stack are not implemented");
  if (!/^\d+(?:\.\d+){3}\/\d+$/.test(first))
    throw invalidArgument("--service-cluster-ip-range must contain at least one valid cidr");
  return first;
}
