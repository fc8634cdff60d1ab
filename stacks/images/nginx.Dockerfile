# The proxy before the API, run by a user without rights. Its configuration comes from a ConfigMap.
ARG BASE_IMAGE=nginxinc/nginx-unprivileged:1.29-alpine-slim
FROM ${BASE_IMAGE}
USER 65532:65532
# Ends what runs before it stops.
STOPSIGNAL SIGQUIT
