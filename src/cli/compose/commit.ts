import { containerName, findContainer, nameAndTag } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const commit: Verb = {
  summary: "Create a new image from a service container's changes",
  usage: ["[OPTIONS] SERVICE [REPOSITORY[:TAG]]"],
  args: { min: 1, max: 2 },
  flags: {
    author: { short: "a", type: "text", help: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")' },
    change: {
      short: "c",
      type: "list",
      value: "list",
      help: "Apply Dockerfile instruction to the created image",
    },
    index: { type: "number", help: "index of the container if service has multiple replicas." },
    message: { short: "m", type: "text", help: "Commit message" },
    pause: { short: "p", type: "flag", default: true, help: "Pause container during commit" },
  },
  async run(call) {
    const { client, flags } = call;
    const [service = "", image] = call.args;
    const index = flags.number("index") ?? 0;
    const query = { oneOff: "include", all: true } as const;
    const container = await findContainer(client, call.projectName(), service, index, query);
    const named = image === undefined ? undefined : nameAndTag(image);
    await call.withEngine("Committing", async ({ report }) => {
      const event = containerName(container);
      report.working(event, "Committing");
      const { Id: id } = await client.post<{ Id: string }>("/commit", {
        query: {
          container: container.Id,
          repo: named?.fromImage,
          tag: named?.tag,
          author: flags.text("author") || undefined,
          comment: flags.text("message") || undefined,
          changes: flags.list("change").join("\n") || undefined,
          pause: flags.flag("pause"),
        },
        body: {},
      });
      report.event({ id: event, status: "done", text: `Committed as ${id}` });
    });
    return 0;
  },
};
