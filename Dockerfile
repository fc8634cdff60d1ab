# The image of a program: Node and its bundle, nothing else. PROGRAM is api or worker:
#   docker build --build-arg PROGRAM=api .
# The api image also migrates the database, with the argument migrate.js, and makes the keys of operators: operator-key.js.
# Both images that this one starts from are arguments, so that a pipeline can pin them by digest.
ARG BUILD_IMAGE=node:24-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY packages/core/package.json packages/core/
COPY packages/api/package.json packages/api/
COPY packages/worker/package.json packages/worker/
COPY packages/web-status/package.json packages/web-status/
RUN npm ci --ignore-scripts
COPY . .
ARG PROGRAM
# Without PROGRAM, both would be bundled and the image would hold neither.
RUN node scripts/bundle.ts "${PROGRAM:?is required: --build-arg PROGRAM=api or PROGRAM=worker}"

FROM ${BASE_IMAGE}
ARG PROGRAM
WORKDIR /app
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
COPY --from=build /src/build/${PROGRAM} ./
USER 65532:65532
CMD ["main.js"]
