# Paybell: docker build -t paybell .
#
# The base is named by its tag, so that a rebuild brings its security fixes. For a build that can be repeated byte for byte give
# a digest: --build-arg NODE_IMAGE=node:24-slim@sha256:<digest of the day>; nobody would renew one written down here.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts ./scripts
COPY prisma ./prisma
COPY src ./src
COPY mails ./mails
RUN npm run build
# @prisma/client names Prisma's command line as an optional peer, 260 MB that no running service needs: --legacy-peer-deps drops it.
RUN npm prune --omit=dev --legacy-peer-deps --no-audit --no-fund
RUN mkdir -p /data && chown 10001:10001 /data

FROM ${NODE_IMAGE}
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
# Everything belongs to root and is only read: the service writes to /data and nowhere else (docker run --read-only).
COPY --from=build --chown=10001:10001 /data /data
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/package.json ./package.json
COPY --from=build /app/dist ./dist
COPY --from=build /app/mails ./mails
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["node", "dist/healthcheck.js"]
# A third less memory and shorter tails, for no rate that can be measured: README, "Memory".
CMD ["node", "--enable-source-maps", "--max-semi-space-size=8", "--heap-growing-percent=100", "--v8-pool-size=1", "dist/main.js"]
