import { statusNotImplemented } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";

export async function execInPod(_context: ServerContext, _call: ResourceCall): Promise<Answer> {
  throw statusNotImplemented("exec is not there yet");
}
export async function attachToPod(_context: ServerContext, _call: ResourceCall): Promise<Answer> {
  throw statusNotImplemented("attach is not there yet");
}
export async function forwardPodPorts(_context: ServerContext, _call: ResourceCall): Promise<Answer> {
  throw statusNotImplemented("portforward is not there yet");
}
