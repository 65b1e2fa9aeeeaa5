import { buildImages, withSelectedServices } from "../../compose/index.ts";
import { usage } from "./flags.ts";
import { keyValues } from "./key-values.ts";
import { pushServices } from "./push.ts";
import type { Verb } from "./verb.ts";

const UNSUPPORTED = ["builder", "check", "print"];

export const build: Verb = {
  summary: "Build or rebuild services",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    "build-arg": { type: "list", help: "Set build-time variables for services" },
    builder: { type: "text", help: "Set builder to use" },
    check: { type: "flag", help: "Check build configuration" },
    memory: { short: "m", type: "text", value: "bytes", help: "Set memory limit for the build container." },
    "no-cache": { type: "flag", help: "Do not use cache when building the image" },
    print: { type: "flag", help: "Print equivalent bake file" },
    provenance: { type: "text", help: "Add a provenance attestation" },
    pull: { type: "flag", help: "Always attempt to pull a newer version of the image" },
    push: { type: "flag", help: "Push service images" },
    quiet: { short: "q", type: "flag", help: "Suppress the build output" },
    sbom: { type: "text", help: "Add a SBOM attestation" },
    ssh: { type: "text", help: "Set SSH authentications used when building service images." },
    "with-dependencies": { type: "flag", help: "Also build dependencies (transitively)" },
  },
  async run(call) {
    const { flags, args } = call;
    const asked = UNSUPPORTED.find((name) => flags.has(name));
    if (asked !== undefined) throw usage(`--${asked} is not implemented`);
    const loaded = call.runnable(args);
    const project = flags.flag("with-dependencies") ? loaded : withSelectedServices(loaded, args, "nothing");
    const memory = flags.text("memory");
    await call.withEngine("Building", (context) =>
      buildImages(
        context,
        project,
        {
          services: args,
          dependencies: flags.flag("with-dependencies"),
          options: {
            args: keyValues(flags.list("build-arg"), project.environment),
            noCache: flags.flag("no-cache"),
            pull: flags.flag("pull"),
            quiet: flags.flag("quiet"),
            ssh: flags.text("ssh"),
            provenance: flags.text("provenance"),
            sbom: flags.text("sbom"),
            ...(memory === "" ? {} : { memory: bytesOf(memory) }),
          },
        },
        () => false,
      ),
    );
    if (flags.flag("push")) await pushServices(call, project, { ignoreFailures: false });
    return 0;
  },
};

const FACTORS: Record<string, number> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

function bytesOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([bkmg]?)b?$/i.exec(text);
  if (!match)
    throw usage(`invalid argument ${JSON.stringify(text)} for "-m, --memory" flag: invalid size: '${text}'`);
  return Math.trunc(Number(match[1]) * FACTORS[match[2]!.toLowerCase()]!);
}
