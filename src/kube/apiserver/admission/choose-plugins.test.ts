import { describe, expect, it } from "vitest";
import { choosePlugins } from "./choose-plugins.ts";

const DEFAULTS = choosePlugins();

describe("the choice of admission plugins", () => {
  it("is upstream's by default, with NodeRestriction", () => {
    expect(DEFAULTS.join(" ")).toBe(
      "NamespaceLifecycle LimitRanger ServiceAccount NodeRestriction TaintNodesByCondition PodSecurity Priority DefaultTolerationSeconds DefaultStorageClass StorageObjectInUseProtection PersistentVolumeClaimResize RuntimeClass CertificateApproval CertificateSigning ClusterTrustBundleAttest CertificateSubjectRestriction DefaultIngressClass PodTopologyLabels MutatingAdmissionPolicy MutatingAdmissionWebhook ValidatingAdmissionPolicy ValidatingAdmissionWebhook ResourceQuota",
    );
  });

  it("takes more and leaves out some, and keeps their order", () => {
    expect(
      choosePlugins({ enable: ["NodeRestriction", "AlwaysPullImages"], disable: ["PodSecurity"] }),
    ).toEqual(DEFAULTS.flatMap((name) => (name === "PodSecurity" ? ["AlwaysPullImages"] : [name])));
    expect(choosePlugins({ disable: ["AlwaysDeny"] })).toEqual(DEFAULTS);
  });

  it.each([
    [{ enable: ["X"] }, 'enable-admission-plugins plugin "X" is unknown'],
    [
      { enable: ["X"], disable: ["podsecurity"] },
      '[enable-admission-plugins plugin "X" is unknown, disable-admission-plugins plugin "podsecurity" is unknown]',
    ],
    [
      { enable: ["PodSecurity", "AlwaysAdmit"], disable: ["AlwaysAdmit", "PodSecurity"] },
      "[AlwaysAdmit PodSecurity] in enable-admission-plugins and disable-admission-plugins overlapped",
    ],
  ])("refuses %j", (choice, message) => {
    expect(() => choosePlugins(choice)).toThrow(message);
  });
});
