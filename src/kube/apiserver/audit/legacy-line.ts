import type { UserInfo } from "../../client/types.ts";
import type { AuditEvent } from "./audit-event.ts";

const quoted = (value: string) => JSON.stringify(value);
const listed = (groups: readonly string[]) => groups.map(quoted).join(",");

/** An event as one line of text (`--audit-log-format=legacy`; apiserver's audit.EventString). */
export function legacyLine(event: AuditEvent): string {
  const { user, impersonatedUser: as, object, status, sourceIps } = event;
  const fields: [name: string, value: string][] = [
    ["id", event.auditId],
    ["stage", event.stage],
    ["ip", sourceIps[0] ?? "<unknown>"],
    ["method", event.verb],
    ["user", user?.name || "<none>"],
    ["groups", groupsOf(user)],
    ["as", as?.name ?? "<self>"],
    ["asgroups", as ? listed(as.groups) : "<lookup>"],
    ["user-agent", event.userAgent],
    ["namespace", object?.namespace || "<none>"],
    ["uri", event.requestUri],
  ];
  const shown = fields.map(([name, value]) => `${name}=${quoted(value)}`).join(" ");
  const time = event.receivedAt.replace(/\.?0+Z$/, "Z");
  return `${time} AUDIT: ${shown} response="${status?.code ?? "<deferred>"}"\n`;
}

function groupsOf(user: UserInfo | undefined): string {
  return user?.name && user.groups.length > 0 ? listed(user.groups) : "<none>";
}
