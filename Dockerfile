# Built once, run without the build tools. The image holds the program, its mappings and its profiles; no data, no
# secret. It runs with a read-only root file system: what it writes lies in /data, what passes in /tmp.
FROM node:24.2.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY gateway gateway
COPY adapters adapters
COPY mappings mappings
COPY profiles profiles
RUN npx tsc -p tsconfig.build.json
# The SQLite driver brings its binary in its package, so no install script has to run.
RUN npm ci --omit=dev --ignore-scripts

FROM node:24.2.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/mappings mappings
COPY --from=build /app/profiles profiles
# What `demo` and `simulate hospital` play.
COPY test/journeys test/journeys
# What `gen` makes stays of.
COPY adapters/simulated/pathways adapters/simulated/pathways
COPY test/support/test-numbers.txt test/support/
RUN mkdir /data && chown node:node /data
USER node
ENV HEMGANG_DATA=/data
VOLUME /data
# MLLP and HTTP.
EXPOSE 2575 8080
# Ready: it takes messages, and reaches its journal and its bus.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=12 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/gateway/cli.js"]
CMD ["start"]
