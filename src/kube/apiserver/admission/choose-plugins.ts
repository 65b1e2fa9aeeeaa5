import { GantryError } from "../../../base/index.ts";
import { aggregateText, type LimitedResource } from "../../api/index.ts";
import type { EventLimit } from "./event-rate-limit/read-configuration.ts";
import type { ImagePolicyOptions } from "./image-policy/read-configuration.ts";
import { isPluginName, OFF_BY_DEFAULT, ORDERED_PLUGINS, type PluginName } from "./plugin-names.ts";
import type { PodSecurityConfiguration } from "./pod-security/configuration.ts";

export interface PluginChoice {
  /** `--enable-admission-plugins`: beside those that are on by default. */
  enable?: readonly string[];
  /** `--disable-admission-plugins`. */
  disable?: readonly string[];
  /** Where a configuration file has one: its defaults and exemptions. */
  podSecurity?: PodSecurityConfiguration;
  /** Of ResourceQuota: what may only be used where a quota speaks of it. */
  limitedResources?: readonly LimitedResource[];
  /** Of EventRateLimit, which needs some. */
  eventLimits?: readonly EventLimit[];
  /** Of ImagePolicyWebhook, which needs them. */
  imagePolicy?: ImagePolicyOptions;
}

/**
 * The plugins that run, in their order (apiserver's AdmissionOptions). Throws InvalidArgument with upstream's message for
 * names that nobody knows or that stand in both lists.
 */
export function choosePlugins({ enable = [], disable = [] }: PluginChoice = {}): PluginName[] {
  const overlap = [...new Set(enable)].filter((name) => disable.includes(name)).sort();
  const problems = [
    ...unknown(enable, "enable-admission-plugins"),
    ...unknown(disable, "disable-admission-plugins"),
    ...(overlap.length > 0
      ? [`[${overlap.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`]
      : []),
  ];
  if (problems.length > 0) throw new GantryError("InvalidArgument", aggregateText(problems));
  return ORDERED_PLUGINS.filter(
    (name) => enable.includes(name) || !(OFF_BY_DEFAULT.has(name) || disable.includes(name)),
  );
}

const unknown = (names: readonly string[], flag: string): string[] =>
  names
    .filter((name) => !isPluginName(name))
    .map((name) => `${flag} plugin ${JSON.stringify(name)} is unknown`);
