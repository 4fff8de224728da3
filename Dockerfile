# Weir in a container. docs/running.md says how to run it, with docker-compose.yml or alone.

FROM node:22-slim AS build
WORKDIR /app
# The packages first: they change less often than the code, and this layer is kept until they do.
COPY package.json package-lock.json ./
RUN npm ci
COPY .swcrc ./
COPY scripts scripts
COPY src src
COPY migrations migrations
RUN npm run build && npm prune --omit=dev

FROM node:22-slim
# 127.0.0.1 inside a container is the container itself. Who may connect is decided by what is published.
ENV NODE_ENV=production \
    WEIR_HOST=0.0.0.0 \
    WEIR_DATA_DIR=/var/lib/weir
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# Used only when there is no DATABASE_URL: the embedded PostgreSQL's data, which belongs on a volume.
RUN install -d -o node -g node -m 0700 /var/lib/weir
USER node
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WEIR_PORT || 8787}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "--max-semi-space-size=64", "dist/src/main.js"]
