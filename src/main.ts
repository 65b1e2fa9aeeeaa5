import { runCommandLine } from "./cli/index.ts";

// Everything that only `up`, `reset` and `doctor` need is loaded when they are asked for: `gantry status` answers in a moment.
const exitCode = await runCommandLine(process.argv.slice(2), {
  runPlatform: async (options, hooks) => (await import("./platform/index.ts")).runPlatform(options, hooks),
  examinePlatform: async (home) => (await import("./platform/index.ts")).examinePlatform(home),
  resetPlatform: async (home) => (await import("./platform/index.ts")).resetPlatform(home),
});
process.exit(exitCode);
