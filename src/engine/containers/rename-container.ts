import { GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { invalidName, invalidRequest } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import type { Container } from "./container.ts";
import { exclusively } from "./exclusive.ts";

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

export async function renameContainer(
  context: EngineContext,
  reference: string,
  wanted: string,
): Promise<void> {
  const name = wanted.replace(/^\//, "");
  if (name === "") throw invalidRequest("Neither old nor new names may be empty");
  await exclusively(context, reference, async (container) => {
    const { record } = container;
    const before = record.name;
    if (before === name) throw invalidRequest("Renaming a container with the same name as its current name");
    reserveName(context, container, name);
    record.name = name;
    try {
      await context.containers.save(container);
    } catch (error) {
      record.name = before;
      context.containers.releaseName(name, container.id);
      throw error;
    }
    context.containers.releaseName(before, container.id);
    context.network.rename(container.id, name);
    emitContainerEvent(context, container, "rename", { oldName: `/${before}` });
  });
}

function reserveName(context: EngineContext, container: Container, name: string): void {
  try {
    if (!NAME.test(name)) throw invalidName(`/${name}`);
    context.containers.reserveName(name, container.id);
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    throw new GantryError(error.kind, `Error when allocating new name: ${error.message}`, {
      code: error.code,
      details: error.details,
      cause: error,
    });
  }
}
