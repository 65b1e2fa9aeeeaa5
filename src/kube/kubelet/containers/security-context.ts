import type { CriImage, LinuxSecurityContext, NamespaceOptions } from "../../../cri/types.ts";
import type { Container, Pod, SecurityContext } from "../../api/index.ts";
import { configError } from "../env/environment.ts";
import { podLogName } from "../naming.ts";

/** The container's settings over the pod's. */
function effective(pod: Pod, container: Container): SecurityContext {
  const { runAsUser, runAsGroup, runAsNonRoot, seccompProfile } = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  return {
    ...own,
    runAsUser: own.runAsUser ?? runAsUser,
    runAsGroup: own.runAsGroup ?? runAsGroup,
    runAsNonRoot: own.runAsNonRoot ?? runAsNonRoot,
    seccompProfile: own.seccompProfile ?? seccompProfile,
  };
}

/** Refuses what runAsNonRoot forbids, with upstream's messages. */
export function verifyNonRoot(pod: Pod, container: Container, image: CriImage): void {
  const { runAsNonRoot, runAsUser } = effective(pod, container);
  if (!runAsNonRoot) return;
  const where = `(pod: "${podLogName(pod)}", container: ${container.name})`;
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw configError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image.uid === 0) throw configError(`container has runAsNonRoot and image will run as root ${where}`);
  if (image.uid === undefined) {
    throw configError(
      `container has runAsNonRoot and image has non-numeric user (${image.username ?? ""}), cannot verify user is non-root ${where}`,
    );
  }
}

export function namespaceOptions(pod: Pod, targetId?: string): NamespaceOptions {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec;
  const network = hostNetwork ? "NODE" : "POD";
  const ipc = hostIPC ? "NODE" : "POD";
  if (hostPID || shareProcessNamespace) return { network, pid: hostPID ? "NODE" : "POD", ipc };
  return targetId === undefined
    ? { network, pid: "CONTAINER", ipc }
    : { network, pid: "TARGET", ipc, targetId };
}

/** CRI's security context of a container. */
export function linuxSecurityContext(
  pod: Pod,
  container: Container,
  image: CriImage,
  targetId?: string,
): LinuxSecurityContext {
  const security = effective(pod, container);
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {};
  const profile = security.seccompProfile;
  if (profile?.type === "Localhost") {
    throw configError(`seccomp profile Localhost/${profile.localhostProfile ?? ""} is not implemented`);
  }
  const groupOnly = security.runAsUser === undefined && security.runAsGroup !== undefined;
  const user = groupOnly ? imageUser(image) : { runAsUser: security.runAsUser };
  return {
    privileged: security.privileged === true,
    readonlyRootfs: security.readOnlyRootFilesystem === true,
    ...(user.runAsUser === undefined ? {} : { runAsUser: user.runAsUser }),
    ...("runAsUsername" in user && user.runAsUsername !== undefined
      ? { runAsUsername: user.runAsUsername }
      : {}),
    ...(security.runAsGroup === undefined ? {} : { runAsGroup: security.runAsGroup }),
    supplementalGroups: fsGroup === undefined ? supplementalGroups : [...supplementalGroups, fsGroup],
    addCapabilities: security.capabilities?.add ?? [],
    dropCapabilities: security.capabilities?.drop ?? [],
    noNewPrivileges: security.allowPrivilegeEscalation === false,
    namespaceOptions: namespaceOptions(pod, targetId),
    // Kubernetes' default is no profile at all (SeccompDefault is off).
    seccompUnconfined: profile === undefined || profile.type === "Unconfined",
    ...(security.procMount === "Unmasked" ? { maskedPaths: [], readonlyPaths: [] } : {}),
  };
}

function imageUser(image: CriImage): { runAsUser?: number; runAsUsername?: string } {
  return image.uid === undefined ? { runAsUsername: image.username } : { runAsUser: image.uid };
}
