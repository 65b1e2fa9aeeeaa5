import type { FlowSchema } from "../../api/index.ts";

type Condition = NonNullable<NonNullable<FlowSchema["status"]>["conditions"]>[number];

/** Says of a FlowSchema whether there is the priority level that it names (upstream presyncFlowSchemaStatus). */
export function danglingCondition(level: string, hasLevel: boolean): Condition {
  const of = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return {
    type: "Dangling",
    status: hasLevel ? "False" : "True",
    reason: hasLevel ? "Found" : "NotFound",
    message: hasLevel ? `${of} and it exists` : `${of} but there is no such object`,
  };
}

export function saysSo({ status }: FlowSchema, wanted: Condition): boolean {
  const told = status?.conditions?.find(({ type }) => type === wanted.type);
  if (!told) return false;
  return (["status", "reason", "message"] as const).every((field) => told[field] === wanted[field]);
}
