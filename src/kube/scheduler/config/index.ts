export type {
  ExtenderConfig,
  ExtenderTls,
  ExtensionPoint,
  ProfileConfig,
  SchedulerConfiguration,
} from "./configuration.ts";
export { defaultPluginArgs, type PluginArgs, type ScoringStrategy } from "./plugin-args.ts";
export { defaultConfiguration, readSchedulerConfiguration } from "./read-configuration.ts";
