import { GantryError } from "../../base/index.ts";
import {
  all,
  type ComposeContext,
  jsonLines,
  nameAndTag,
  type Project,
  withSelectedServices,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import type { Verb } from "./verb.ts";

export const push: Verb = {
  summary: "Push service images",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    "ignore-push-failures": { type: "flag", help: "Push what it can and ignores images with push failures" },
    "include-deps": { type: "flag", help: "Also push images of services declared as dependencies" },
    quiet: { short: "q", type: "flag", help: "Push without printing progress information" },
  },
  async run(call) {
    const { flags, args } = call;
    const loaded = call.runnable(args);
    const project = flags.flag("include-deps") ? loaded : withSelectedServices(loaded, args, "nothing");
    await pushServices(call, project, { ignoreFailures: flags.flag("ignore-push-failures") });
    return 0;
  },
};

interface PushMessage {
  error?: string;
  errorDetail?: { message?: string };
}

/** Pushes the images of services that are built here and have a name. */
export async function pushServices(
  call: ComposeCall,
  project: Project,
  { ignoreFailures }: { ignoreFailures: boolean },
): Promise<void> {
  await call.withEngine("Pushing", async (context) => {
    const { report } = context;
    for (const { name, build, image } of Object.values(project.services)) {
      if (build && image) continue;
      report.event({ id: name, status: "done", text: "Skipped" });
    }
    const images = new Map<string, string>();
    for (const { name, build, image } of Object.values(project.services)) {
      if (!build || !image) continue;
      for (const one of [image, ...(build.tags ?? [])]) images.set(one, name);
    }
    await all(
      [...images].map(async ([image, name]) => {
        try {
          await pushImage(context, name, image);
        } catch (error) {
          if (!ignoreFailures) throw error;
        }
      }),
    );
  });
}

async function pushImage(context: ComposeContext, name: string, image: string): Promise<void> {
  const { client, report } = context;
  const event = `Pushing ${name}: ${image}`;
  report.working(event, "");
  const { fromImage: repository, tag } = nameAndTag(image);
  const stream = await client.stream("POST", `/images/${repository}/push`, {
    query: { tag },
    headers: { "X-Registry-Auth": await context.registryAuth(image) },
  });
  for await (const message of jsonLines<PushMessage>(stream)) {
    const failure = message.errorDetail?.message ?? message.error;
    if (failure === undefined) continue;
    report.error(event, failure);
    throw new GantryError("Unavailable", failure, { code: "Compose.Push" });
  }
  report.done(event, "Pushed");
}
