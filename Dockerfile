# Two targets: `app` (the default) runs the API and the workers, `local-model` the embedded model.
#   docker build -t murmuration .
#   docker build -t murmuration-local-model --target local-model .
# The images contain no user configuration: .dockerignore admits only sources, and keys are passed in the environment.

# Pinned by digest, because a tag can move. `docker buildx imagetools inspect node:22-bookworm-slim` shows the newest digest.
FROM node:22-bookworm-slim@sha256:43ac6c60b8f89723f746e8a92ce91abd5017e627ce1ddfe4238355d3a30b772c AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY . .
# Installs missing packages (there are none), bundles the programs of src/cli into node_modules/.cache, compiles the product, copies
# the files that are not TypeScript, and bundles the workflows.
RUN npm run build

# Without dev dependencies and without the embedded model, which is the project's only optional dependency (`--omit=optional` would
# also remove optional dependencies of other packages).
FROM build AS app-modules
RUN npm pkg delete optionalDependencies \
 && npm prune --no-save --omit=dev \
 && rm -rf node_modules/.cache \
 && cd node_modules/@temporalio/core-bridge \
 && rm -rf sdk-core \
 && find releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +
# The images that the sandbox starts its interpreters from; otherwise each worker would build them at startup.
RUN node -e "require('./dist/sandbox/host/image').provideImages('.data/sandbox', 'dist/sandbox/guest')"

# The embedded model does not use Temporal, which makes up more than half of the other dependencies.
FROM build AS local-model-modules
RUN npm uninstall --omit=dev \
      @temporalio/activity @temporalio/client @temporalio/common @temporalio/worker @temporalio/workflow \
 && rm -rf node_modules/.cache \
 && find node_modules/@node-llama-cpp -mindepth 1 -maxdepth 1 \
      ! -name "linux-$(node -p process.arch)" -exec rm -rf {} +

FROM base AS local-model
ENV NODE_ENV=production
COPY --from=local-model-modules /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist/local-model dist/local-model
USER node
EXPOSE 8009
ENTRYPOINT ["node", "dist/local-model/main.js"]

FROM base AS app
ENV NODE_ENV=production
COPY --from=app-modules /app/node_modules node_modules
COPY --from=app-modules /app/.data .data
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
COPY deploy/worker-health.mjs deploy/
# A volume that is mounted there inherits its owner.
RUN mkdir .data/workflow-bundles && chown node .data/workflow-bundles
# Perl sets up the isolation layers of generated code that need no privileges (seccomp, Landlock), so it must be in the image.
RUN perl -e 'exit 0'
USER node
EXPOSE 8000
CMD ["node", "dist/main.js"]
