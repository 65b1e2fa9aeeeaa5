import type { Exception } from "./compare.ts";

/** What a difference in whether and how something is refused shows in. */
const REFUSAL = /^(refusal|status|body(\.message)?)$/;

/** dockerd passes errors of its inner parts on as its own failure (500); here what is wrong with a request is told as that. */
const PLAIN_ERROR: Exception = {
  path: REFUSAL,
  values: /^"500 (.*)" -> "(?:400|404|409) \1/s,
  reason:
    "dockerd passes errors of its inner parts on as its own failure; here what is wrong with a request is told as that",
};

const NOT_BUILT: Exception = {
  path: REFUSAL,
  values: /-> "501 /,
  reason: "not built, and refused as such (docs/SCOPE.md)",
};

/** dockerd finds out at the start, with the container made already. */
const AT_ONCE: Exception = {
  step: /^(Hostname "a{65}"|ExposedPorts|PortBindings|Volumes \{"\/"|LogConfig|NetworkMode "container:nosuch"|IpcMode "container:"|SecurityOpt|DeviceCgroupRules|DeviceRequests|Ulimits|container network and mac).*: (create|inspect|remove)$/,
  path: REFUSAL,
  reason: "what cannot be started is refused when it is to be made",
};

/** Of those that were made by one and refused by the other. */
const FOLLOWING: Exception = {
  step: /: (inspect|remove)$/,
  path: REFUSAL,
  values: /No such container: dt-box/,
  reason: "follows from the request before, which has an exception of its own",
};

/** What moby 28 refuses otherwise, or refuses alone, or Gantry alone. */
export const REFUSALS: Exception[] = [
  PLAIN_ERROR,
  NOT_BUILT,
  AT_ONCE,
  FOLLOWING,
  {
    step: /_ping$/,
    path: REFUSAL,
    values: /Maximum supported API version is 1\.\d\d.*1\.51/,
    reason: "the newest of 28 speak 1.51",
  },
  {
    step: /POST \/build\?(memory|platform)/,
    path: REFUSAL,
    reason: "parameters are read before the context, which is empty here",
  },
  {
    step: /signal=-1/,
    path: REFUSAL,
    reason: "no signal, whether Linux could have it or not",
  },
  {
    step: /attach\?/,
    path: REFUSAL,
    reason: "dockerd hijacks the connection and writes its errors as bare text; clients look at the status",
  },
  {
    step: /exec: resize before start/,
    path: REFUSAL,
    reason: "dockerd waits ten seconds for the process and gives up; here it becomes the first size",
  },
  {
    step: /archive: HEAD \/etc\/passwd\//,
    path: REFUSAL,
    values: /"500" -> "40[04]"/,
    reason: "no failure of the server: the path leads through a file",
  },
  {
    step: /images: GET \/images\/(nosuch\/get|get\?names=nosuch)/,
    path: REFUSAL,
    reason: "the name is told with its tag, as everywhere else",
  },
  {
    step: /images: POST \/images\/(create $|busybox\/tag $)/,
    path: REFUSAL,
    reason: "dockerd stumbles over what is missing, or does nothing; here it is named",
  },
  {
    step: /images: POST \/images\/\w+\/push/,
    path: REFUSAL,
    reason: "credentials may be left out here: the instance's own registry needs none",
  },
  {
    step: /MemorySwappiness/,
    path: REFUSAL,
    reason: "version 2 of cgroups has no swappiness: dockerd leaves it out with a warning",
    dependsOnMachine: true,
  },
  {
    step: /^no image: create/,
    path: REFUSAL,
    reason: "dockerd makes a container without any files",
  },
  {
    step: /publish":\["1-2-3/,
    path: REFUSAL,
    reason: "dockerd takes 1-2-3 for a port",
  },
  {
    step: /^update: POST .*"CpuShares":-1/,
    path: REFUSAL,
    reason: "dockerd stores what the kernel has refused",
  },
  {
    step: /^volume .*a{60}/,
    path: REFUSAL,
    reason: "a name that no file system takes is refused before it is tried",
  },
];

/** What Debian's dockerd 20.10 (API 1.41) answers otherwise. Where moby 28 refuses as we do, nothing need stand here. */
export const EXCEPTIONS: Exception[] = [
  ...REFUSALS,
  {
    path: /GraphDriver|SandboxKey|LogPath|Options\.com\.docker\.network\.(bridge\.(name|enable_ip_masquerade)|driver\.mtu)/,
    reason:
      "where things lie and what they are called is each program's own affair; the peer runs without iptables",
  },
  { path: /HostConfig\.Runtime$/, reason: "the runtime has the name of the one in use" },
  { path: /\.Pid$|\.Processes\./, reason: "numbers of processes" },
  {
    path: /(Size|SizeRootFs|VirtualSize|LayersSize)$/,
    reason: "dockerd counts the length of links as bytes of the image",
  },
  { path: /DockerVersion$/, reason: "the images are not built by Docker" },
  {
    path: /HostConfig\.(KernelMemory|KernelMemoryTCP)$/,
    reason: "28 leaves them out where they are zero, and ignores them",
  },
  {
    path: /HostConfig\.MaskedPaths/,
    reason: "28 masks /proc/interrupts and /sys/devices/virtual/powercap too",
  },
  {
    path: /HostConfig\.NetworkMode$/,
    values: /"default" -> "bridge"/,
    reason: "28 shows the network that default means",
  },
  { path: /RestartPolicy\.Name$/, values: /"" -> "no"/, reason: "28 names the policy that none means" },
  { path: /Networks\.[^.]+\.(GwPriority|DNSNames)/, reason: "fields of 28, in all versions of the API" },
  { path: /EnableIPv4$/, reason: "a field of 28, in all versions of the API" },
  {
    path: /IPAM\.Config(\.\d+\.Gateway)?$/,
    reason: "28 shows the gateway of the default network, and nil for networks without any",
  },
  {
    path: /^header\.(docker-experimental|ostype)$/,
    reason: "told with every answer, also where no route fits",
  },
  {
    path: /^header\.content-type$/,
    step: /^archive: HEAD|attach\?|logs\?/,
    reason: "of answers without a body, or of streams, which 28 gives a type",
  },
  {
    path: /Labels(\.com\.docker\.volume\.anonymous)?$/,
    step: /^volume /,
    reason: "28 marks volumes that were made without a name",
  },
  {
    path: /^body\.<none>:<none>\./,
    reason: "20.10 leaves an image without a name when the build that replaces it has the same",
  },
  {
    path: /ContainerConfig|\.Container$|^body\.Config\.(Hostname|Image)$/,
    step: /^(commit|images): GET .*\/images/,
    reason: "28 does not keep from which container an image was made",
  },
  { path: /Warnings/, step: /[Kk]ernel.?[Mm]emory/, reason: "28 says nothing of it" },
  { path: /BuildCache|BuilderSize/, reason: "the classic builder's cache is the images themselves" },
  {
    step: /"reference":\["docker\.io\//,
    path: /^body/,
    reason: "later ones find images by their whole name too",
  },
  { step: /ConsoleSize/, path: /ConsoleSize/, reason: "28 ignores it before API 1.42" },
  {
    step: /MacAddress/,
    path: /MacAddress$/,
    reason: "28 knows an endpoint's address before the start, and ignores it before API 1.44",
  },
  { step: /^NetworkMode "nosuchnet"/, path: /Aliases/, reason: "28 adds the short id before API 1.45" },
  { step: /^Volumes \{"data"/, path: /Mounts/, reason: "a place in the container is absolute" },
  {
    step: /"(BindOptions|VolumeOptions)":\{.*(create|inspect|remove)$/,
    path: REFUSAL,
    reason: "28 does not look before API 1.42 whose options a mount has",
  },
  {
    step: /^two endpoints/,
    path: REFUSAL,
    reason: "the words of 28",
  },
  {
    step: /^system: POST \/build\?t=UPPER/,
    path: REFUSAL,
    reason: "the words of 28, without its own failure",
  },
  { step: /^images: list \{"until":\["x"/, path: REFUSAL, reason: "the words of 28" },
  {
    step: /^update: after .*"CpuShares":-1/,
    path: /CpuShares$/,
    reason: "20.10 stores what the kernel has refused",
  },
  {
    step: /^exec: inspect one that was not there/,
    path: /ExitCode$/,
    values: /126 -> 127/,
    reason: "28 tells a program that is not there from one that cannot be executed",
  },
  {
    path: /IPAM\.(Options|Config\.\d+\.AuxiliaryAddresses)/,
    reason: "options of the address manager and reserved addresses are not kept (docs/SCOPE.md)",
  },
  {
    path: /Warnings|HostConfig\.MemorySwap$/,
    values: /Your kernel does not support|^-1 -> /,
    reason: "limits that the kernel lacks are told by the runtime at the start",
    dependsOnMachine: true,
  },
  {
    path: /AppArmorProfile$/,
    reason: "profiles of AppArmor are not built (docs/SCOPE.md)",
    dependsOnMachine: true,
  },
];
