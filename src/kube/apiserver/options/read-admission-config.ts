import { dirname, resolve } from "node:path";
import { GantryError, invalidArgument } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import { type ConfigKind, readComponentConfig } from "../../api/index.ts";
import type { PluginChoice } from "../admission/choose-plugins.ts";
import { readEventLimits } from "../admission/event-rate-limit/read-configuration.ts";
import { readImagePolicy } from "../admission/image-policy/read-configuration.ts";
import { readPodSecurityConfiguration } from "../admission/pod-security/read-configuration.ts";
import { readLimitedResources } from "../admission/resource-quota/read-configuration.ts";
import { textOfFile } from "./option-problems.ts";

interface PluginConfiguration {
  name?: string;
  path?: string;
  configuration?: unknown;
}

type Configurations = Pick<PluginChoice, "podSecurity" | "limitedResources" | "eventLimits" | "imagePolicy">;

const FLAG = "admission-control-config-file";

const CONFIGURATION: ConfigKind = {
  group: "apiserver.config.k8s.io",
  versions: ["v1", "v1alpha1"],
  kind: "AdmissionConfiguration",
  fields: { plugins: { list: { fields: { name: "string", path: "string", configuration: "any" } } } },
};

/** What `--admission-control-config-file` says of plugins. Throws InvalidArgument, or NotImplemented for what is said of a plugin that takes nothing here. */
export async function readAdmissionConfig(flags: FlagValues): Promise<Configurations> {
  const file = flags.text(FLAG);
  if (file === "") return {};
  const { value, strictProblems } = readComponentConfig<{ plugins?: PluginConfiguration[] }>(
    await textOfFile(file, FLAG),
    CONFIGURATION,
  );
  if (strictProblems.length > 0) throw invalidArgument(`strict decoding error: ${strictProblems.join(", ")}`);
  const found: Configurations = {};
  for (const { name = "", path = "", configuration } of value.plugins ?? []) {
    // What is written in place comes before a file; a plugin without either has its defaults.
    const text =
      configuration !== undefined
        ? JSON.stringify(configuration)
        : path !== "" && (await textOfFile(resolve(dirname(file), path), FLAG));
    if (text === false) continue;
    if (name === "PodSecurity")
      found.podSecurity ??= await readConfiguration(name, () => readPodSecurityConfiguration(text));
    else if (name === "ResourceQuota")
      found.limitedResources ??= await readConfiguration(name, () => readLimitedResources(text));
    else if (name === "EventRateLimit")
      found.eventLimits ??= await readConfiguration(name, () => readEventLimits(text));
    else if (name === "ImagePolicyWebhook")
      found.imagePolicy ??= await readConfiguration(name, () => readImagePolicy(text, dirname(file)));
    else {
      throw new GantryError(
        "NotImplemented",
        `a configuration of the admission plugin ${JSON.stringify(name)} is not implemented`,
      );
    }
  }
  return found;
}

/** Throws InvalidArgument where a plugin is to run that needs a configuration and has none. */
export async function requireConfigurations({
  enable = [],
  eventLimits,
  imagePolicy,
}: PluginChoice): Promise<void> {
  if (enable.includes("EventRateLimit") && !eventLimits)
    await readConfiguration("EventRateLimit", () => readEventLimits(undefined));
  if (enable.includes("ImagePolicyWebhook") && !imagePolicy)
    await readConfiguration("ImagePolicyWebhook", () => readImagePolicy(undefined, ""));
}

async function readConfiguration<T>(name: string, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const why = (error as Error).message;
    throw invalidArgument(
      `failed to initialize admission: couldn't init admission plugin ${JSON.stringify(name)}: ${why}`,
      { cause: error },
    );
  }
}
