import { parseDockerfile } from "../../src/formats/index.ts";

/** Stages, arguments, mounts, here-documents, comments and continued lines, as they come together in practice. */
const TYPICAL = `# syntax=docker/dockerfile:1
# check=skip=JSONArgsRecommended
ARG GO_VERSION=1.22
# BASE of all stages
ARG BASE=alpine:3.20

FROM --platform=$BUILDPLATFORM golang:\${GO_VERSION}-alpine AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
# Dependencies first: they change seldom.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \\
    go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \\
    --mount=type=cache,target=/root/.cache/go-build \\
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \\
    go build -trimpath -ldflags="-s -w" -o /out/app ./cmd/app

FROM \${BASE:-alpine} AS final
LABEL org.opencontainers.image.title="app" \\
      org.opencontainers.image.licenses=MIT
ENV PORT=8080 LANG=C.UTF-8 \\
    PATH="/app/bin:$PATH"
RUN <<EOF
set -eu
apk add --no-cache ca-certificates tzdata
adduser -D -u 10001 app
EOF
COPY --from=build --chown=app:app --link /out/app /app/bin/app
COPY <<"CONF" /etc/app.conf
listen = 8080
CONF
USER app
EXPOSE 8080/tcp
VOLUME ["/data"]
HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD wget -qO- http://localhost:$PORT/healthz || exit 1
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/bin/app"]
CMD ["serve", "--config", "/etc/app.conf"]
`;

/** How many typical Dockerfiles are parsed in a second. */
export function benchDockerfile(count = 5000): { parsedPerSecond: number; bytes: number } {
  for (let index = 0; index < count / 10; index++) parseDockerfile(TYPICAL);
  const started = performance.now();
  for (let index = 0; index < count; index++) parseDockerfile(TYPICAL);
  const seconds = (performance.now() - started) / 1000;
  return { parsedPerSecond: Math.round(count / seconds), bytes: TYPICAL.length };
}
