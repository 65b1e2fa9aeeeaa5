/** All of upstream's plugins, in the order in which they run (kubeapiserver/options AllOrderedPlugins). */
export const ORDERED_PLUGINS = [
  "AlwaysAdmit",
  "NamespaceAutoProvision",
  "NamespaceLifecycle",
  "NamespaceExists",
  "LimitPodHardAntiAffinityTopology",
  "LimitRanger",
  "ServiceAccount",
  "NodeRestriction",
  "TaintNodesByCondition",
  "AlwaysPullImages",
  "ImagePolicyWebhook",
  "PodSecurity",
  "PodNodeSelector",
  "Priority",
  "DefaultTolerationSeconds",
  "PodTolerationRestriction",
  "EventRateLimit",
  "ExtendedResourceToleration",
  "DefaultStorageClass",
  "StorageObjectInUseProtection",
  "OwnerReferencesPermissionEnforcement",
  "PersistentVolumeClaimResize",
  "RuntimeClass",
  "CertificateApproval",
  "CertificateSigning",
  "ClusterTrustBundleAttest",
  "CertificateSubjectRestriction",
  "DefaultIngressClass",
  "DenyServiceExternalIPs",
  "PodTopologyLabels",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionWebhook",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionWebhook",
  "ResourceQuota",
  "AlwaysDeny",
] as const;

export type PluginName = (typeof ORDERED_PLUGINS)[number];

/** What runs only where it is asked for. Upstream has NodeRestriction here, too, which its installers ask for. */
export const OFF_BY_DEFAULT: ReadonlySet<PluginName> = new Set([
  "AlwaysAdmit",
  "NamespaceAutoProvision",
  "NamespaceExists",
  "LimitPodHardAntiAffinityTopology",
  "AlwaysPullImages",
  "ImagePolicyWebhook",
  "PodNodeSelector",
  "PodTolerationRestriction",
  "EventRateLimit",
  "ExtendedResourceToleration",
  "OwnerReferencesPermissionEnforcement",
  "DenyServiceExternalIPs",
  "AlwaysDeny",
]);

/** On by default, and without effect while their feature gates are off, which they are (both alpha in 1.33). */
export const GATED = ["PodTopologyLabels", "MutatingAdmissionPolicy"] as const satisfies PluginName[];

/** Counts what is written, in the transaction that writes it. */
export const COUNTING = "ResourceQuota" satisfies PluginName;

export type BuiltPlugin = Exclude<PluginName, (typeof GATED)[number] | typeof COUNTING>;

export const isPluginName = (name: string): name is PluginName =>
  (ORDERED_PLUGINS as readonly string[]).includes(name);

export const isBuilt = (name: PluginName): name is BuiltPlugin =>
  !([...GATED, COUNTING] as PluginName[]).includes(name);
