import {
  all,
  type ComposeContext,
  inspectImage,
  type Project,
  pullImage,
  type Service,
  withSelectedServices,
} from "../../compose/index.ts";
import { usage } from "./flags.ts";
import type { Verb } from "./verb.ts";

export const pull: Verb = {
  summary: "Pull service images",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    "ignore-buildable": { type: "flag", help: "Ignore images that can be built" },
    "ignore-pull-failures": { type: "flag", help: "Pull what it can and ignores images with pull failures" },
    "include-deps": { type: "flag", help: "Also pull services declared as dependencies" },
    policy: { type: "text", help: 'Apply pull policy ("missing"|"always")' },
    quiet: { short: "q", type: "flag", help: "Pull without printing progress information" },
  },
  async run(call) {
    const { flags, args } = call;
    const policy = flags.text("policy");
    if (policy !== "" && policy !== "missing" && policy !== "always") {
      throw usage(`invalid value for --policy: ${JSON.stringify(policy)}`);
    }
    const loaded = call.runnable(args);
    const project = flags.flag("include-deps") ? loaded : withSelectedServices(loaded, args, "nothing");
    const options = {
      policy,
      ignoreBuildable: flags.flag("ignore-buildable"),
      ignoreFailures: flags.flag("ignore-pull-failures"),
      quiet: flags.flag("quiet"),
    };
    const mustBuild = await call.withEngine("Pulling", (context) => pullServices(context, project, options));
    if (mustBuild.length > 0) {
      call.terminal.info(
        `WARNING: Some service image(s) must be built from source by running:\n    gantry compose build ${mustBuild.join(" ")}\n`,
      );
    }
    return 0;
  },
};

interface PullOptions {
  policy: string;
  ignoreBuildable: boolean;
  ignoreFailures: boolean;
  quiet: boolean;
}

/** Pulls what is not built here; names the services that have to be built instead. */
async function pullServices(
  context: ComposeContext,
  project: Project,
  options: PullOptions,
): Promise<string[]> {
  const mustBuild: string[] = [];
  const pulled = new Map<string, string>();
  const services = Object.values(project.services);
  await all(
    services.map(async (service) => {
      const image = service.image ?? "";
      const why = await whyNot(context, service, options, pulled);
      if (why !== undefined) {
        context.report.event({ id: service.name, status: "done", text: `Skipped${why}` });
        return;
      }
      pulled.set(image, service.name);
      const canBuild = service.build !== undefined;
      const request = {
        name: service.name,
        image,
        platform: service.platform,
        canBuild,
        quiet: options.quiet,
      };
      try {
        await pullImage(context, request);
      } catch (error) {
        if (canBuild) mustBuild.push(service.name);
        else if (!options.ignoreFailures) throw error;
      }
    }),
  );
  return mustBuild;
}

async function whyNot(
  context: ComposeContext,
  { image, build, pull_policy: own = "" }: Service,
  { policy, ignoreBuildable }: PullOptions,
  pulled: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (!image) return " - No image to be pulled";
  const wanted = policy || own;
  if (wanted === "never" || wanted === "build") return "";
  if (build && ignoreBuildable) return " - Image can be built";
  if (pulled.has(image)) return ` - Image is already being pulled by ${pulled.get(image)}`;
  const isMissingEnough = wanted === "missing" || wanted === "if_not_present";
  // `latest` may be another one by now.
  if (isMissingEnough && !/:latest$|^[^:]+$/.test(image) && (await inspectImage(context, image))) {
    return " - Image is already present locally";
  }
  return undefined;
}
