import type { KindDefinition } from "../types.ts";
import { certificateSigningRequests } from "./certificate-signing-request.ts";

export const certificatesKinds: readonly KindDefinition[] = [certificateSigningRequests];
