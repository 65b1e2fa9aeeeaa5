/** The labels by which Compose knows what belongs to which project (docker/compose, pkg/api/labels.go). */
export const LABEL = {
  project: "com.docker.compose.project",
  service: "com.docker.compose.service",
  configHash: "com.docker.compose.config-hash",
  number: "com.docker.compose.container-number",
  volume: "com.docker.compose.volume",
  network: "com.docker.compose.network",
  workingDir: "com.docker.compose.project.working_dir",
  configFiles: "com.docker.compose.project.config_files",
  oneOff: "com.docker.compose.oneoff",
  slug: "com.docker.compose.slug",
  image: "com.docker.compose.image",
  dependencies: "com.docker.compose.depends_on",
  version: "com.docker.compose.version",
  builder: "com.docker.compose.image.builder",
  replaces: "com.docker.compose.replace",
} as const;
