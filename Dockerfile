# Builds the package, and runs it as an unprivileged user on a Node image without a compiler. What the image holds
# beside Node: dist/ and the packages that it needs; no sources, no tools, no copy of Node from npm.
#   docker build -t drover . && docker run --rm -e REDIS_URL=redis://… drover consume
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Without scripts: the package `node` would bring a second Node, and nothing needs to be compiled.
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY producers producers
COPY consumers consumers
COPY cli cli
COPY scripts scripts
RUN node scripts/build.mjs
# The compiler would stay, as an optional companion of another package.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/typescript node_modules/@typescript node_modules/.bin \
  && find node_modules -type f \( -name '*.map' -o -name '*.md' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) ! -iname 'licen[cs]e*' -delete

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title=drover org.opencontainers.image.licenses=MIT
ENV NODE_ENV=production DROVER_DATA_DIR=/data
WORKDIR /app
# npm and yarn of the base image are not used at run time.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn* /usr/local/bin/yarn* \
  && mkdir /data && chown node:node /data
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
# By its number, so that Kubernetes can see that it is not root.
USER 1000:1000
VOLUME /data
STOPSIGNAL SIGTERM
# For consumers and producers: Redis can be used with these settings. Kubernetes has probes of its own.
HEALTHCHECK --interval=60s --timeout=10s --start-period=20s --retries=3 CMD ["node", "dist/cli/drover.js", "status"]
ENTRYPOINT ["node", "dist/cli/drover.js"]
CMD ["consume"]
