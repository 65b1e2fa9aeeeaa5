import { notImplemented } from "../../base/index.ts";
import type { Project, Service } from "../model/index.ts";

/** What a service may ask for and Gantry has not: it is said, not left out. */
export function refuseProviders(service: Service): void {
  if (service.provider) {
    throw notImplemented(
      `service ${JSON.stringify(service.name)}: \`provider\` (type ${service.provider.type}) is not implemented`,
    );
  }
  if (service.use_api_socket) {
    throw notImplemented(`service ${JSON.stringify(service.name)}: \`use_api_socket\` is not implemented`);
  }
  if (service.credential_spec) {
    throw notImplemented(
      `service ${JSON.stringify(service.name)}: \`credential_spec\` is for Windows and is not implemented`,
    );
  }
}

/** The same for a whole project, before anything is made. */
export function refuseUnsupported(project: Project): void {
  for (const service of Object.values(project.services)) {
    refuseProviders(service);
    if (Object.keys(service.models ?? {}).length > 0) {
      throw notImplemented(`service ${JSON.stringify(service.name)}: \`models\` are not implemented`);
    }
  }
}
