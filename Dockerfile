# Builds the package, and then runs it as an unprivileged user on a Node image without a compiler.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
RUN npm install --no-save --no-audit --no-fund --ignore-scripts
COPY src src
COPY producers producers
COPY consumers consumers
COPY cli cli
COPY scripts scripts
RUN node scripts/build.mjs && npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY docs docs
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
ENTRYPOINT ["node", "dist/cli/drover.js"]
CMD ["consume"]
