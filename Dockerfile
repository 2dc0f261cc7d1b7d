# Two targets: `app` (the default) runs the API and the workers, `local-model` the embedded model.
#   docker build -t murmuration .
#   docker build -t murmuration-local-model --target local-model .
# Nothing of a user's configuration goes in: .dockerignore admits sources only, and keys come with the environment.

FROM node:22-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: a lockfile that was written on one platform may lack the optional binaries of another.
RUN npm install --no-save --include=dev
COPY . .
# Installs what is missing (nothing), compiles src, copies what is not TypeScript, and bundles the workflows.
RUN npm run build

# What runs without dev dependencies and without the embedded model, which is the only optional dependency of our own
# (`--omit=optional` would take the optional parts of others along).
FROM build AS app-modules
RUN npm pkg delete optionalDependencies \
 && npm prune --no-save --omit=dev \
 && cd node_modules/@temporalio/core-bridge \
 && rm -rf sdk-core \
 && find releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +
# The memory from which the sandbox starts Python, which each worker would otherwise make for itself when it starts.
RUN node -e "require('./dist/sandbox/image').provideImage('.data/sandbox', 'dist/sandbox/inside')"

# The embedded model never meets Temporal, which is the greater half of everything else.
FROM build AS local-model-modules
RUN npm uninstall --omit=dev \
      @temporalio/activity @temporalio/client @temporalio/common @temporalio/worker @temporalio/workflow \
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
USER node
EXPOSE 8000
CMD ["node", "dist/api/main.js"]
