import { dirname, resolve } from "node:path";
import { GantryError, invalidArgument } from "../../../base/index.ts";
import type { PluginChoice } from "../admission/choose-plugins.ts";
import { readPodSecurityConfiguration } from "../admission/pod-security/read-configuration.ts";
import { type ConfigKind, readComponentConfig } from "../component-config/read-component-config.ts";
import type { FlagValues } from "./flag-values.ts";
import { textOfFile } from "./option-problems.ts";

interface PluginConfiguration {
  name?: string;
  path?: string;
  configuration?: unknown;
}

const FLAG = "admission-control-config-file";

const CONFIGURATION: ConfigKind = {
  group: "apiserver.config.k8s.io",
  versions: ["v1", "v1alpha1"],
  kind: "AdmissionConfiguration",
  fields: { plugins: { list: { fields: { name: "string", path: "string", configuration: "any" } } } },
};

/** What `--admission-control-config-file` says of plugins. Throws InvalidArgument, or NotImplemented for what is said of a plugin that takes nothing here. */
export async function readAdmissionConfig(flags: FlagValues): Promise<Pick<PluginChoice, "podSecurity">> {
  const file = flags.text(FLAG);
  if (file === "") return {};
  const { value, strictProblems } = readComponentConfig<{ plugins?: PluginConfiguration[] }>(
    await textOfFile(file, FLAG),
    CONFIGURATION,
  );
  if (strictProblems.length > 0) throw invalidArgument(`strict decoding error: ${strictProblems.join(", ")}`);
  const found: Pick<PluginChoice, "podSecurity"> = {};
  for (const { name = "", path = "", configuration } of value.plugins ?? []) {
    // What is written in place comes before a file; a plugin without either has its defaults.
    const text =
      configuration !== undefined
        ? JSON.stringify(configuration)
        : path !== "" && (await textOfFile(resolve(dirname(file), path), FLAG));
    if (text === false) continue;
    if (name !== "PodSecurity") {
      throw new GantryError(
        "NotImplemented",
        `a configuration of the admission plugin ${JSON.stringify(name)} is not implemented`,
      );
    }
    found.podSecurity ??= readConfiguration(name, () => readPodSecurityConfiguration(text));
  }
  return found;
}

function readConfiguration<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = (error as Error).message;
    throw invalidArgument(
      `failed to initialize admission: couldn't init admission plugin ${JSON.stringify(name)}: ${why}`,
      { cause: error },
    );
  }
}
