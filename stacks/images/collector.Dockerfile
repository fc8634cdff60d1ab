# The OpenTelemetry collector that runs beside API and worker, and as their gateway. Its configuration comes from a ConfigMap.
ARG BASE_IMAGE=otel/opentelemetry-collector-contrib:0.150.0
FROM ${BASE_IMAGE}
USER 65532:65532
