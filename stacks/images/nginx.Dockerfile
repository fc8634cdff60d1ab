# The reverse proxy in front of the API, run as an unprivileged user. Its configuration comes from a ConfigMap.
ARG BASE_IMAGE=nginxinc/nginx-unprivileged:1.29-alpine-slim
FROM ${BASE_IMAGE}
USER 65532:65532
# Makes NGINX finish open requests before it exits.
STOPSIGNAL SIGQUIT
