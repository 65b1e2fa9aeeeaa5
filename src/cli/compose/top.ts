import { all, byName, LABEL, listContainers, ofServices } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const top: Verb = {
  summary: "Display the running processes",
  usage: ["[SERVICES...]"],
  async run(call) {
    const { client, args } = call;
    const containers = (await listContainers(client, call.projectName(), { oneOff: "include", all: false }))
      .filter((container) => args.length === 0 || ofServices(args)(container))
      .sort(byName);
    const titles = ["SERVICE", "#"];
    const entries: Record<string, string>[] = [];
    const found = await all(
      containers.map(({ Id: id }) =>
        client.get<{ Titles: string[]; Processes: string[][] | null }>(`/containers/${id}/top`),
      ),
    );
    for (const [at, { Titles: own, Processes: processes }] of found.entries()) {
      const { Labels: labels } = containers[at]!;
      for (const title of own) if (!titles.includes(title)) titles.push(title);
      for (const process of processes ?? []) {
        const cells = Object.fromEntries(own.map((title, index) => [title, process[index] ?? ""]));
        entries.push({ SERVICE: labels[LABEL.service] ?? "", "#": labels[LABEL.number] ?? "", ...cells });
      }
    }
    if (entries.length === 0) return 0;
    // What is longest stands last.
    const columns = [
      ...titles.filter((title) => title !== "CMD"),
      ...titles.filter((title) => title === "CMD"),
    ];
    const rows = [columns, ...entries.map((entry) => columns.map((column) => entry[column] ?? "-"))];
    const widths = columns.map((_, index) => Math.max(2, ...rows.map((row) => row[index]!.length)) + 2);
    for (const row of rows) {
      const cells = row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!)));
      call.terminal.print(`${cells.join("")}\n`);
    }
    return 0;
  },
};
