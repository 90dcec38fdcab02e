# Millrace as an image: the supervisor under tini, without compilers and without npm.
#
#   docker build -t millrace .
#   docker run --rm --read-only --tmpfs /tmp -v "$PWD/examples:/pipelines:ro" -v millrace-state:/state -v millrace-data:/data \
#     millrace run /pipelines/primes.ts
#
# For builds that must come out the same, pin the digest too: --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
# better-sqlite3 is compiled where no prebuilt binary can be fetched.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ make python3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Before the sources: a change in them does not compile better-sqlite3 again.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY tsconfig.base.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/.cache node_modules/better-sqlite3/deps node_modules/better-sqlite3/src \
 && find node_modules/better-sqlite3/build -type f ! -name better_sqlite3.node -delete

FROM ${NODE_IMAGE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
 && groupadd --gid 10001 millrace \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin millrace \
 && install --directory --owner=millrace --group=millrace --mode=0700 /state /data \
 && install --directory /pipelines
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY LICENSE /app/LICENSE

# docker kills after 10 s, so a stop must be over by then. As many consumers as the pipeline says, otherwise one for each
# processor that the container may use; a number here overrides both. Every MILLRACE_… variable of the README can be set.
ENV NODE_ENV=production \
    MILLRACE_STATE_ROOT=/state \
    MILLRACE_CONSUMERS=auto \
    MILLRACE_STOP_TIMEOUT=8s

# /state: the queues, one directory per pipeline. /data: where relative paths of a pipeline start. /pipelines: pipelines,
# mounted read-only.
VOLUME ["/state", "/data"]
WORKDIR /data
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "/app/dist/cli.js", "status", "--healthy"]
# tini is PID 1: it reaps what a pipeline's own programs leave behind, and passes signals on.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "/app/dist/cli.js"]
CMD ["run", "/pipelines/pipeline.ts"]
